"""The `aki_client` that tests import: made from the sandbox's catalogue, whatever `generated/` holds today."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

TOP = Path(__file__).parents[2]
CACHE = TOP / ".pytest_cache"
MADE_FROM = ("codegen", "templates", "sandbox", "runtime/aki_runtime")


def made_package(name: str = "aki_client") -> Path:
    """Return the folder with the package and its report; it is made once for each state of the generator."""
    folder = CACHE / f"{name}-{_digest()}"
    if not folder.is_dir():
        CACHE.mkdir(exist_ok=True)
        made = Path(mkdtemp(dir=CACHE))
        command = [sys.executable, "-m", "aki_codegen", "generate"]
        options = ["--out", made, "--package", name]
        # In that folder, as the top of a repository, so that no pyproject.toml settles anything.
        (made / ".git").mkdir()
        done = subprocess.run(
            [*command, *options], cwd=made, capture_output=True, text=True, check=False
        )
        (made / ".git").rmdir()
        if done.returncode:
            raise RuntimeError(f"the tests' client could not be generated:\n{done.stderr}")
        for old in CACHE.glob(f"{name}-*"):
            if old.stat().st_mtime < time.time() - 3600:  # or a session may still import from it
                shutil.rmtree(old, ignore_errors=True)
        try:
            made.rename(folder)
        except OSError:  # another session was faster
            shutil.rmtree(made)
    return folder


def use_made_package(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let this process and those that it starts import that package, and know no hub of whoever runs the tests."""
    for name in [name for name in environment if name.startswith("AKI_")]:
        del environment[name]
    folder = str(made_package())
    if folder not in sys.path:
        sys.path.insert(0, folder)
        others = filter(None, [environment.get("PYTHONPATH")])
        environment["PYTHONPATH"] = os.pathsep.join([folder, *others])


@contextmanager
def importable(folder: Path, package: str) -> Iterator[None]:
    """Let a package be imported from a folder, and leave nothing of it loaded: names alone mean the one that is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        try:
            yield
        finally:
            for name in [name for name in sys.modules if name.partition(".")[0] == package]:
                del sys.modules[name]


def _digest() -> str:
    digest = hashlib.sha256((TOP / "pyproject.toml").read_bytes())
    for path in _sources():
        digest.update(f"{path.relative_to(TOP)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    for folder in MADE_FROM:
        for path in sorted((TOP / folder).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                yield path
