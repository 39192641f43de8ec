"""The layout of generated source: one run of ruff over all files, with settings of our own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path, PurePosixPath

LINE_LENGTH = 100
MEMORY = Path("/dev/shm")  # noqa: S108 - what is made in it is for its owner alone


def formatted(sources: Mapping[PurePosixPath, str], package: str) -> dict[PurePosixPath, str]:
    """Return Python sources formatted, with sorted imports and without those that are not used; their meaning stays.

    Args:
        sources: Source text by its path within the package, all of it valid Python.
        package: The package, whose imports come last.
    """
    if not sources:
        return {}
    size = sum(map(len, sources.values()))
    with tempfile.TemporaryDirectory(prefix="aki-codegen-", dir=_in_memory(size)) as folder:
        root = Path(folder) / package
        for path, text in sources.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8", newline="\n")
        isort = f"--config=lint.isort.known-first-party=['{package}']"
        _ruff("check", "--fix", "--select=I,F401", "--exit-zero", isort, folder)
        _ruff("format", folder)
        return {path: (root / path).read_text("utf-8") for path in sources}


def _in_memory(size: int) -> Path | None:
    """Return a folder that no disk is behind, with room for so many bytes and more; None where there is none.

    On a disk, rewriting a thousand files in place takes longer than all the rest of a generation. A folder
    that the environment names for temporary files is used all the same.
    """
    if any(name in os.environ for name in ("TMPDIR", "TEMP", "TMP")):
        return None
    try:
        usable = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > size * 8
    except OSError:
        return None
    return MEMORY if usable else None


def _ruff(command: str, *arguments: str) -> None:
    # Its package has no types; `python -m ruff` would start an interpreter that does nothing but this.
    program = str(import_module("ruff").find_ruff_bin())
    shared = ["--isolated", "--quiet", "--no-cache", "--target-version=py311"]
    run = [program, command, *shared, f"--config=line-length={LINE_LENGTH}", *arguments]
    done = subprocess.run(run, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise RuntimeError(f"ruff {command} failed: {done.stderr.strip()}")
