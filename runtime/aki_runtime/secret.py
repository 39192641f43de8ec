"""The API key as a type that does not show itself. It knows nothing of where keys come from."""

from collections.abc import Callable
from typing import NoReturn


class ApiKey:
    """An API key that appears in no repr, log record, exception, traceback or pickle.

    Args:
        value: The key as the hub expects it.
    """

    __slots__ = ("_reveal",)

    def __init__(self, value: str) -> None:
        # Kept in a closure: debuggers and traceback tools print attributes, not cells.
        self._reveal: Callable[[], str] = lambda: value

    def reveal(self) -> str:
        """Return the key itself, for the one place that writes it into a request."""
        return self._reveal()

    def __repr__(self) -> str:
        return "ApiKey('***')"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("an API key is never pickled; set AKI_API_KEY where it is needed")
