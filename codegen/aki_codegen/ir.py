"""What is rendered: metadata with the names that Python has for it. Frozen values, no I/O, nothing of source text."""

from dataclasses import dataclass
from typing import Literal

from aki_runtime.metadata import FieldMetadata

from .naming import ClassName, Identifier


@dataclass(frozen=True, kw_only=True)
class Field(FieldMetadata):
    """One parameter, output or progress field.

    Attributes:
        name: Its name in Python.
    """

    name: Identifier


@dataclass(frozen=True)
class NamedEndpoint:
    """One endpoint.

    Attributes:
        wire_name: Its name on the hub.
        name: Its name in Python.
        models: What the names of its models begin with.
        inputs: Its parameters, those that every call must name first.
    """

    wire_name: str
    name: Identifier
    models: ClassName
    title: str
    description: str
    category: str | None
    version: int | None
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    progress: tuple[Field, ...]


Section = Literal["input", "output", "progress"]
