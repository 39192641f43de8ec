"""The fields of generated models as values: what is asked for, and the source that came of it."""

from dataclasses import dataclass
from typing import Literal

from ..literals import Code

Part = Literal["Input", "Output", "Progress"]
PARTS: tuple[Part, ...] = ("Input", "Output", "Progress")
"""What the names of an endpoint's models end in."""


@dataclass(frozen=True)
class ModelField:
    """A field as the generated source has it.

    Attributes:
        annotation: Its type, without constraints.
        default: The source of its default; None where it is required.
    """

    name: str
    annotation: Code
    default: Code | None


@dataclass(frozen=True)
class FieldRequest:
    """All that a field's source depends on, but for the package.

    Attributes:
        part: The model that it belongs to.
        wire_name: Its name on the hub.
        name: Its name in Python.
        required: Whether the model demands it.
        schema: Its JSON Schema, as JSON text.
    """

    part: Part
    wire_name: str
    name: str
    required: bool
    schema: str


@dataclass(frozen=True)
class FieldSource:
    """The source of one field.

    Attributes:
        statement: The lines that declare it in a class, indented.
        field: What it says, read back from the source, so that a signature can never disagree with its model.
        imports: What it needs, each as module and name.
    """

    statement: str
    field: ModelField
    imports: frozenset[tuple[str, str]]
