"""What the rest of a package says of an endpoint: all but its own module. It is enough to list it anew."""

from dataclasses import dataclass

from ..ir import Endpoint
from ..naming import ClassName, Identifier
from .describe import endpoint_summary
from .kinds import family_name
from .models import ModelField, ModelSource


@dataclass(frozen=True)
class Entry:
    """An endpoint as shared modules, families and the report know it.

    Attributes:
        wire_name: Its name on the hub.
        name: Its name in Python.
        models: What the names of its models begin with.
        summary: What it is, in one line of plain text.
        family: What endpoints it may stand in for, if any.
        needed: The Python names of the parameters that every call gives.
        inputs: The fields of its input model.
        outputs: The fields of its output model.
    """

    wire_name: str
    name: Identifier
    models: ClassName
    summary: str
    family: ClassName | None
    needed: frozenset[str]
    inputs: tuple[ModelField, ...]
    outputs: tuple[ModelField, ...]


def entry_of(endpoint: Endpoint, source: ModelSource) -> Entry:
    """Return the entry of an endpoint with these models."""
    return Entry(
        wire_name=endpoint.wire_name,
        name=endpoint.name,
        models=endpoint.models,
        summary=endpoint_summary(endpoint),
        family=family_name(endpoint),
        needed=frozenset(str(p.name) for p in endpoint.inputs if p.required),
        inputs=source.fields[f"{endpoint.models}Input"],
        outputs=source.fields[f"{endpoint.models}Output"],
    )
