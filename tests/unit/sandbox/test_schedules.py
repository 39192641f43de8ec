"""Which requests in a row are struck."""

import pytest
from aki_sandbox.faults.plan import drawn, scripted


def struck(schedule, count=1000):
    return [place for place in range(1, count + 1) if schedule(place)]


@pytest.mark.parametrize(
    ("schedule", "places"),
    [
        (scripted(1, 1, 1), [1]),
        (scripted(3, 2, 1), [3, 4]),
        (scripted(2, None, 3), [2, 5, 8]),
        (scripted(2, 2, 3), [2, 5]),
    ],
)
def test_a_script_strikes_from_the_nth_on(schedule, places):
    assert struck(schedule, 9) == places


@pytest.mark.parametrize(("nth", "times", "every"), [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_a_script_counts_from_one(nth, times, every):
    with pytest.raises(ValueError, match="count from 1"):
        scripted(nth, times, every)


def test_the_lot_strikes_about_the_rate():
    assert 10 < len(struck(drawn(0.02, 1))) < 35


def test_the_seed_decides_whom_the_lot_strikes():
    assert struck(drawn(0.1, 1)) == struck(drawn(0.1, 1)) != struck(drawn(0.1, 2))


@pytest.mark.parametrize(("rate", "count"), [(0, 0), (1, 1000)])
def test_the_lot_may_strike_nobody_or_all(rate, count):
    assert len(struck(drawn(rate, 5))) == count


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_rate_is_a_part(rate):
    with pytest.raises(ValueError, match="from 0 to 1"):
        drawn(rate, 0)
