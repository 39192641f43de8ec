"""A project of a reader's: a git repository whose package was generated when the hub was another."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aki_sandbox
from aki_sandbox.server import SandboxServer

from docs.reader import Reader


def begin_project(reader: Reader, folder: Path) -> None:
    """Make it of the folder where the reader stands, with four commits and the tags v1.2 and v1.3."""
    earlier = folder / "earlier"
    shutil.copytree(Path(str(aki_sandbox.__file__)).with_name("catalogue"), earlier)
    (earlier / "seamless_translate.json").unlink()
    _edit(
        earlier / "flux-dev.json",
        lambda d: d["parameter_description"]["input"]["steps"].update(maximum=60),
    )
    shutil.copy(earlier / "xttsv2.json", earlier / "bark.json")
    _edit(earlier / "bark.json", lambda d: d.update(name="bark", title="Bark"))
    there = reader.environment["AKI_API_SERVER"]
    with SandboxServer(catalogue=earlier) as hub:
        reader.environment["AKI_API_SERVER"] = hub.url
        _done(reader, "aki-codegen generate")
    reader.environment["AKI_API_SERVER"] = there
    _done(reader, "git init --quiet && git config user.name A && git config user.email a@b.example")
    _done(reader, "git add --all && git commit --quiet --message Begin")
    for tag in ("v1.2", "v1.3", "v1.4"):
        _done(reader, f"git commit --quiet --allow-empty --message {tag} && git tag {tag}")


def _edit(document: Path, change: Callable[[dict[str, Any]], None]) -> None:
    details = json.loads(document.read_text("utf-8"))
    change(details)
    document.write_text(json.dumps(details), "utf-8")


def _done(reader: Reader, command: str) -> None:
    status, printed = reader.shell(command)
    if status:
        raise subprocess.CalledProcessError(status, command, printed)
