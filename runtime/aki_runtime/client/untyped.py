"""Endpoints that were not generated: any parameters out, and outputs read by what they look like.

A data URI becomes media only where the whole text is one: text that merely begins with `data:` stays text.
"""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError, model_validator

from ..chat.messages import ChatContext
from ..chat.text import ChatText
from ..chat.tools import read_tool_calls
from ..errors import InvalidParametersError, MediaError
from ..fields.base import InputModel, ProgressModel
from ..jobs.ref import EndpointRef
from ..media.formats import FORMATS
from ..media.inputs import as_media, bytes_of
from ..media.objects import MEDIA_TYPES, Media
from ..options import AllowedPaths
from ..protocol.job import Reading
from ..shapes import encode_json, is_array, is_mapping, is_object
from .endpoint import EndpointInfo, EndpointSpec

_DATA_URI = re.compile(
    r"data:(image|audio|video)/[\w.+-]+;base64,[A-Za-z0-9+/]+={0,2}", re.IGNORECASE
)
_CHAT: TypeAdapter[Any] = TypeAdapter(ChatContext)


class AnyOutput(ProgressModel):
    """Outputs whose names nobody declared: read them as attributes or items."""

    model_config = ConfigDict(extra="allow")

    _is_declared = False

    @model_validator(mode="before")
    @classmethod
    def _recognize_media(cls, given: Any) -> Any:
        if not is_object(given):
            return given
        return {name: _by_role(name, value) for name, value in given.items()}

    def __getitem__(self, name: str) -> Any:
        return (self.model_extra or {})[name]

    if TYPE_CHECKING:
        # What is not declared may be there all the same.
        def __getattr__(self, name: str) -> Any: ...


class AnyProgress(AnyOutput):
    """Progress outputs whose names nobody declared."""


def untyped_spec(name: str, package: str) -> EndpointSpec[..., AnyOutput, AnyProgress]:
    """Return an endpoint of which nothing but the name is known."""

    def any_parameters(**parameters: Any) -> InputModel:
        raise NotImplementedError("the hub alone knows the parameters")

    info = EndpointInfo(
        name=name,
        title=name,
        description="",
        category=None,
        version=None,
        reading=Reading(name, AnyOutput, AnyProgress),
        origin=EndpointRef(package, ""),
        input=None,
        check=partial(encode_untyped, name),
    )
    return EndpointSpec(info, any_parameters)


def encode_untyped(
    endpoint: str, given: Mapping[str, Any], allow_paths: AllowedPaths = True
) -> dict[str, Any]:
    """Make of any values what the hub takes: lists and dicts as JSON text, media as `Media`.

    Args:
        endpoint: Its name on the hub.
        given: The values, by name.
        allow_paths: Whether paths are opened: `Path` objects, and text in the media of a chat.

    Raises:
        InvalidParametersError: A value that has no such form.
    """
    encoded: dict[str, Any] = {}
    problems: list[str] = []
    for name, value in given.items():
        if value is None:
            continue
        try:
            encoded[name] = _encoded(name, value, allow_paths=allow_paths)
        except ValidationError as error:
            problems.append(f"{name}: {error.errors()[0]['msg']}")
        except (OSError, RecursionError, TypeError, ValueError) as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise InvalidParametersError(endpoint, problems)
    return encoded


def _encoded(name: str, value: Any, *, allow_paths: AllowedPaths) -> Any:
    if isinstance(value, int | float):
        encode_json(value)  # refuses what JSON cannot carry
        return value
    if isinstance(value, str):
        return value
    if name == "chat_context":
        context = {"allow_paths": allow_paths}
        return _CHAT.dump_python(_CHAT.validate_python(value, context=context))
    if is_mapping(value):
        return encode_json(dict(value))
    if isinstance(value, list | tuple):
        return encode_json(value)
    if isinstance(value, Media):
        value.check()  # it may be what a hub sent
        return value
    return _media_of_any_kind(value, allow_paths=allow_paths)


def _media_of_any_kind(value: Any, *, allow_paths: AllowedPaths) -> Media:
    data = bytes_of(value) if callable(getattr(value, "read", None)) else value
    if not isinstance(data, bytes | bytearray | os.PathLike):
        return as_media(data, "image", allow_paths=allow_paths)
    if isinstance(data, os.PathLike) and not allow_paths:
        return as_media(cast("Any", data), "image", allow_paths=False)  # says why not
    for kind in FORMATS:
        with suppress(MediaError):
            return as_media(cast("Any", data), kind, allow_paths=allow_paths)
    raise MediaError("it is of an unsupported media format")


def _by_role(name: str, value: Any) -> Any:
    if name == "tool_calls":
        return read_tool_calls(value)
    if name == "text" and (is_object(value) or is_array(value)):
        return ChatText(value)
    return _recognized(value)


def _recognized(value: Any) -> Any:
    if isinstance(value, str):
        found = _DATA_URI.fullmatch(value) if value[:5].lower() == "data:" else None
        return MEDIA_TYPES[found[1].lower()](value) if found else value
    if is_array(value):
        return [_recognized(item) for item in value]
    return value
