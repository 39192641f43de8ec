"""A hub that is far away: polls are aimed at moments on the hub, as far off as earlier answers have shown."""

import math

import pytest
from aki_runtime.options import Options
from aki_runtime.protocol.flows import call
from aki_runtime.protocol.pace import QUICK_PAUSE, ROUNDING, next_poll_delay
from support.driver import CHAT, Driver, done, expecting, submitted, taking


class FarJob:
    """A job on a hub behind a round trip, in virtual time: when it ends, and how late a caller learns of it.

    Args:
        seconds: How long it takes.
        round_trip: Seconds there and back.
        estimates: Whether the hub tells how long it will still take, to a tenth of a second.
    """

    def __init__(self, seconds: float, round_trip: float, *, estimates: bool) -> None:
        self.ends_at = round_trip / 2 + seconds

        def answered(driver, allowed):
            arrived = driver.clock + round_trip / 2
            driver.clock += round_trip
            if arrived >= self.ends_at:
                return done(text="hi")
            return expecting(round(self.ends_at - arrived, 1) if estimates else -1)

        self.driver = Driver(taking(round_trip, submitted()), then=answered)
        self.driver.run(call(self.driver.context, CHAT, {}, Options()))
        self.late = self.driver.clock - self.ends_at
        self.polls = len(self.driver.polls)


@pytest.mark.parametrize("seconds", [0.7, 1.1, 2.0, 2.34, 5.0])
@pytest.mark.parametrize("round_trip", [0.05, 0.2])
def test_the_end_that_a_hub_estimates_is_noticed_half_a_round_trip_late(seconds, round_trip):
    job = FarJob(seconds, round_trip, estimates=True)
    assert job.late <= round_trip / 2 + 2 * ROUNDING + 0.001


@pytest.mark.parametrize("round_trip", [0.1, 0.2, 0.5])
def test_an_aimed_poll_leaves_half_a_round_trip_before_the_end(round_trip):
    assert next_poll_delay(9, 0.6, 0, 0.4, round_trip) == pytest.approx(
        0.4 - round_trip / 2 + ROUNDING
    )


def test_the_poll_before_is_answered_when_the_aimed_one_has_to_leave():
    before = next_poll_delay(9, 0.2, 0, 0.4, 0.2)
    aimed = next_poll_delay(10, 0.2, 0, 0.4 - before - 0.2, 0.2)
    assert (before, aimed) == (pytest.approx(0.15), pytest.approx(0.01))


def test_an_estimate_holds_from_the_moment_at_which_the_hub_said_it():
    driver = Driver(taking(0.2, submitted()), taking(0.2, expecting(0.3)), then=done(text="hi"))
    driver.run(call(driver.context, CHAT, {}, Options()))
    said = driver.sent_at[1] + 0.1
    assert driver.sent_at[2] == pytest.approx(said + 0.3 - 0.1 + ROUNDING)


def test_a_short_job_far_away_takes_one_poll():
    job = FarJob(0.3, 0.2, estimates=False)
    assert (job.polls, round(job.late, 3)) == (1, 0.167)


@pytest.mark.parametrize(("round_trip", "pause"), [(0.0, 0.2), (0.05, 0.117), (0.1, 0.033)])
def test_the_second_poll_leaves_earlier_the_longer_the_way(round_trip, pause):
    delay = next_poll_delay(1, 0.2, 0, math.inf, round_trip)
    assert delay == pytest.approx(pause, abs=0.001)


def test_on_a_long_way_the_first_poll_takes_the_place_of_the_second():
    assert next_poll_delay(0, 0.2, None, round_trip=0.2) == pytest.approx(0.167, abs=0.001)
    assert next_poll_delay(1, 0.2, 0, round_trip=0.2) == QUICK_PAUSE


@pytest.mark.parametrize("round_trip", [0.0, 0.05, 0.2, 1.0, 60.0])
@pytest.mark.parametrize("remaining", [math.inf, 60.0, 0.3, 0.0, -0.1])
def test_however_long_the_way_no_pause_is_negative_or_exceeds_the_interval(round_trip, remaining):
    pauses = [next_poll_delay(n, 0.2, 0, remaining, round_trip) for n in range(30)]
    assert all(0 < pause <= 0.2 for pause in pauses)


def answered_after(*seconds):
    """What is known of the round trip once requests were answered after so many seconds each."""
    driver = Driver()
    for each in seconds:
        began = driver.clock
        driver.clock += each
        driver.context.learn(began)
    return driver.context.round_trip


def test_the_shortest_answer_tells_the_round_trip():
    assert answered_after(0.6, 0.2) == pytest.approx(0.2)


def test_one_slow_answer_says_little_of_the_round_trip():
    assert answered_after(0.2, 10.0) == pytest.approx(0.22)


def test_a_round_trip_that_has_become_longer_is_learned():
    assert answered_after(0.05, *[0.2] * 20) == pytest.approx(0.2)
