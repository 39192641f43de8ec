"""Which kind of thing each output of an endpoint is, read from its output model."""

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from aki_runtime.chat.text import ChatText
from aki_runtime.media.objects import Audio, Image, Video
from pydantic import BaseModel

OutputKind = Literal["text", "image", "audio", "video", "images", "audios", "videos", "value"]

_KINDS: dict[object, OutputKind] = {
    ChatText: "text",
    Image: "image",
    Audio: "audio",
    Video: "video",
}
_LISTS: dict[OutputKind, OutputKind] = {"image": "images", "audio": "audios", "video": "videos"}


def output_kinds(model: type[BaseModel]) -> dict[str, OutputKind]:
    """Return the kind of each declared output, by its Python name."""
    return {name: _kind(name, info.annotation) for name, info in model.model_fields.items()}


def _kind(name: str, annotation: Any) -> OutputKind:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(name, arguments[0])
    if origin in (Union, UnionType):
        return _kind(name, next(a for a in arguments if a is not NoneType))
    if origin is list and arguments:
        return _LISTS.get(_kind(name, arguments[0]), "value")
    return "text" if name == "text" and annotation is str else _KINDS.get(annotation, "value")
