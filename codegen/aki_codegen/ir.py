"""What the metadata means: frozen values, closed unions, no I/O and nothing of Python source."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from aki_runtime.media.formats import Kind

from .naming import ClassName, Identifier

Scalar: TypeAlias = str | int | float | bool


@dataclass(frozen=True)
class Range:
    """The bounds of a number, inclusive, and its step.

    Attributes:
        enforced: False where the hub converts a value instead of refusing it; bounds are then only shown.
    """

    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    enforced: bool = True


@dataclass(frozen=True)
class TextType:
    """Text; `max_length` in characters."""

    max_length: int | None = None
    enforced: bool = True


@dataclass(frozen=True)
class IntegerType:
    """A whole number."""

    range: Range = field(default_factory=Range)


@dataclass(frozen=True)
class FloatType:
    """A number."""

    range: Range = field(default_factory=Range)


@dataclass(frozen=True)
class BooleanType:
    """True or false.

    Attributes:
        enforced: False where the hub converts other values.
    """

    enforced: bool = True


@dataclass(frozen=True)
class ChoiceType:
    """One of some values, each once, in the hub's order.

    Attributes:
        enforced: False where the hub replaces an unknown value instead of refusing it.
    """

    choices: tuple[Scalar, ...]
    enforced: bool = True


@dataclass(frozen=True)
class JsonType:
    """Any JSON value, as JSON text on the wire."""


@dataclass(frozen=True)
class Limit:
    """What a medium's format, size, duration or another of its figures may be.

    Attributes:
        supported: The values that are taken; empty where any is.
        minimum: Smallest value, inclusive; a pair (width, height) in pixels for `size`.
        maximum: Largest value, inclusive.
        align: Only multiples of it are taken.
        enforced: False where the hub converts the medium instead of refusing it.
    """

    supported: tuple[Scalar, ...] = ()
    minimum: tuple[float, ...] = ()
    maximum: tuple[float, ...] = ()
    align: tuple[float, ...] = ()
    enforced: bool = True


@dataclass(frozen=True)
class MediaType:
    """A picture, sound or film.

    Attributes:
        limits: What its figures may be, by their names on the hub.
    """

    kind: Kind
    limits: tuple[tuple[str, Limit], ...] = ()

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats that the hub names, in small letters."""
        named = dict(self.limits).get("format")
        return tuple(str(name) for name in named.supported) if named is not None else ()


@dataclass(frozen=True)
class ToolsType:
    """Tools that a chat model may call, as JSON text on the wire."""


@dataclass(frozen=True)
class ToolCallsType:
    """Calls that a chat model asks for, as JSON text on the wire."""


@dataclass(frozen=True)
class ChatTextType:
    """What a chat model said: text, or an object with its thinking and content."""


@dataclass(frozen=True)
class ChatType:
    """A conversation.

    Attributes:
        media: What a message may hold beside text, with its limits.
    """

    media: tuple[MediaType, ...] = ()


@dataclass(frozen=True)
class PromptType:
    """Raw prompt text, which excludes a conversation beside it."""


@dataclass(frozen=True)
class MediaListType:
    """Several pictures, sounds or films."""

    kind: Kind


@dataclass(frozen=True)
class UnknownType:
    """A type word that nobody has met; any JSON value, sent as it is."""

    word: str


FieldType: TypeAlias = (
    TextType
    | IntegerType
    | FloatType
    | BooleanType
    | ChoiceType
    | JsonType
    | ToolsType
    | ToolCallsType
    | ChatTextType
    | ChatType
    | PromptType
    | MediaType
    | MediaListType
    | UnknownType
)


@dataclass(frozen=True)
class Default:
    """A default that the hub applies when the value is absent."""

    value: object


@dataclass(frozen=True)
class Parameter:
    """One input of an endpoint.

    Attributes:
        wire_name: Its name on the hub.
        name: Its name in Python.
        required: Whether the hub refuses a call without it, whatever else is declared.
        default: What the hub uses when it is absent.
        default_refused: Whether the hub has a default that it refuses itself.
        description: What the hub says about it.
    """

    wire_name: str
    name: Identifier
    type: FieldType
    required: bool = False
    default: Default | None = None
    default_refused: bool = False
    description: str = ""


@dataclass(frozen=True)
class Output:
    """One output or progress field of an endpoint."""

    wire_name: str
    name: Identifier
    type: FieldType
    description: str = ""


@dataclass(frozen=True)
class Endpoint:
    """One endpoint.

    Attributes:
        wire_name: Its name on the hub.
        name: Its name in Python.
        models: What the names of its models begin with.
    """

    wire_name: str
    name: Identifier
    models: ClassName
    title: str
    description: str
    category: str | None
    version: int | None
    inputs: tuple[Parameter, ...]
    outputs: tuple[Output, ...]
    progress: tuple[Output, ...]


Section = Literal["input", "output", "progress"]
