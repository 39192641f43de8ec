"""Delays are pure functions of what is known."""

import pytest
from aki_codegen.runtime.pace import MAX_BACKOFF, next_poll_delay, retry_delay


def test_a_delay_grows_by_half():
    assert next_poll_delay(0.1, 10.0, 0) == pytest.approx(0.15)


@pytest.mark.parametrize(("position", "longest"), [(None, 0.2), (0, 0.2), (1, 0.2), (2, 1.0)])
def test_a_delay_ends_growing(position, longest):
    delay = 0.0
    for _ in range(50):
        delay = next_poll_delay(delay, 0.2, position)
    assert delay == pytest.approx(longest)


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
