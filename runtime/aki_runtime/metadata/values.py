"""What a hub says of an endpoint, as values: the same for all who need to know it.

Must not know documents, names in Python, models, or what a change is worth.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..media.formats import Kind

Scalar: TypeAlias = str | int | float | bool

MEDIA: tuple[Kind, ...] = ("image", "audio", "video")


@dataclass(frozen=True)
class MediaLimit:
    """What a medium's format, size, duration or another of its figures may be.

    Attributes:
        supported: The values that are taken; empty where any is.
        minimum: Smallest value, inclusive; a pair (width, height) in pixels for `size`.
        maximum: Largest value, inclusive.
        align: Only multiples of it are taken.
        converts: Whether the hub converts other media instead of refusing them.
    """

    supported: tuple[Scalar, ...] = ()
    minimum: tuple[float, ...] = ()
    maximum: tuple[float, ...] = ()
    align: tuple[float, ...] = ()
    converts: bool = False


MediaLimits: TypeAlias = Mapping[str, MediaLimit]
"""Limits by the figure that they limit."""


@dataclass(frozen=True)
class FieldMetadata:
    """What a hub says of one parameter, output or progress field.

    Attributes:
        wire_name: Its name on the hub.
        type: text, prompt, integer, number, boolean, choice, json, chat, chat text, tool calls, image, audio, video,
            image_list, …; the hub's own word as JSON text where it is unknown.
        required: Whether the hub refuses a call without it, whatever else is declared.
        default: What the hub uses in its absence; None where there is none that the hub takes.
        default_refused: Whether the hub has a default that it refuses itself.
        converts: Whether the hub fits other values instead of refusing them; limits are then only shown.
        minimum: Smallest number, inclusive.
        maximum: Largest number, inclusive.
        step: Only multiples of it are taken.
        max_length: Longest text, in characters.
        choices: The values of a choice, each once, as the hub orders them.
        media: Limits of a medium.
        support: What the messages of a chat may hold beside text, with the limits of each kind.
        encoding: The format and colour space that a medium comes in.
        description: What the hub says about it.
        rest: Attributes that mean nothing to the client, as JSON text.
    """

    wire_name: str
    type: str = "text"
    required: bool = False
    default: Any = None
    default_refused: bool = False
    converts: bool = False
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    max_length: int | None = None
    choices: tuple[Scalar, ...] = ()
    media: MediaLimits = field(default_factory=dict[str, MediaLimit])
    support: Mapping[Kind, MediaLimits] = field(default_factory=dict[Kind, MediaLimits])
    encoding: Mapping[str, str] = field(default_factory=dict[str, str])
    description: str = ""
    rest: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def medium(self) -> Kind | None:
        """The kind of medium that it is, or that its items are; None for anything else."""
        return next((kind for kind in MEDIA if self.type in (kind, f"{kind}_list")), None)

    @property
    def is_list(self) -> bool:
        """Whether it holds several media."""
        return self.medium not in (None, self.type)


@dataclass(frozen=True)
class MetadataProblem:
    """Something odd about a details document.

    Attributes:
        field: The parameter or output; a section in parentheses.
        what: What is wrong, one clause.
        remedy: What was made of it, one clause.
    """

    field: str
    what: str
    remedy: str


@dataclass(frozen=True)
class EndpointMetadata:
    """What a hub says of one endpoint, without figures that change from second to second.

    Attributes:
        title: What people call it; empty where the hub says nothing, as the description is.
        category: The hub's word for its kind.
        version: Counted by the hub.
        inputs: Its parameters by their names on the hub, in its order; those of the transport are left out.
        outputs: Its outputs.
        progress: What it tells of a running job.
        unreadable: Why this describes no endpoint, one clause; empty where it does.
        missing: Sections that are not there.
        problems: What is odd.
    """

    title: str = ""
    description: str = ""
    category: str | None = None
    version: int | None = None
    inputs: Mapping[str, FieldMetadata] = field(default_factory=dict[str, FieldMetadata])
    outputs: Mapping[str, FieldMetadata] = field(default_factory=dict[str, FieldMetadata])
    progress: Mapping[str, FieldMetadata] = field(default_factory=dict[str, FieldMetadata])
    unreadable: str = ""
    missing: tuple[str, ...] = ()
    problems: tuple[MetadataProblem, ...] = ()

    @property
    def sections(self) -> dict[str, Mapping[str, FieldMetadata]]:
        """Its fields by section, in the hub's words: input, output, progress."""
        return {"input": self.inputs, "output": self.outputs, "progress": self.progress}
