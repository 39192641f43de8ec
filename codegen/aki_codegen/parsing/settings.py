"""What a project settles: `[tool.aki-codegen]` of the nearest pyproject.toml that has it, in this folder or above.

    [tool.aki-codegen]
    server = "https://hub.example"       # and layout, out, package, key-file, version, tombstone-days

    [tool.aki-codegen.endpoints."flux-dev"]
    rename = "flux"                      # the endpoint's Python name; or skip = true

    [tool.aki-codegen.endpoints."flux-dev".input.width]
    type = "integer"                     # read as this type word; or rename = "…", or skip = true

The snapshot keeps a copy of what is settled about endpoints, so that rendering needs nothing else.
"""

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from aki_runtime.hub import Layout
from aki_runtime.metadata import TYPES
from aki_runtime.shapes import is_object
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..naming import Role, is_safe, package_name_fault
from ..problems import GenerationError, Problem

TABLE = "tool.aki-codegen"
PROJECT = "pyproject.toml"

VersionRule = Literal["minor", "major", "fixed"]
"""Which figure of a package's version changes that may break raise; "fixed" leaves the version to its owner."""


class _Table(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        alias_generator=lambda name: name.replace("_", "-"),
    )


class FieldOverride(_Table):
    """What is settled about one parameter or output."""

    rename: str | None = None
    type: str | None = None
    skip: bool = False


class EndpointOverride(_Table):
    """What is settled about one endpoint."""

    rename: str | None = None
    skip: bool = False
    input: dict[str, FieldOverride] = Field(default_factory=dict[str, FieldOverride])
    output: dict[str, FieldOverride] = Field(default_factory=dict[str, FieldOverride])
    progress: dict[str, FieldOverride] = Field(default_factory=dict[str, FieldOverride])

    def sections(self) -> dict[str, dict[str, FieldOverride]]:
        """Return what is settled in each section."""
        return {"input": self.input, "output": self.output, "progress": self.progress}


class Overrides(_Table):
    """What is settled about endpoints."""

    endpoints: dict[str, EndpointOverride] = Field(default_factory=dict[str, EndpointOverride])

    def for_endpoint(self, wire_name: str) -> EndpointOverride:
        """Return what is settled about an endpoint; nothing where it is not named."""
        return self.endpoints.get(wire_name) or EndpointOverride()


class ProjectSettings(Overrides):
    """All that is settled.

    Attributes:
        server: The hub's address.
        layout: The hub's routes; found out where it is not settled.
        out: The folder that the package is in, from that of pyproject.toml.
        package: What the package is imported as.
        key_file: The file that holds the key, from the folder of pyproject.toml.
        version: Which figure of the package's version changes that may break raise.
        tombstone_days: Days for which an endpoint that the hub has removed stays, marked, in the package.
    """

    server: str | None = None
    layout: Layout | None = None
    out: str | None = None
    package: str | None = None
    key_file: str | None = None
    version: VersionRule = "minor"
    tombstone_days: int = Field(default=90, ge=0, le=36_500)

    def overrides(self) -> Overrides:
        """Return what is settled about endpoints."""
        return Overrides(endpoints=self.endpoints)


class Project(NamedTuple):
    """What is settled for a folder.

    Attributes:
        folder: Where its paths begin.
        table: What the table holds; None where there is none.
    """

    folder: Path
    table: ProjectSettings | None = None

    @property
    def settings(self) -> ProjectSettings:
        """What holds, where there is no table as well."""
        return self.table or ProjectSettings()

    def of(self, package: str) -> "Project":
        """Return what is settled about a package: nothing, where the table is about another."""
        return self if self.settings.package in (None, package) else Project(self.folder)


NO_OVERRIDES = Overrides()
Kind = TypeVar("Kind", bound=Overrides)


def find_settings(folder: Path) -> Project:
    """Find what is settled for a folder, in it or above, within its git repository.

    Raises:
        GenerationError: What is there is not understood.
    """
    for place in (folder, *folder.parents):
        table = _table_of(place / PROJECT)
        if table is not None:
            return Project(place, parse_settings(table, str(place / PROJECT)))
        # What lies above a repository is of somebody else.
        if (place / ".git").exists():
            break
    return Project(folder)


def parse_settings(table: object, source: str) -> ProjectSettings:
    """Check what `[tool.aki-codegen]` holds.

    Raises:
        GenerationError: It is not understood; the sentence names the place.
    """
    settings = _checked(ProjectSettings, table, source)
    fault = package_name_fault(settings.package) if settings.package is not None else None
    if fault is not None:
        raise GenerationError(f"{source}: [{TABLE}] package {settings.package!r} {fault}")
    return settings


def parse_overrides(table: object, source: str) -> Overrides:
    """Check what is settled about endpoints alone, as a snapshot keeps it.

    Raises:
        GenerationError: It is not understood; the sentence names the place.
    """
    return _checked(Overrides, table, source)


def unused(overrides: Overrides, documents: Mapping[str, object]) -> list[Problem]:
    """Tell of overrides that name nothing that the hub has."""
    remedy = f"correct or remove it in [{TABLE}]"
    what = "an override names this endpoint, which the hub does not list"
    absent = [name for name in overrides.endpoints if name not in documents]
    return [Problem(name, "", what, remedy, "unused") for name in absent]


def _table_of(pyproject: Path) -> object:
    if not pyproject.is_file():
        return None
    try:
        tools = tomllib.loads(pyproject.read_text("utf-8")).get("tool")
    except (OSError, ValueError) as error:
        raise GenerationError(f"{pyproject} cannot be read: {error}") from None
    return tools.get("aki-codegen") if is_object(tools) else None


def _checked(kind: type[Kind], table: object, source: str) -> Kind:
    try:
        settings = kind.model_validate(table)
    except ValidationError as error:
        # pydantic would print the whole table, which is long and not the point.
        raise GenerationError(f"{source}: {_fault(kind, error.errors()[0])}") from None
    for endpoint, override in settings.endpoints.items():
        _check_endpoint(endpoint, override, source)
    return settings


def _fault(kind: type[Overrides], error: Mapping[str, Any]) -> str:
    """Say what is wrong with a table; of an unknown key, which one is near and which there are."""
    *place, key = error["loc"] or ("",)
    if error["type"] != "extra_forbidden":
        where = ".".join(map(str, filter(None, (TABLE, *place))))
        return f"[{where}] {key} {error['msg'][0].lower()}{error['msg'][1:]}".replace("]  ", "] ")
    tables: dict[int, type[_Table]] = {0: kind, 2: EndpointOverride, 4: FieldOverride}
    known = [field.alias or name for name, field in tables[len(place)].model_fields.items()]
    near = get_close_matches(str(key).replace("_", "-"), known, 1)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    where = ".".join(map(str, (TABLE, *place)))
    return f"[{where}] unknown key {key!r}{meant} (it takes {', '.join(sorted(known))})"


def _check_endpoint(endpoint: str, override: EndpointOverride, source: str) -> None:
    _check_name(override.rename, "endpoint", f'endpoints."{endpoint}"', source)
    for section, fields in override.sections().items():
        role: Role = "param" if section == "input" else "field"
        for name, field in fields.items():
            place = f'endpoints."{endpoint}".{section}."{name}"'
            _check_name(field.rename, role, place, source)
            if field.type is not None and field.type not in TYPES:
                known = ", ".join(sorted(TYPES))
                raise GenerationError(
                    f"{source}: [{TABLE}.{place}] type {field.type!r} is unknown; it is one of {known}"
                )


def _check_name(name: str | None, role: Role, place: str, source: str) -> None:
    if name is not None and not is_safe(name, role):
        raise GenerationError(
            f"{source}: [{TABLE}.{place}] rename {name!r} is not a free Python name; "
            "use letters, digits and underscores, and no name that Python or the client needs"
        )
