"""Chat messages: their types, and the checks that the hub would make.

A message's content is text, or a list of parts with exactly one medium each: `{"text": …}`, `{"image": …}`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, TypedDict

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError, core_schema

from ..errors import MediaError
from ..json_value import JsonText, array_or_object, check_encodes, encode_json
from ..media.inputs import (
    AudioInput,
    ImageInput,
    VideoInput,
    allowed_paths,
    as_media,
    unreadable,
)
from ..media.objects import Media
from ..shapes import is_array, is_iterable, is_mapping, is_object

Role: TypeAlias = Literal["system", "user", "assistant"]
ROLES: tuple[Role, ...] = ("system", "user", "assistant")

_MEDIA_KINDS = ("image", "audio", "video")


class TextPart(TypedDict):
    """Text within a message of several parts."""

    text: str


class ImagePart(TypedDict):
    """A picture within a message."""

    image: ImageInput


class AudioPart(TypedDict):
    """A sound within a message."""

    audio: AudioInput


class VideoPart(TypedDict):
    """A film within a message."""

    video: VideoInput


ChatPart: TypeAlias = TextPart | ImagePart | AudioPart | VideoPart


class ChatMessage(TypedDict):
    """One message of a conversation.

    Attributes:
        role: Who speaks; the last message is the user's.
        content: What is said.
    """

    role: Role
    content: str | Sequence[ChatPart]


class _ChatContext:
    """Pydantic's view of a conversation: checked as the hub checks it, sent as JSON text."""

    parameter_type = "chat"

    def __get_pydantic_core_schema__(
        self, source: Any, handler: Callable[[Any], core_schema.CoreSchema]
    ) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(
            _validate,
            serialization=core_schema.plain_serializer_function_ser_schema(_as_sent),
        )


def _as_sent(messages: list[dict[str, Any]]) -> str | JsonText:
    """Encode messages, unless there are media in them: those are encoded while they are sent."""
    media = any(
        "text" not in part
        for message in messages
        if is_array(message["content"])
        for part in message["content"]
    )
    return JsonText(messages) if media else encode_json(messages)


def _validate(value: object, info: ValidationInfo) -> list[dict[str, Any]]:
    if isinstance(value, str):
        # JSON text may be anybody's, so it opens no file.
        return _read_messages(array_or_object(value), allow_paths=False)
    return _read_messages(value, allowed_paths(info))


def _read_messages(value: object, allow_paths: bool | None) -> list[dict[str, Any]]:
    if not is_iterable(value):
        raise _refused('must be a list of messages such as {"role": "user", "content": "Hello"}')
    messages = [
        _read_message(item, f"message {place}", allow_paths) for place, item in enumerate(value)
    ]
    check_encodes(messages, _some_text)  # further keys may hold anything
    return messages


def _read_message(message: object, where: str, allow_paths: bool | None) -> dict[str, Any]:
    if not is_mapping(message):
        raise _refused(f"{where} must be an object with 'role' and 'content'")
    fields = dict(message)
    if fields.get("role") is None or fields.get("content") is None:
        raise _refused(f"{where} needs both 'role' and 'content'")
    if fields["role"] not in ROLES:
        raise _refused(f"{where} has role {fields['role']!r}; it is one of {', '.join(ROLES)}")
    content = fields["content"]
    if not isinstance(content, str):
        if not is_iterable(content):
            raise _refused(f"{where}: content must be text or a list of parts")
        parts = [
            _read_part(part, f"{where}, part {place}", allow_paths)
            for place, part in enumerate(content)
        ]
        fields["content"] = parts
    return fields


def _read_part(part: object, where: str, allow_paths: bool | None) -> dict[str, Any]:
    if not is_object(part) or len(part) != 1:
        raise _refused(f'{where} must hold exactly one of {{"text": …}}, {{"image": …}}, …')
    ((kind, value),) = part.items()
    for medium in _MEDIA_KINDS:
        if kind == medium:
            return {kind: _medium(value, medium, where, allow_paths)}
    if kind != "text" or not isinstance(value, str):
        raise _refused(f"{where} is of unknown kind {kind!r}; it is text, image, audio or video")
    return part


def _medium(value: object, kind: Any, where: str, allow_paths: bool | None) -> Media:
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
