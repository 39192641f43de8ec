"""Tools that a chat model may call, and the calls that it asks for. Values only.

The hub takes tools as OpenAI words them; its calls come back as a JSON string of `{name, arguments}` or
`{function: {name, arguments}}`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, NotRequired, TypeAlias, TypedDict

from pydantic import BeforeValidator

from ..json_value import Json
from ..shapes import decoded, is_array, is_object, object_or_empty


class ToolFunction(TypedDict):
    """A function that the model may ask to be called."""

    name: str
    description: NotRequired[str]
    parameters: NotRequired[Mapping[str, Json]]


class Tool(TypedDict):
    """A tool, as OpenAI words it."""

    type: Literal["function"]
    function: ToolFunction


@dataclass(frozen=True)
class ToolCall:
    """A call that the model asks for.

    Attributes:
        name: The function's name.
        arguments: Its arguments by name; empty where the model wrote none that can be read.
        raw: The call as the hub sent it.
    """

    name: str
    arguments: Mapping[str, Any]
    raw: Mapping[str, Any]

    @property
    def is_readable(self) -> bool:
        """Whether its arguments could be read, or there are none."""
        written = _described(self.raw).get("arguments")
        return written in (None, "") or is_object(decoded(written, None))


def read_tool_calls(value: object) -> list[ToolCall]:
    """Read calls in either spelling, as a JSON string or a list; what is not a call is left out."""
    items = decoded(value, None)
    if is_object(items):
        items = [items]
    return [call for item in items if (call := _read_call(item))] if is_array(items) else []


def _read_call(item: object) -> ToolCall | None:
    if not is_object(item):
        return None
    described = _described(item)
    name = described.get("name")
    if not isinstance(name, str) or not name:
        return None
    arguments = decoded(described.get("arguments"), None)
    return ToolCall(name, object_or_empty(arguments), item)


def _described(call: Mapping[str, Any]) -> Mapping[str, Any]:
    function = call.get("function")
    return function if is_object(function) else call


ToolCalls: TypeAlias = Annotated[list[ToolCall], BeforeValidator(read_tool_calls)]
"""A `tool_calls` output."""

if TYPE_CHECKING:
    Tools: TypeAlias = Sequence[Tool] | Sequence[Mapping[str, Json]]
else:
    Tools = Json
