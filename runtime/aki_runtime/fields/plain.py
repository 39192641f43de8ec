"""The outputs of a job as plain JSON values; what becomes of media is the caller's affair."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel

from ..chat.text import ChatText
from ..chat.tools import ToolCall
from ..media.objects import Media
from ..shapes import is_iterable, is_mapping
from .base import OutputModel, came

KeepMedium = Callable[[Media, str], str]
"""Stores a medium under a name and returns what stands for it in the outputs."""


def whole(value: Any) -> Any:
    """Return the object of which an output is the text; there may be thinking and tool calls in it."""
    return value.data if isinstance(value, ChatText) and value.data is not None else value


def plain_fields(fields: Mapping[str, Any], keep: KeepMedium) -> dict[str, Any]:
    """Return values by name as plain JSON values; those that are None are left out."""
    return {name: _plain(v, name, keep) for name, v in fields.items() if v is not None}


def holds_media(output: OutputModel) -> bool:
    """Whether outputs hold something to see or hear, whose decoding and storing takes a while."""
    values = came(output).values()
    return any(
        isinstance(v, Media) for value in values for v in (value if is_iterable(value) else [value])
    )


def data_uri(medium: Media, name: str) -> str:
    """Keep a medium within the outputs."""
    return medium.as_it_came()


def _plain(value: Any, name: str, keep: KeepMedium) -> Any:
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case str():
            return str(value)
        case Media():
            return keep(value, name)
        case BaseModel():
            return _plain(value.model_dump(), name, keep)
        case ToolCall():
            return _plain(asdict(value), name, keep)
        case _ if is_mapping(value):
            return {str(k): _plain(v, f"{name}-{k}", keep) for k, v in value.items()}
        case _ if is_iterable(value):
            return [_plain(item, f"{name}-{n}", keep) for n, item in enumerate(value, 1)]
        case _:
            return str(value)
