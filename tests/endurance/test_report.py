"""The mixed load, for a minute, and what docs/performance.md says of an hour."""

import pytest
from background.stack import Redis
from endurance import report
from endurance.measuring import HELD, measure

COMMAND = "python tests/endurance/report.py"
SLACK = 1.15
"""A minute is short: what a process holds at a moment depends on the calls that it makes just then."""


@pytest.mark.slow
# Celery uses what the newest redis package would have it leave.
@pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning")
def test_nothing_grows_and_every_call_has_one_end_under_mixed_load(tmp_path):
    pytest.importorskip("redis", reason="the package redis is not installed: make full")
    if not Redis.program:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    figures = measure(tmp_path, 60)
    assert figures.faults > 0
    assert (figures.wrong, figures.without_end) == ([], [])
    assert figures.outcomes["result"] > figures.outcomes.total() / 2
    for process in figures.held:
        for figure in HELD:
            early, late = figures.medians(process, figure)
            assert late <= early * SLACK + 2, (process, figure)


def test_the_page_tells_of_an_hour_without_losses():
    told = report.TABLE.of(report.PAGE.read_text("utf-8"))
    for line in (
        "| minutes | 60 |",
        "| jobs of calls without an end | none |",
        "not named uncertain | none |",
    ):
        assert line in told, f"measure with: {COMMAND}"
