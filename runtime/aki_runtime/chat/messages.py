"""Chat messages: their types, and the checks that the hub would make.

A message's content is text, or a list of parts with exactly one medium each: `{"text": …}`, `{"image": …}`. Parts as
OpenAI and others word them are taken where they can mean one thing only.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    NotRequired,
    TypeAlias,
    TypedDict,
    TypeGuard,
)

from pydantic import GetJsonSchemaHandler, ValidationInfo
from pydantic_core import PydanticCustomError, core_schema

from ..errors import MediaError
from ..json_value import (
    Json,
    JsonText,
    array_or_object,
    check_encodes,
    json_text_schema,
)
from ..media.formats import FORMATS
from ..media.inputs import (
    AudioInput,
    ImageInput,
    VideoInput,
    allowed_paths,
    as_media,
    unreadable,
)
from ..media.objects import MEDIA_TYPES, Media, uri_schema
from ..media.sources import is_data_uri
from ..options import AllowedPaths
from ..shapes import encode_json, is_array, is_iterable, is_mapping, is_object
from .tools import ToolCall

Role: TypeAlias = Literal["system", "user", "assistant"]
ROLES: tuple[Role, ...] = ("system", "user", "assistant")

_TOOL_HINT = (
    '; give a tool\'s result back as {"role": "user", "content": "NAME returned RESULT"}, '
    "after the assistant's message with the call"
)


class TextPart(TypedDict):
    """Text within a message of several parts."""

    text: str
    type: NotRequired[Literal["text"]]


class ImagePart(TypedDict):
    """A picture within a message."""

    image: ImageInput


class AudioPart(TypedDict):
    """A sound within a message."""

    audio: AudioInput


class VideoPart(TypedDict):
    """A video within a message."""

    video: VideoInput


ChatPart: TypeAlias = TextPart | ImagePart | AudioPart | VideoPart


class ChatMessage(TypedDict):
    """One message of a conversation.

    Attributes:
        role: Who speaks; the last message is the user's.
        content: What is said; None beside calls of tools.
        tool_calls: The calls that a model asked for, as it worded them, or as its answer has them.
    """

    role: Role
    content: str | Sequence[ChatPart] | None
    tool_calls: NotRequired[Sequence[Mapping[str, Json] | ToolCall]]


class _ChatContext:
    """Pydantic's view of a conversation: checked as the hub checks it, sent as JSON text."""

    parameter_type = "chat"

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        parts: dict[str, Any] = {kind: uri_schema(kind) for kind in MEDIA_TYPES}
        parts["text"] = {"type": "string"}
        part = {"type": "object", "properties": parts, "minProperties": 1}
        content = {"anyOf": [{"type": "string"}, {"type": "array", "items": part}]}
        message = {
            "type": "object",
            "properties": {"role": {"enum": list(ROLES)}, "content": content},
            "required": ["role", "content"],
        }
        messages = {"type": "array", "items": message}
        return messages if handler.mode == "validation" else json_text_schema(messages)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: Callable[[Any], core_schema.CoreSchema]
    ) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(
            _validate,
            serialization=core_schema.plain_serializer_function_ser_schema(_as_sent, info_arg=True),
        )


def _as_sent(messages: list[dict[str, Any]], info: core_schema.SerializationInfo) -> str | JsonText:
    """Encode messages, unless there are media in them: those are encoded while they are sent."""
    if info.mode_is_json():
        return encode_json(messages, Media.data_uri)
    media = any(
        "text" not in part
        for message in messages
        if is_array(message["content"])
        for part in message["content"]
    )
    return JsonText(messages) if media else encode_json(messages)


def with_media(value: Any, kind: str, change: Callable[[Any, Any], Any]) -> Any:
    """Return a parameter's value with each medium in it changed, those in the parts of messages too.

    Args:
        value: What a caller gave.
        kind: What the parameter is, by the word of the metadata.
        change: Takes a medium as it was given, and its kind.
    """
    if kind in FORMATS:
        return change(value, kind)
    if kind != "chat" or not _is_list(value):
        return value
    return [
        {**message, "content": [_changed(part, change) for part in message["content"]]}
        if is_object(message) and _is_list(message.get("content"))
        else message
        for message in value
    ]


def _is_list(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, list | tuple)  # to JSON they are one


def _changed(part: Any, change: Callable[[Any, Any], Any]) -> Any:
    if not is_object(part):
        return part
    return {k: change(v, k) if k in FORMATS else v for k, v in part.items()}


def _validate(value: object, info: ValidationInfo) -> list[dict[str, Any]]:
    if isinstance(value, str):
        # JSON text may be anybody's, so it opens no file.
        return _read_messages(array_or_object(value), allow_paths=False)
    if isinstance(value, JsonText):  # of a model that was dumped
        value = value.value
    return _read_messages(value, allowed_paths(info))


def _read_messages(value: object, allow_paths: AllowedPaths | None) -> list[dict[str, Any]]:
    if not is_iterable(value):
        raise _refused('must be a list of messages such as {"role": "user", "content": "Hello"}')
    messages = [
        _read_message(item, f"message {place}", allow_paths) for place, item in enumerate(value)
    ]
    check_encodes(messages, _some_text)  # further keys may hold anything
    return messages


def _read_message(message: object, where: str, allow_paths: AllowedPaths | None) -> dict[str, Any]:
    if not is_mapping(message):
        raise _refused(f"{where} must be an object with 'role' and 'content'")
    fields = dict(message)
    content = fields.setdefault("content", None)
    if fields.get("role") is None or (content is None and not fields.get("tool_calls")):
        raise _refused(f"{where} needs both 'role' and 'content'")
    if fields["role"] not in ROLES:
        hint = _TOOL_HINT if fields["role"] in ("tool", "function") else ""
        raise _refused(
            f"{where} has role {fields['role']!r}; it is one of {', '.join(ROLES)}{hint}"
        )
    if is_iterable(fields.get("tool_calls")):
        fields["tool_calls"] = [
            dict(call.raw) if isinstance(call, ToolCall) else call for call in fields["tool_calls"]
        ]
    if not isinstance(content, str | None):
        if not is_iterable(content):
            raise _refused(f"{where}: content must be text or a list of parts")
        parts = [
            _read_part(part, f"{where}, part {place}", allow_paths)
            for place, part in enumerate(content)
        ]
        fields["content"] = parts
    return fields


def _read_part(part: object, where: str, allow_paths: AllowedPaths | None) -> dict[str, Any]:
    named = part.get("type") if is_mapping(part) else None
    if not is_mapping(part) or len(part) != (1 if named is None else 2):
        raise _refused(f'{where} must hold exactly one of {{"text": …}}, {{"image": …}}, …')
    kind, value = next(item for item in part.items() if item[0] != "type" or named is None)
    if kind == "text" and named in (None, "text"):
        if not isinstance(value, str):
            raise _refused(f"{where}: text must be text, not {type(value).__name__}")
        return dict(part)  # with its "type", which the hub takes
    if kind == named == "image_url":
        kind, named, value = "image", None, _address_of(value, where)
    for medium in MEDIA_TYPES:
        if kind == medium and named in (None, medium):
            return {kind: _medium(value, medium, where, allow_paths)}
    raise _refused(
        f"{where} is of unknown kind {named or kind!r}; it is text, image, audio or video"
    )


def _address_of(value: object, where: str) -> str:
    """Return the data URI in OpenAI's `{"image_url": {"url": …}}`; its `detail` has no meaning to the hub."""
    url = value.get("url") if is_mapping(value) else value
    if not isinstance(url, str) or not is_data_uri(url):
        raise _refused(f'{where}: image_url must be a data URI; give {{"image": …}} for a file')
    return url


def _medium(value: object, kind: Any, where: str, allow_paths: AllowedPaths | None) -> Media:
    try:
        return as_media(value, kind, allow_paths=allow_paths)
    except MediaError as error:
        reason = error.message
    except (OSError, ValueError) as error:
        reason = unreadable(value, error)
    raise _refused(f"{where}: {reason}")


def _some_text(value: object) -> str:
    """Stand for a medium, which always encodes."""
    if isinstance(value, Media):
        return ""
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _refused(reason: str) -> PydanticCustomError:
    return PydanticCustomError("chat_context", "{reason}", {"reason": reason})


if TYPE_CHECKING:
    # Mapping[str, str] lets a variable of type list[dict[str, str]] pass, which no TypedDict does.
    # A union of items, not of lists: mypy finds no type for a literal whose messages differ in shape.
    ChatContext: TypeAlias = Sequence[ChatMessage | Mapping[str, str]]
else:
    ChatContext = Annotated[Any, _ChatContext()]
