"""What is in a package's folder, compared with what was rendered and with what its manifest says. It writes nothing."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from ..runtime.shapes import is_array, is_object

MANIFEST_NAME = "manifest.json"


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all files in a folder, by their path in it, sorted; none where it is no folder."""
    files: dict[str, bytes] = {}
    # pathlib takes longer to name a file than it takes to read it.
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        inside = "" if parent == str(folder) else f"{Path(parent).relative_to(folder).as_posix()}/"
        for name in names:
            place = os.path.join(parent, name)  # noqa: PTH118
            if os.path.isfile(place):  # noqa: PTH113
                with open(place, "rb") as file:  # noqa: PTH123
                    files[f"{inside}{name}"] = file.read()
    return dict(sorted(files.items()))


def generated_files(files: Mapping[str, bytes]) -> dict[str, str | None]:
    """Return the files that a manifest names, with the hash of each; None where a file has no fixed content."""
    try:
        manifest = json.loads(files.get(MANIFEST_NAME, b"{}"))
    except ValueError:
        manifest = None
    if not is_object(manifest):
        return {MANIFEST_NAME: None}
    hashes, history = manifest.get("files"), manifest.get("history")
    named: dict[str, str | None] = {MANIFEST_NAME: None}
    named |= {name: str(value) for name, value in (hashes if is_object(hashes) else {}).items()}
    named |= {str(name): None for name in (history if is_array(history) else ())}
    return named


def edited_by_hand(files: Mapping[str, bytes]) -> list[str]:
    """Return those files of a package whose content is not what the manifest says."""
    return [
        name
        for name, expected in generated_files(files).items()
        if expected is not None
        and name in files
        and hashlib.sha256(files[name]).hexdigest() != expected
    ]


def differences(folder: Path, rendered: Mapping[PurePosixPath, bytes]) -> list[str]:
    """Say how a folder differs from what was rendered, a clause per file; history is left out."""
    files = files_of(folder)
    expected = {str(path): content for path, content in rendered.items()}
    history = {name for name, value in generated_files(expected).items() if value is None}
    history -= {MANIFEST_NAME}
    told = [
        f"{name} is missing"
        if name not in files
        else f"{name} is not what the generator makes of it"
        for name in sorted(expected.keys() - history)
        if files.get(name) != expected[name]
    ]
    foreign = sorted(files.keys() - expected.keys() - history)
    return told + [f"{name} is not the generator's" for name in foreign]
