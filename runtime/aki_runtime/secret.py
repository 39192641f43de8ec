"""The API key as a type that does not show itself, and files that hold one."""

import json
import os
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote, quote_plus

from .errors import ConfigurationError

SHORTEST_KEY = 8
"""Characters of a key that is hidden wherever it stands; a shorter one would be found in words."""


class ApiKey:
    """An API key that appears in no repr, log record, exception, traceback or pickle.

    Args:
        value: The key as the hub expects it.

    Attributes:
        reveal: Returns the key itself, for the one place that writes it into a request.
    """

    __slots__ = ("reveal",)

    def __init__(self, value: str) -> None:
        # Kept in a closure: debuggers and traceback tools print attributes, not cells.
        self.reveal: Callable[[], str] = lambda: value

    def __repr__(self) -> str:
        return "ApiKey('***')"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("an API key is never pickled; set AKI_API_KEY where it is needed")


def how_to_give_a_key(otherwise: str = "") -> str:
    """Say what sets a key, and that the official client's variable does not, where that is all there is.

    Args:
        otherwise: What may be done instead.
    """
    unread = bool(os.environ.get("AKI_IO_API_KEY")) and not os.environ.get("AKI_API_KEY")
    note = "; AKI_IO_API_KEY is not read" if unread else ""
    return f"set AKI_API_KEY{otherwise}{note}"


def read_key_file(path: str | Path) -> str:
    """Return the key in a file, without the white space and the byte order mark around it.

    Raises:
        ConfigurationError: The file cannot be read, or is empty.
    """
    try:
        text = Path(path).expanduser().read_text("utf-8-sig").strip()
    except UnicodeDecodeError:
        reason = "it must be text in UTF-8"
    except (OSError, ValueError, RuntimeError) as error:  # or there is no such home
        reason = getattr(error, "strerror", None) or str(error)
    else:
        if text:
            return text
        reason = "it is empty"
    raise ConfigurationError(f"the key file {path} cannot be read: {reason}")


def without_key(content: bytes | bytearray, key: object) -> bytes | bytearray:
    """Return what a hub answered, or a failure says, without the key in any spelling."""
    if isinstance(key, str) and len(key) >= SHORTEST_KEY:
        for form in _written_forms(key):
            if form in content:
                # Text in JSON in JSON has more backslashes; one that is left would escape what is not to be.
                content = re.sub(rb"\\*" + re.escape(form), b"***", content)
    return content


@lru_cache(maxsize=8)
def _written_forms(key: str) -> tuple[bytes, ...]:
    # As it is, in an address, in JSON, and in a traceback.
    written = {key, quote(key, safe=""), quote_plus(key), json.dumps(key)[1:-1], repr(key)[1:-1]}
    written.add(json.dumps(key, ensure_ascii=False)[1:-1])
    longest_first = sorted(written, key=len, reverse=True)
    return tuple(form.encode("utf-8", "replace") for form in longest_first)
