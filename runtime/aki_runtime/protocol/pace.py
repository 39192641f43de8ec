"""When to ask again: delays between polls and between tries. Pure functions of what is known.

How late a job's end is noticed is half a pause and half a round trip on average, whatever the job's length. So
pauses are shortest where they are a large part of what a caller waits for: in the first second. A poll is with the
hub half a round trip after it was sent: one that is aimed at a moment leaves by so much earlier.
"""

import math
from collections.abc import Callable

from ..options import LONGEST_SECONDS, SHORTEST_INTERVAL

FIRST_POLL = 0.1
"""Seconds from a submit to the first poll, for jobs that are over at once."""

REST = 0.2
"""Seconds from the first poll to the second: what is not over at once takes a while."""

LATER = 1 / 3
"""By so much of a round trip the second poll comes later still: the longer the way, the more costs one in vain."""

QUICK_PAUSE = 0.068
"""Seconds between the polls that follow."""

QUICK_POLLS = 9
"""How many of them there are; they reach to 0.9 s."""

GROWTH = 2.0
"""After those, each pause is this many times the one before, up to the steady one."""

POLL_SECONDS = 0.045
"""By so much the steady pause is shorter than the progress interval: a poll takes its time as well."""

MOST_POLL_SHARE = 0.25
"""But no more than this share of the interval."""

CLOSE_PAUSE = 0.05
"""Seconds between polls at most often, around the moment at which the hub expects the end."""

ROUNDING = 0.05
"""Seconds by which an estimate is too short at most, as hubs tell tenths. A poll in vain costs more than these, unless
the round trip is shorter still.
"""

OVERDUE = 0.2
"""Seconds after which an end that the hub expected is no longer believed in."""

QUEUE_GROWTH = 1.5
"""In the queue, each pause is this many times the one before."""

QUEUE_FACTOR = 5.0
"""In the queue the pauses may grow to this many progress intervals."""

MOST_GROWTHS = 64
"""Pauses have long reached their limit by then, and powers have not reached that of a float."""

LAST_SECONDS = 0.5
"""Seconds before the end at which a hub that asked for a longer pause is asked once more."""

MAX_BACKOFF = 8.0
"""Seconds between two tries of a request at most, unless the hub asks for more."""


def next_poll_delay(
    polls: int,
    interval: float,
    queue_position: int | None,
    remaining: float = math.inf,
    round_trip: float = 0.0,
) -> float:
    """Return the pause before the next poll, in seconds.

    Args:
        polls: How many polls of the job were answered.
        interval: The progress interval: the longest pause while the job runs.
        queue_position: Place in the queue; None or 0 when the job runs.
        remaining: Seconds until the hub expects the end, below 0 when it should have come;
            infinite where the hub has not said.
        round_trip: Seconds from a poll to its answer.
    """
    interval = min(interval, LONGEST_SECONDS)
    if queue_position is not None and queue_position > 1:
        return min(FIRST_POLL * _power(QUEUE_GROWTH, polls), interval * QUEUE_FACTOR)
    # On a long way the first poll would be under way when it is time for the second: then that is the first.
    rest = REST - (2 - LATER) * round_trip
    if polls == 0:
        first = FIRST_POLL if rest >= 0 else max(FIRST_POLL + round_trip + rest, SHORTEST_INTERVAL)
        return min(first, interval)
    if -OVERDUE < remaining < math.inf:
        aimed = remaining - round_trip / 2 + min(round_trip, ROUNDING)
        if aimed > interval:
            # The answer to one that is sent before has to be here by then.
            return min(max(aimed - round_trip, SHORTEST_INTERVAL), interval)
        return min(max(aimed, CLOSE_PAUSE - round_trip, SHORTEST_INTERVAL), interval)
    if polls == 1 and rest > 0:
        return min(rest, interval)
    growing = QUICK_PAUSE * _power(GROWTH, polls - 1 - QUICK_POLLS)
    return min(growing, interval - min(POLL_SECONDS, interval * MOST_POLL_SHARE))


def _power(base: float, exponent: int) -> float:
    return base ** min(max(exponent, 0), MOST_GROWTHS)


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


def retry_delay_within(
    left: float, attempt: int, retry_after: float | None, jitter: Callable[[], float]
) -> float | None:
    """Return the `retry_delay` of what costs nothing, within the seconds that are left; None where none are."""
    if left <= FIRST_POLL:
        return None
    # The last pauses grow shorter, so that no long one wastes the end of the time.
    longest = left / 2 if retry_after is None else max(left / 2, left - LAST_SECONDS)
    return min(retry_delay(attempt, retry_after, jitter), longest)
