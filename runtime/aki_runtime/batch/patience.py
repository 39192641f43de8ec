"""How long the hub may be out of reach before a run is stopped, and what is said then."""

from collections.abc import Callable

from ..errors import AkiError, ConnectionFailedError
from .errors import BatchStoppedError


class Patience:
    """Counts the time since the hub was last reached.

    Args:
        seconds: How long it may be out of reach.
        endpoint: What is called.
        way_on: How the run goes on later, for the sentence that says that it was stopped.
        now: The clock.
    """

    def __init__(
        self, seconds: float, *, endpoint: str, way_on: str, now: Callable[[], float]
    ) -> None:
        self._seconds = seconds
        self._endpoint = endpoint
        self._way_on = way_on
        self._now = now
        self._away_since: float | None = None

    def reached(self) -> None:
        """The hub has answered."""
        self._away_since = None

    def bear(self, reason: AkiError) -> None:
        """Take a refusal or a failure of the connection for now.

        Raises:
            BatchStoppedError: The hub has been out of reach for too long.
        """
        if not isinstance(reason, ConnectionFailedError):
            self.reached()
            return
        now = self._now()
        self._away_since = now if self._away_since is None else self._away_since
        if now - self._away_since > self._seconds:
            raise BatchStoppedError(
                f"the hub has not been reached for {self._seconds:.0f} s ({reason.message}); "
                f"{self._way_on} goes on from here",
                endpoint=self._endpoint,
            )
