"""What a JSON value is, and how one of unknown form is looked into.

Owns the two aliases every other module of the sandbox speaks in. Knows nothing of endpoints.
"""

from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = "dict[str, Json]"


def as_object(value: Json) -> JsonObject:
    """Return an object itself; of anything else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Json) -> list[Json]:
    """Return a list itself; of anything else an empty one."""
    return value if isinstance(value, list) else []


def objects(value: Json) -> list[JsonObject]:
    """Return the objects of a list; anything else has none."""
    return [item for item in as_list(value) if isinstance(item, dict)]
