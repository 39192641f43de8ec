"""The language servers that editors run, and the environment that they are shown.

The package is installed there as a user's is: they treat what lies beside the user's code another way.
"""

import os
import shutil
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aki_runtime
import pydantic
from support.lsp import LanguageServer, language_server

# What the package, and the libraries that it is measured beside, import.
LIBRARIES = (
    "annotated_types",
    "anyio",
    "attr",
    "attrs",
    "dateutil",
    "distro",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "jiter",
    "PIL",
    "pydantic",
    "pydantic_core",
    "typing_extensions.py",
    "typing_inspection",
)


@dataclass(frozen=True)
class Engine:
    """One language server.

    Attributes:
        name: What people call it.
        command: Its program, which the package of that name puts beside Python, and its arguments.
        settings: What an editor's settings say, by section; `{python}` is the environment's interpreter.
        options: What an editor sends at the start.
    """

    name: str
    command: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def program(self) -> str | None:
        """The program's path; None where it is not installed."""
        return shutil.which(self.command[0], path=Path(sys.executable).parent)

    @contextmanager
    def running(
        self, workspace: Path, python: Path, variables: Mapping[str, str] | None = None
    ) -> Iterator[LanguageServer]:
        """Run the server on a folder of a user whose editor has chosen an interpreter.

        Args:
            workspace: The folder.
            python: The interpreter of the environment in which the user's libraries are.
            variables: What the server's environment has beside that of the tests.
        """
        assert self.program, f"{self.command[0]} is not installed beside this Python"
        outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        if self.name == "jedi":
            # Another jedi that reads its cache while this one writes there meets half a file.
            outside["XDG_CACHE_HOME"] = str(python.parent.parent / "cache")
        with language_server(
            [self.program, *self.command[1:]],
            workspace,
            _filled(self.settings, python),
            _filled(self.options, python),
            {**outside, "VIRTUAL_ENV": str(python.parent.parent), **(variables or {})},
        ) as server:
            yield server


_PYTHON = {"python": {"pythonPath": "{python}"}}
ENGINES = {
    engine.name: engine
    for engine in (
        Engine("pyright", ("pyright-langserver", "--stdio"), _PYTHON),
        Engine("basedpyright", ("basedpyright-langserver", "--stdio"), _PYTHON),
        Engine("ty", ("ty", "server")),
        Engine("pyrefly", ("pyrefly", "lsp"), _PYTHON, {"pythonPath": "{python}"}),
        Engine("zuban", ("zuban", "server")),
        Engine(
            "jedi",
            ("jedi-language-server",),
            options={"workspace": {"environmentPath": "{python}"}},
        ),
    )
}


def environment(folder: Path, package: Path) -> Path:
    """Make an environment in which a generated package is installed, and return its interpreter.

    Args:
        folder: Where it is made.
        package: The folder of the generated package.
    """
    venv.create(folder, symlinks=True)
    [site] = folder.glob("lib/python*/site-packages")
    ours = Path(pydantic.__file__).parents[1]
    for name in LIBRARIES:
        if (ours / name).exists():
            (site / name).symlink_to(ours / name)
    for one in (package, Path(aki_runtime.__file__).parent):
        shutil.copytree(one, site / one.name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder / "bin" / "python"


def _filled(value: Any, python: Path) -> Any:
    if isinstance(value, dict):
        return {name: _filled(one, python) for name, one in value.items()}
    return str(python) if value == "{python}" else value
