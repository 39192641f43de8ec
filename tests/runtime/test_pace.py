"""Delays are pure functions of what is known."""

import math

import pytest
from aki_runtime.protocol.pace import (
    CLOSE_PAUSE,
    FIRST_POLL,
    MAX_BACKOFF,
    OVERDUE,
    QUICK_PAUSE,
    next_poll_delay,
    retry_delay,
)
from support.waiting import mean_wait, ours, steady, wait

LENGTHS = [0.3, 0.7, 2.0, 5.0]


def test_the_first_poll_comes_soon_after_the_submit():
    assert next_poll_delay(0, 0.2, None) == FIRST_POLL == 0.1


def test_polls_rest_then_are_quick_for_a_second_then_steady():
    pauses = [next_poll_delay(polls, 0.2, 0) for polls in range(1, 13)]
    assert pauses == pytest.approx([0.2, *[0.068] * 9, 0.136, 0.155])


def test_pauses_double_where_the_interval_is_long():
    pauses = [next_poll_delay(polls, 10.0, 0) for polls in range(1, 20)]
    assert pauses[:2] == [0.2, 0.068]
    assert pauses[9:] == pytest.approx([0.068 * 2**n for n in range(8)] + [9.955] * 2)


@pytest.mark.parametrize("interval", [0.01, 0.05, 0.2, 1.0, 30.0])
@pytest.mark.parametrize("remaining", [math.inf, 60.0, 0.1, 0.0])
def test_no_pause_of_a_running_job_exceeds_the_interval(interval, remaining):
    assert all(0 < next_poll_delay(n, interval, 0, remaining) <= interval for n in range(3000))


@pytest.mark.parametrize("interval", [0.05, 0.2, 1.0, 30.0])
def test_a_steady_pause_leaves_little_room_for_the_poll(interval):
    assert interval * 0.75 <= next_poll_delay(100, interval, 0) < interval


@pytest.mark.parametrize(("position", "longest"), [(None, 0.155), (0, 0.155), (1, 0.155), (2, 1.0)])
def test_pauses_end_growing(position, longest):
    assert next_poll_delay(3000, 0.2, position) == pytest.approx(longest)


def test_pauses_in_the_queue_grow_from_the_first():
    pauses = [next_poll_delay(polls, 0.2, 2) for polls in range(9)]
    assert pauses[:4] == pytest.approx([0.1, 0.15, 0.225, 0.3375])
    assert pauses == sorted(pauses)
    assert pauses[-1] == 1.0


def test_a_far_place_in_the_queue_counts_more_than_what_the_hub_expects():
    assert next_poll_delay(20, 0.2, 9, 0.1) == 1.0


def test_an_end_that_is_far_away_is_awaited_at_the_interval():
    assert next_poll_delay(2, 0.2, 0, 60.0) == 0.2


def test_a_poll_aims_at_the_end_that_the_hub_expects():
    assert next_poll_delay(50, 0.2, 0, 0.12) == 0.12


@pytest.mark.parametrize("remaining", [0.01, 0.0, -0.1])
def test_an_end_that_should_be_there_is_asked_for_closely(remaining):
    assert next_poll_delay(50, 0.2, 0, remaining) == CLOSE_PAUSE


def test_an_end_that_is_overdue_is_forgotten():
    assert next_poll_delay(50, 0.2, 0, -OVERDUE) == next_poll_delay(50, 0.2, 0)


@pytest.mark.parametrize(
    ("length", "polls", "late"), [(0.3, 2, 10), (0.7, 8, 48), (2.0, 18, 68), (5.0, 37, 108)]
)
def test_how_often_a_job_is_asked_for_and_how_late_its_end_is_noticed(length, polls, late):
    waited = wait(length, ours())
    assert (waited.polls, round(waited.delay * 1000)) == (polls, late)


@pytest.mark.parametrize(
    ("shortest", "longest", "late"),
    [(0.0, 0.1, FIRST_POLL), (0.1, 0.3, 0.2), (0.31, 0.9, QUICK_PAUSE), (0.95, 20.0, 0.155)],
)
def test_the_end_is_noticed_a_pause_and_a_round_trip_late_at_the_worst(shortest, longest, late):
    lengths = (shortest + (longest - shortest) * share / 1000 for share in range(1001))
    assert max(wait(length, ours()).delay for length in lengths) <= late + 1.5 * 0.005


# The official client polls at once, then pauses for 0.2 s. Each of its polls makes a connection, so
# its round trips are longer; here they are taken to be as short as ours.
@pytest.mark.parametrize(("length", "share"), [(0.3, 0.4), (0.7, 0.4), (2.0, 0.8), (5.0, 0.8)])
def test_the_end_is_noticed_sooner_than_at_a_steady_interval(length, share):
    assert mean_wait(length, ours()).delay <= share * mean_wait(length, steady()).delay


def test_noticing_sooner_costs_half_as_many_polls_more_at_the_most():
    polls = sum(mean_wait(length, ours()).polls for length in LENGTHS)
    assert polls <= 1.5 * sum(mean_wait(length, steady()).polls for length in LENGTHS)


def rounded(remaining):
    """The estimate of a hub that knows the end to a tenth of a second."""
    return round(remaining, 1) or math.inf


@pytest.mark.parametrize("length", LENGTHS)
def test_a_hub_that_knows_the_end_is_asked_as_rarely_as_at_a_steady_interval(length):
    waited, compared = mean_wait(length, ours(), estimate=rounded), mean_wait(length, steady())
    assert waited.delay <= 0.3 * compared.delay
    assert waited.polls <= compared.polls + 1


@pytest.mark.parametrize("wrong", [0.05, 0.3, 1.0, 60.0])
@pytest.mark.parametrize("length", [*LENGTHS, 20.0])
def test_a_wrong_estimate_costs_a_few_polls_and_no_more_delay_than_a_steady_interval(wrong, length):
    waited = wait(length, ours(), estimate=lambda _: wrong)
    assert waited.polls <= wait(length, ours()).polls + 6
    assert waited.delay <= 0.2 + 0.01


@pytest.mark.parametrize("attempt", [1, 2, 10, 5_000])
@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_a_retry_waits_between_half_and_all_of_its_pause(attempt, chance):
    whole = min(0.1 * 2.0 ** min(attempt - 1, 50), MAX_BACKOFF)
    assert retry_delay(attempt, None, lambda: chance) == pytest.approx(whole * (1 + chance) / 2)


@pytest.mark.parametrize(
    ("asked", "delay"),
    [(30.0, 30.0), (3600.0, 60.0), (float("inf"), 60.0), (0.0, 0.1), (-5.0, 0.1), (None, 0.1)],
)
def test_a_retry_waits_as_long_as_the_hub_asks_within_reason(asked, delay):
    assert retry_delay(1, asked, lambda: 1.0) == delay


def test_a_hub_that_asks_for_no_number_is_not_heard():
    assert retry_delay(1, float("nan"), lambda: 1.0) == 0.1
