"""When to ask again: delays between polls and between tries. Pure functions of what is known."""

from collections.abc import Callable

FIRST_POLL = 0.05
"""Seconds from a submit to the first poll."""

GROWTH = 1.5
"""Each pause between polls is this many times the one before, up to the progress interval."""

QUEUE_FACTOR = 5.0
"""In the queue the pauses may grow to this many progress intervals."""

MAX_BACKOFF = 8.0
"""Seconds between two tries of a request at the most, unless the hub asks for more."""


def next_poll_delay(previous: float, interval: float, queue_position: int | None) -> float:
    """Return the pause before the next poll, in seconds.

    Args:
        previous: The pause before the last poll.
        interval: The progress interval: the longest pause while the job runs.
        queue_position: Place in the queue; None or 0 when the job runs.
    """
    far_back = queue_position is not None and queue_position > 1
    longest = interval * (QUEUE_FACTOR if far_back else 1.0)
    return min(max(previous, FIRST_POLL) * GROWTH, longest)


def retry_delay(
    attempt: int, retry_after: float | None, jitter: Callable[[], float], *, base: float = 0.1
) -> float:
    """Return the pause before trying a failed request again, in seconds.

    Args:
        attempt: Tries that have failed, from 1.
        retry_after: What the hub asked for, in seconds.
        jitter: Returns a number from 0 to 1, so that many clients do not come back at once.
        base: The first pause.
    """
    growing = min(base * 2.0 ** min(attempt - 1, 16), MAX_BACKOFF) * (0.5 + 0.5 * jitter())
    return max(growing, min(retry_after or 0.0, 60.0))
