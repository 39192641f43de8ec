"""Idle connections: the warm one first, and none kept for ever."""

from aki_runtime.http.lanes import IDLE_SECONDS, IdleLanes


def test_there_is_none_at_first():
    assert IdleLanes().take() is None


def test_the_lane_that_was_used_last_is_used_next():
    lanes = IdleLanes()
    for lane in "abc":
        lanes.give(lane, 0.0)
    assert [lanes.take(), lanes.take(), lanes.take(), lanes.take()] == ["c", "b", "a", None]


def test_a_lane_that_was_idle_too_long_is_given_up_when_another_comes_back():
    lanes = IdleLanes()
    lanes.give("old", 0.0)
    lanes.give("older than it looks", 1.0)
    assert lanes.give("warm", IDLE_SECONDS + 0.5) == "old"
    assert lanes.take_all() == ["warm", "older than it looks"]


def test_a_lane_is_kept_while_it_is_warm():
    lanes = IdleLanes()
    lanes.give("a", 0.0)
    assert lanes.give("b", IDLE_SECONDS) is None


def test_all_are_handed_out_to_be_closed():
    lanes = IdleLanes()
    lanes.give("a", 0.0)
    assert (lanes.take_all(), lanes.take_all()) == (["a"], [])
