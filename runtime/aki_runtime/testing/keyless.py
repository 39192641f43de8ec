"""Keeping the API key out of what is written: found in a text however it is quoted or encoded, and hidden."""

import base64
import html
import json
import os
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

from ..secret import SHORTEST_KEY, ApiKey
from ..shapes import is_utf8

HIDDEN = "***"
"""What stands in place of a key."""

_LEVELS = 3
_ESCAPE = re.compile(rb"\\+u([0-9a-fA-F]{4})")
_ESCAPES = re.compile(rb"(?:\\+u[0-9a-fA-F]{4})+")


class KeyGuard:
    """Knows some keys, and AKI_API_KEY; those of fewer than 8 characters are none, such as a sandbox's "any".

    Args:
        keys: The keys.
    """

    def __init__(self, keys: Iterable[ApiKey]) -> None:
        texts = {key.reveal() for key in keys} | {os.environ.get("AKI_API_KEY", "").strip()}
        self._keys = sorted((k for k in texts if len(k) >= SHORTEST_KEY), key=len, reverse=True)
        self._forms = {form for key in self._keys for form in _forms(key)}

    def holds(self, content: bytes) -> bool:
        """Whether a key is in some bytes: as it is, escaped, percent-encoded, as HTML, in base64 or in hex."""
        if not self._forms:
            return False
        looks = {*_looks(content), *_looks(content.replace(b"+", b" "))}
        # Text within JSON within JSON has one more backslash before each of the last level's.
        plain = [look.replace(b"\\", b"") for look in looks]
        return any(form in look for form in self._forms for look in plain)

    def hide(self, text: str) -> str:
        """Return a text without the keys; where one is in it in another form, nothing of the text is left."""
        for key in self._keys:
            text = text.replace(key, HIDDEN)
        return HIDDEN if self.holds(text.encode("utf-8", "surrogatepass")) else text


def _looks(content: bytes) -> Iterator[bytes]:
    """Go through some bytes and what is read in them, and in that once more: a proxy quotes what was quoted before."""
    yield content
    is_text = is_utf8(content.decode("utf-8", "surrogateescape"))  # else a medium, which takes long
    for _ in range(_LEVELS if is_text else 1):
        before = content
        for decode in (unquote_to_bytes, _of_html, _of_escapes):
            content = decode(content)
            yield content
        if content == before:
            return


def _of_html(content: bytes) -> bytes:
    text = html.unescape(content.decode("utf-8", "surrogateescape"))
    return text.encode("utf-8", "surrogateescape")


def _of_escapes(content: bytes) -> bytes:
    def read(found: re.Match[bytes]) -> bytes:
        units = bytes.fromhex(_ESCAPE.sub(rb"\1", found[0]).decode())
        return units.decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")

    return _ESCAPES.sub(read, content)


def _forms(key: str) -> Iterator[bytes]:
    raw = key.encode("utf-8", "surrogatepass")
    for text in (raw, json.dumps(key)[1:-1].encode()):
        yield text.replace(b"\\", b"")
    yield from (raw.hex().encode(), raw.hex().upper().encode())
    # In base64 it depends on what stands before, and the characters at both ends on what is beside it.
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).rstrip(b"=")
        inner = encoded[(0, 2, 3)[before] : len(encoded) - ((len(raw) + before) % 3 != 0)]
        yield from (inner, inner.replace(b"+", b"-").replace(b"/", b"_"))
