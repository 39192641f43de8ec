"""What the user settles against the metadata: `[tool.aki-codegen]` of pyproject.toml.

    [tool.aki-codegen.endpoints."flux-dev"]
    rename = "flux"                      # the endpoint's Python name; or skip = true

    [tool.aki-codegen.endpoints."flux-dev".input.width]
    type = "integer"                     # read as this type word; or rename = "…", or skip = true

The snapshot keeps a copy, so that rendering needs nothing else.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from aki_runtime.metadata import TYPES
from aki_runtime.shapes import is_object
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..naming import Role, is_safe
from ..problems import GenerationError, Problem

TABLE = "tool.aki-codegen"


class FieldOverride(BaseModel):
    """What is settled about one parameter or output."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rename: str | None = None
    type: str | None = None
    skip: bool = False


class EndpointOverride(BaseModel):
    """What is settled about one endpoint."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rename: str | None = None
    skip: bool = False
    input: dict[str, FieldOverride] = Field(default_factory=dict[str, FieldOverride])
    output: dict[str, FieldOverride] = Field(default_factory=dict[str, FieldOverride])
    progress: dict[str, FieldOverride] = Field(default_factory=dict[str, FieldOverride])

    def sections(self) -> dict[str, dict[str, FieldOverride]]:
        """Return what is settled in each section."""
        return {"input": self.input, "output": self.output, "progress": self.progress}


class Overrides(BaseModel):
    """All that is settled."""

    model_config = ConfigDict(extra="forbid", strict=True)

    endpoints: dict[str, EndpointOverride] = Field(default_factory=dict[str, EndpointOverride])

    def for_endpoint(self, wire_name: str) -> EndpointOverride:
        """Return what is settled about an endpoint; nothing where it is not named."""
        return self.endpoints.get(wire_name) or EndpointOverride()


NO_OVERRIDES = Overrides()


def read_overrides(pyproject: Path) -> Overrides | None:
    """Read the overrides of a project; None where it says nothing about this tool.

    Raises:
        GenerationError: What it says is not understood.
    """
    if not pyproject.is_file():
        return None
    try:
        tools = tomllib.loads(pyproject.read_text("utf-8")).get("tool")
    except (OSError, ValueError) as error:
        raise GenerationError(f"{pyproject} cannot be read: {error}") from None
    table = tools.get("aki-codegen") if is_object(tools) else None
    return parse_overrides(table, str(pyproject)) if table is not None else None


def parse_overrides(table: object, source: str) -> Overrides:
    """Check a table of overrides.

    Raises:
        GenerationError: It is not understood; the sentence names the place.
    """
    try:
        overrides = Overrides.model_validate(table)
    except ValidationError as error:
        # pydantic would print the whole table, which is long and not the point.
        first = error.errors()[0]
        place = ".".join([TABLE, *map(str, first["loc"])])
        raise GenerationError(
            f"{source}: [{place}] {first['msg'].lower()}; an endpoint takes rename, skip and the tables "
            "input, output and progress; their fields take rename, type and skip"
        ) from None
    for endpoint, override in overrides.endpoints.items():
        _check_endpoint(endpoint, override, source)
    return overrides


def unused(overrides: Overrides, documents: Mapping[str, object]) -> list[Problem]:
    """Tell of overrides that name nothing that the hub has."""
    remedy = f"correct or remove it in [{TABLE}]"
    return [
        Problem(
            name,
            "",
            "an override names this endpoint, which the hub does not list",
            remedy,
            "unused",
        )
        for name in overrides.endpoints
        if name not in documents
    ]


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
