"""How outputs look in a notebook: pictures, players, text. HTML that is made here, with everything of a hub escaped.

What is shown is bounded, because a notebook keeps it: larger media and longer texts are named instead.
"""

import base64
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any, TypeGuard

from ..errors import MediaError
from ..shapes import is_array
from .formats import UNKNOWN

if TYPE_CHECKING:
    from .objects import Media

MOST_BYTES = 10_000_000
"""Bytes of media that one output embeds at most, decoded."""

MOST_CHARACTERS = 100_000
"""Characters of one text at most."""

MOST_ITEMS = 24
"""Items of one list at most."""

_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif"})
"""What every notebook shows as a picture of its own; the others need HTML."""

_SHOWN_BY_BROWSERS = frozenset({"png", "jpeg", "gif", "webp", "bmp"})


def media_bundle(media: "Media") -> dict[str, Any]:
    """Return the rich forms of one medium, by MIME type."""
    body = _body(media, MOST_BYTES)
    if body is not None and media.mime in _PICTURES:
        return {media.mime: body, "text/plain": repr(media)}
    return {"text/html": _media_html(media, body), "text/plain": repr(media)}


def output_bundle(fields: Mapping[str, object], plain: str) -> dict[str, Any]:
    """Return the rich forms of a result.

    Args:
        fields: Its outputs by name; those that are None are left out.
        plain: How it looks where there is no HTML.
    """
    return {"text/html": fields_html(fields), "text/plain": _sendable(plain[:MOST_CHARACTERS])}


def fields_html(fields: Mapping[str, object]) -> str:
    """Return the outputs one below the other, each with its name; figures stand together in one line."""
    page = _Page(MOST_BYTES)
    shown = {name: value for name, value in fields.items() if value is not None and value != []}
    rows = [
        f"{_name(name)}<div>{page.value(value)}</div>"
        for name, value in shown.items()
        if not _is_figure(value)
    ]
    figures = [f"{_name(name)} {value}" for name, value in shown.items() if _is_figure(value)]
    if figures:
        rows.append(" &nbsp; ".join(figures))
    return _sendable("".join(f'<div style="margin:.4em 0">{row}</div>' for row in rows))


def _sendable(text: str) -> str:
    """Replace halves of surrogate pairs, which a hub's JSON may hold and no message to a notebook can."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _name(name: str) -> str:
    return f'<small style="opacity:.7">{escape(name)}</small>'


def _is_figure(value: object) -> bool:
    return isinstance(value, int | float)


class _Page:
    """What is shown together: its media share one allowance of bytes."""

    def __init__(self, allowance: int) -> None:
        self._left = allowance

    def value(self, value: object) -> str:
        if _is_media(value):
            body = _body(value, self._left)
            self._left -= len(body) * 3 // 4 if body is not None else 0
            return _media_html(value, body)
        if is_array(value):
            shown = [self.value(item) for item in value[:MOST_ITEMS]]
            more = len(value) - MOST_ITEMS
            return "<br>".join(shown) + (f"<br>and {more:,} more" if more > 0 else "")
        return _text(value if isinstance(value, str) else repr(value))


def _is_media(value: object) -> TypeGuard["Media"]:
    # Asked of the class: asking the medium itself would decode it.
    return all(hasattr(type(value), name) for name in ("kind", "format", "mime", "bytes"))


def _text(text: str) -> str:
    more = len(text) - MOST_CHARACTERS
    rest = f"\n… and {more:,} characters more" if more > 0 else ""
    return (
        '<div style="white-space:pre-wrap;overflow-wrap:anywhere">'
        f"{escape(text[:MOST_CHARACTERS] + rest)}</div>"
    )


def _body(media: "Media", allowance: int) -> str | None:
    """Return a medium as base64; None where it is not a medium, or is larger than there is room for."""
    try:
        data = media.bytes
    except MediaError:
        return None
    return base64.b64encode(data).decode("ascii") if len(data) <= allowance else None


def _is_shown(media: "Media") -> bool:
    known = media.kind != "image" or media.format in _SHOWN_BY_BROWSERS
    return known and media.format != UNKNOWN


def _media_html(media: "Media", body: str | None) -> str:
    if body is None or not _is_shown(media):
        return f"{escape(repr(media))}: not shown here, <code>save()</code> writes it to a file"
    source = f'src="data:{escape(media.mime)};base64,{body}"'
    match media.kind:
        case "image":
            return f'<img {source} alt="{escape(repr(media))}" style="max-width:100%">'
        case "audio":
            return f"<audio controls {source}></audio>"
        case "video":
            return f'<video controls style="max-width:100%" {source}></video>'
