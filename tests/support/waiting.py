"""Waiting for jobs without a clock: when a schedule of polls notices the end, and how often it asks."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean
from typing import TypeAlias

from aki_runtime.protocol.pace import next_poll_delay

Pause: TypeAlias = Callable[[int, float], float]
"""The pause after a number of polls, when so many seconds remain as far as the hub has told."""

Estimate: TypeAlias = Callable[[float], float]
"""What the hub tells when so many seconds remain."""


_JITTERS = (0.1, 0.15, 0.2, 0.25, 0.3)
_JOBS = 100


@dataclass(frozen=True)
class Waited:
    """Seconds from the end of a job until it was noticed, and the polls that it took."""

    delay: float
    polls: float


def ours(interval: float = 0.2) -> Pause:
    """The schedule of this client."""
    return lambda polls, remaining: next_poll_delay(polls, interval, 0, remaining)


def steady(interval: float = 0.2) -> Pause:
    """The schedule of the official client: at once, then a pause that never changes."""
    return lambda polls, _: interval if polls else 0.0


def wait(
    length: float, pause: Pause, *, round_trip: float = 0.005, estimate: Estimate | None = None
) -> Waited:
    """Wait for a job of so many seconds; the hub answers amid the round trip."""
    now, polls, expected = 0.0, 0, math.inf
    while True:
        now += pause(polls, expected - now) + round_trip
        asked = now - round_trip / 2
        polls += 1
        if asked >= length:
            return Waited(now - length, polls)
        if estimate is not None:
            expected = min(expected, now + estimate(length - asked))


def mean_wait(
    length: float, pause: Pause, *, round_trip: float = 0.005, estimate: Estimate | None = None
) -> Waited:
    """Wait for jobs that are up to 0.1 to 0.3 of their length shorter or longer.

    One spread alone may happen to suit the beat of a schedule.
    """
    lengths = [
        length * (1 - jitter + 2 * jitter * (job + 0.5) / _JOBS)
        for jitter in _JITTERS
        for job in range(_JOBS)
    ]
    waits = [wait(one, pause, round_trip=round_trip, estimate=estimate) for one in lengths]
    return Waited(fmean(one.delay for one in waits), fmean(one.polls for one in waits))
