"""The parts that sentences of refusal share.

Owns wording that more than one check uses. Must not know what is being checked.
"""

from collections.abc import Callable
from typing import TypeAlias

from aki_sandbox.jsontypes import Json

Refuse: TypeAlias = Callable[[str], None]

_LONGEST_STRING_SHOWN = 100


def auto_convert_hint(name: str) -> str:
    """Return the advice to the server's owner that follows a refused value."""
    return (
        f"Set auto_convert = true for {name} in the [INPUT] section of the endpoint config file "
        "to avoid this error.\n"
    )


def shortened(value: Json) -> Json:
    """Cut every long string in a value, so that no sentence repeats a whole picture."""
    if isinstance(value, str) and len(value) > _LONGEST_STRING_SHOWN:
        return value[:_LONGEST_STRING_SHOWN] + "..."
    if isinstance(value, list):
        return [shortened(item) for item in value]
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    return value
