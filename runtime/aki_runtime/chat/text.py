"""The text of a chat answer: a string that also knows the thinking, the content and the tool calls in it.

With `chat_output_format="json"` the hub sends an object instead of text, valid and growing while it streams;
with `"chatml"` the thinking stands between `<think>` and `</think>` in the text.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Self, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError, core_schema

from ..errors import UnexpectedAnswerError
from ..shapes import is_array, is_object
from .tools import ToolCall, read_tool_calls

T = TypeVar("T")

_BEGIN = re.compile(r"[\[{]")
_DECODER = json.JSONDecoder()
_MOST_TRIES = 100
_OPEN, _CLOSE = "<think>", "</think>"


class ChatText(str):
    """What a model said.

    It is the text as the hub sent it, or the `content` where the hub sent an object; the text of parts is joined.

    Attributes:
        data: The object that the hub sent, parts as the `content` of one; None where it sent text.
    """

    data: dict[str, Any] | None

    def __new__(cls, value: str | dict[str, Any] | list[Any] = "") -> Self:
        """Read text, a text object, or a list of parts."""
        if isinstance(value, str):
            text = super().__new__(cls, value)
            text.data = value.data if isinstance(value, ChatText) else None
            return text
        data = {"content": value} if is_array(value) else dict(value)
        text = super().__new__(cls, _joined(data.get("content")))
        text.data = data
        return text

    @property
    def thinking(self) -> str:
        """What the model thought before it answered; empty where it said nothing."""
        if self.data is not None:
            thought = self.data.get("thinking")
            return thought if isinstance(thought, str) else ""
        _, opened, rest = self.partition(_OPEN)
        return rest.partition(_CLOSE)[0].strip() if opened else ""

    @property
    def content(self) -> str:
        """The answer without the thinking."""
        if self.data is not None:
            return str(self)
        before, opened, rest = self.partition(_OPEN)
        return (before + rest.partition(_CLOSE)[2]).strip() if opened else str(self)

    @property
    def tool_calls(self) -> list[ToolCall]:
        """The tools that the model asks to be called."""
        return read_tool_calls(self.data.get("tool_calls")) if self.data is not None else []

    def parse(self, kind: type[T]) -> T:
        """Read the JSON in the answer, with or without words and a fence around it.

        Args:
            kind: What it is to be: a pydantic model, a TypedDict, `list[int]`, or anything else that pydantic reads.

        Raises:
            UnexpectedAnswerError: There is no JSON in it, or JSON of another shape; says where.
        """
        adapter, said = TypeAdapter(kind), ""
        for part in _json_in(self.content):
            try:
                return adapter.validate_json(part)
            except ValidationError as error:
                fault = error.errors(include_input=False, include_url=False)[0]
                where = ".".join(map(str, fault["loc"])) or "the answer"
                said = said or f"{where}: {fault['msg']}"
        name = getattr(kind, "__name__", str(kind))
        raise UnexpectedAnswerError(f"the model did not answer with a {name}: {said}")

    def __reduce__(self) -> tuple[type[Self], tuple[str | dict[str, Any]]]:
        """Pickle text and object alike."""
        return type(self), (self.data if self.data is not None else str(self),)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        """Say that it is text, or an object with the thinking apart."""
        words = {"thinking": {"type": "string"}, "content": {"type": "string"}}
        return {"anyOf": [{"type": "string"}, {"type": "object", "properties": words}]}

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: Callable[[Any], core_schema.CoreSchema]
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate, serialization=core_schema.plain_serializer_function_ser_schema(_as_sent)
        )

    @classmethod
    def _validate(cls, value: object) -> Self:
        if isinstance(value, str) or is_object(value) or is_array(value):
            return cls(value)
        raise PydanticCustomError("chat_text", "must be text, an object or a list of parts")


def _json_in(text: str) -> list[str]:
    """Return the parts of a text that are JSON objects or arrays; the whole text where there are none."""
    parts: list[str] = []
    start = tries = 0
    # A text may be nothing but beginnings, each of which would be read to its end.
    while (begin := _BEGIN.search(text, start)) and tries < _MOST_TRIES:
        tries += 1
        try:
            _, start = _DECODER.raw_decode(text, begin.start())
        except (RecursionError, ValueError):
            start = begin.end()
        else:
            parts.append(text[begin.start() : start])
    return parts or [text]


def _joined(content: object) -> str:
    if is_array(content):
        return "".join(_joined(part.get("text") if is_object(part) else part) for part in content)
    return content if isinstance(content, str) else ""


def _as_sent(text: object) -> object:
    # An output that is not text is kept as it came.
    if not isinstance(text, ChatText):
        return text
    return text.data if text.data is not None else str(text)
