"""A server that is killed at random moments: every call has one end, and none is paid for twice."""

import pytest
from agents.trial import AT_ONCE, carry_out

pytestmark = pytest.mark.slow


def test_no_call_is_lost_unnamed_or_paid_twice_however_often_the_server_is_killed(tmp_path):
    figures = carry_out(8, tmp_path)
    assert figures.kills == 8
    assert figures.calls == 8 * AT_ONCE
    assert figures.unnamed == []
    assert figures.twice == []
    assert figures.done > 0
    ends = figures.done + figures.uncertain + figures.lost + figures.refused
    assert ends == figures.calls
