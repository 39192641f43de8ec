"""What a JSON value is, for the type checker.

Owns the two aliases every other module of the sandbox speaks in. Knows nothing of endpoints.
"""

from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = "dict[str, Json]"
