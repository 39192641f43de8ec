"""How many jobs at a time: a pure function of what was seen and when."""

import pytest
from aki_runtime.batch.speed import CROWD, FIRST_LIMIT, LONGEST_PAUSE, Speed


def rounds(speed, count):
    """Let that many rounds of jobs go well."""
    for _ in range(count):
        for _ in range(speed.limit):
            speed.ended()


def test_it_begins_small():
    assert Speed(64).limit == FIRST_LIMIT


def test_it_begins_no_larger_than_the_most():
    assert Speed(3).limit == 3


def test_it_doubles_with_each_round_at_first():
    speed = Speed(64)
    rounds(speed, 1)
    assert speed.limit == 2 * FIRST_LIMIT


def test_it_never_exceeds_the_most():
    speed = Speed(20)
    rounds(speed, 10)
    assert speed.limit == 20


def test_a_refusal_halves_it():
    speed = Speed(64)
    rounds(speed, 3)
    speed.refused(begun=1.0, now=2.0, chance=1.0)
    assert speed.limit == 32


def test_the_refusals_of_one_round_count_once():
    speed = Speed(64)
    rounds(speed, 3)
    for _ in range(30):
        speed.refused(begun=1.0, now=2.0, chance=1.0)
    assert speed.limit == 32


def test_a_refusal_of_the_next_round_halves_it_again():
    speed = Speed(64)
    rounds(speed, 3)
    speed.refused(begun=1.0, now=2.0, chance=1.0)
    speed.refused(begun=3.0, now=4.0, chance=1.0)
    assert speed.limit == 16


def test_after_a_refusal_it_grows_by_one_per_round():
    speed = Speed(64)
    rounds(speed, 3)
    speed.refused(begun=1.0, now=2.0, chance=1.0)
    rounds(speed, 2)
    assert speed.limit in (33, 34)


def test_it_is_at_least_one():
    speed = Speed(64)
    for moment in range(20):
        speed.refused(begun=moment, now=moment + 0.5, chance=1.0)
    assert speed.limit == 1


@pytest.mark.parametrize(("chance", "pause"), [(1.0, 0.5), (0.0, 0.25)])
def test_a_refusal_makes_a_pause(chance, pause):
    speed = Speed(64)
    speed.refused(begun=1.0, now=2.0, chance=chance)
    assert speed.not_before == 2.0 + pause


def test_pauses_double_until_a_job_is_taken():
    speed = Speed(64)
    for moment, pause in [(0.0, 0.5), (10.0, 1.0), (20.0, 2.0)]:
        speed.refused(begun=moment, now=moment, chance=1.0)
        assert speed.not_before == moment + pause
    speed.took()
    speed.refused(begun=30.0, now=30.0, chance=1.0)
    assert speed.not_before == 30.5


def test_pauses_are_bounded():
    speed = Speed(64)
    for moment in range(0, 5000, 50):
        speed.refused(begun=moment, now=moment, chance=1.0)
    assert speed.not_before == 4950 + LONGEST_PAUSE


def test_a_queue_that_grows_makes_it_smaller():
    speed = Speed(64)
    rounds(speed, 3)
    speed.queued(2, begun=0.0, now=0.5)
    speed.queued(2 + CROWD + 1, begun=1.0, now=2.0)
    assert speed.limit == int(64 * 0.85)


def test_a_queue_that_is_long_for_everyone_does_not():
    speed = Speed(64)
    rounds(speed, 3)
    for moment in range(200):
        speed.queued(500, begun=moment, now=moment + 0.5)
    assert speed.limit == 64


def test_a_queue_that_has_grown_a_little_keeps_it_from_growing():
    speed = Speed(64)
    speed.queued(0, begun=0.0, now=0.5)
    speed.queued(CROWD // 2 + 1, begun=1.0, now=2.0)
    rounds(speed, 5)
    assert speed.limit == FIRST_LIMIT
    speed.queued(1, begun=3.0, now=4.0)
    rounds(speed, 1)
    assert speed.limit == 2 * FIRST_LIMIT
