"""Polls that are counted, and those that overlap."""

import pytest
from aki_sandbox.hub.jobs import PollLog


def present() -> bool:
    return False


@pytest.fixture
def log():
    return PollLog()


def test_polls_one_after_the_other_do_not_overlap(log):
    for _ in range(3):
        log.begin("a", present)
        log.end("a", present)
    assert (log.by_job["a"], log.most_at_once, log.overlapping) == (3, 1, [])


def test_polls_of_different_jobs_do_not_overlap(log):
    log.begin("a", present)
    log.begin("b", present)
    assert (log.most_at_once, log.overlapping) == (1, [])


def test_a_poll_while_another_is_open_is_recorded(log):
    log.begin("a", present)
    log.begin("a", lambda: False)
    assert (log.most_at_once, log.overlapping) == (2, ["a"])


def test_a_poll_whose_caller_is_gone_overlaps_with_nothing(log):
    log.begin("a", lambda: True)
    log.begin("a", present)
    assert (log.most_at_once, log.overlapping) == (1, [])
