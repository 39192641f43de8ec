"""The generated packages that a file can mean, found by their snapshots; none of them is imported."""

import os
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aki_cli.catalogue import Catalogue, CatalogueEntry
from aki_cli.exits import CommandError
from aki_runtime.errors import keywords_only
from aki_runtime.metadata import FieldMetadata
from aki_runtime.shapes import is_array, is_object
from aki_runtime.terminal import one_line

if TYPE_CHECKING:
    from aki_runtime.fields.base import InputModel
    from aki_runtime.fields.parameters import Parameter

MAX_FOLDERS = 20_000
"""Folders of a project that are looked into for packages."""

_LEFT_OUT = frozenset({"__pycache__", "node_modules", "site-packages", "build", "dist"})


class KnownEndpoint:
    """An endpoint as the snapshot describes it.

    Attributes:
        fields: What its parameters take, by their names in Python.
        removed: What to say where the hub has removed it; empty where it is there.
        unnamed: What to say of values without a name.
        model: The input model that judges its calls.
        parameters: The parameters of that model.
    """

    def __init__(self, described: CatalogueEntry) -> None:
        # Imported where a call is found: pydantic takes a while.
        from aki_runtime.fields.from_metadata import input_model
        from aki_runtime.fields.parameters import parameters_of

        names = described.fields.get("input", {})
        if not all(map(str.isidentifier, names.values())):
            raise ValueError("a name becomes a fix, and this one would be more than a name")
        self.fields: Mapping[str, FieldMetadata] = described.section("input")
        self.removed = described.removed
        self.unnamed = one_line(keywords_only(described.name))
        self.model: type[InputModel] = input_model(
            described.attribute, described.metadata.inputs, names
        )
        self.parameters: Mapping[str, Parameter] = parameters_of(self.model)


class KnownPackage:
    """A generated package, each endpoint of which is read once.

    Attributes:
        names: The endpoints' names in Python.
        models: These names, by what the names of their models begin with.
    """

    def __init__(self, folder: Path) -> None:
        self._catalogue = Catalogue(folder.name, folder)
        self.names = frozenset(self._catalogue.names.values())
        self.models = {models: name for name, models in self._catalogue.models.items()}
        self._made: dict[str, KnownEndpoint | None] = {}

    def endpoint(self, name: str) -> KnownEndpoint | None:
        """Return an endpoint; None where there is none, or nothing is known of it."""
        if name not in self._made:
            try:
                self._made[name] = self._make(name)
            except Exception:  # a snapshot may be anybody's, and hold what no generator writes
                self._made[name] = None
        return self._made[name]

    def _make(self, name: str) -> KnownEndpoint | None:
        found = self._catalogue.find(name) if name in self.names else None
        if found is None or found.metadata.unreadable:
            return None
        return KnownEndpoint(found)


Packages = Mapping[str, KnownPackage]
"""Generated packages by what they are imported as."""


@cache
def project_of(path: Path) -> Path:
    """Return the project that a folder is in: the nearest with pyproject.toml or .git, else the folder itself."""
    start = path.resolve()
    return next(filter(_is_project, (start, *start.parents)), start)


@cache
def settings_of(project: Path) -> Mapping[str, Any]:
    """Return `[tool.aki]` of a project's pyproject.toml; empty where there is none, or it cannot be read."""
    try:
        document = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    tools = document.get("tool")
    table = tools.get("aki") if is_object(tools) else None
    return table if is_object(table) else {}


def find_packages(project: Path, python: Path | None = None) -> Packages:
    """Return the packages that a project can import.

    Args:
        project: Its folder.
        python: The interpreter, or the folder of the environment, that it runs in; defaults to the project's `.venv`
            or `venv`, and to that which runs this.
    """
    listed = settings_of(project).get("packages")
    named: list[Any] = listed if is_array(listed) else []
    folders = [project / name for name in named if isinstance(name, str)] or _below(project)
    found: dict[str, KnownPackage] = {}
    for folder in (*folders, *_installed(project, python)):
        if folder.name not in found and (package := package_at(folder)):
            found[folder.name] = package
    return found


def package_at(folder: Path) -> KnownPackage | None:
    """Return the package in a folder, read once for each state of it; None where it cannot be read."""
    try:
        state = (folder / "spec" / "names.json").stat().st_mtime_ns
    except (OSError, ValueError):
        return None
    return _package(folder, state)


def is_generated(folder: Path | str) -> bool:
    """Whether a folder is a generated package."""
    return os.path.isfile(os.path.join(folder, "spec", "hub.json"))  # noqa: PTH113, PTH118 - asked of every folder


def walk(top: Path) -> Iterator[tuple[Path, list[str]]]:
    """Go through the folders of a project that hold its own files, and the names of those, in order."""
    for folder, inner, files in os.walk(top):
        inner[:] = sorted(
            name
            for name in inner
            if name not in _LEFT_OUT
            and not name.startswith(".")
            and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))  # noqa: PTH110, PTH118
        )
        yield Path(folder), sorted(files)


def _below(project: Path) -> list[Path]:
    # What is nobody's project may be the whole disk.
    walked = islice(walk(project), MAX_FOLDERS) if _is_project(project) else ()
    found = filter(is_generated, {*_inside(project), *(folder for folder, _ in walked)})
    # Of several with one name, as beside a copy in a folder of tests, the one that lies highest.
    return sorted(found, key=lambda folder: (len(folder.parts), folder))


def _is_project(folder: Path) -> bool:
    return (folder / "pyproject.toml").is_file() or (folder / ".git").exists()


def _installed(project: Path, python: Path | None) -> Iterator[Path]:
    if python is not None:
        prefixes = [python if python.is_dir() else python.absolute().parent.parent]
        places = _site_packages(prefixes)
    else:
        places = [*_site_packages([project / ".venv", project / "venv"]), *map(Path, sys.path)]
    for place in places:
        yield from filter(is_generated, _inside(place))


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (OSError, ValueError):
        return []


def _site_packages(prefixes: Iterable[Path]) -> list[Path]:
    places: list[Path] = []
    for prefix in prefixes:
        for place in (*prefix.glob("lib/python3*/site-packages"), prefix / "Lib" / "site-packages"):
            places += [place, *_linked(place)]
    return places


def _linked(place: Path) -> Iterator[Path]:
    """Return the folders that an environment looks into beside: those of packages installed for development."""
    for file in sorted(place.glob("*.pth")):
        for line in file.read_text("utf-8", errors="replace").splitlines():
            if line and not line.startswith(("#", "import ", "import\t")):
                yield place / line


@cache
def _package(folder: Path, state: int) -> KnownPackage | None:
    try:
        return KnownPackage(folder)
    except CommandError:
        return None
