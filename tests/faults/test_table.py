"""Every fault ends in the right result or the right exception, within its deadline, and leaves nothing behind."""

import re

import pytest
from faults.leaks import watched_logs
from faults.modes import MODES
from faults.running import Run, no_thread_left, run_all
from faults.table import CASES, SLACK

RUNS = {
    str(run): run
    for case in CASES.values()
    for how in case.hows
    for mode in MODES
    for run in (Run(case, mode, how),)
}


@pytest.fixture(scope="module")
def outcomes(request):
    """What came of all the runs that this session asks for, carried out side by side."""
    wanted = [
        RUNS[item.callspec.params["run"]]
        for item in request.session.items
        if "outcomes" in getattr(item, "fixturenames", ()) and hasattr(item, "callspec")
    ]
    with watched_logs() as logs, no_thread_left():
        found = run_all(wanted)
    assert logs.count > len(wanted)
    assert logs.leaks == [], "no log shows a secret"
    return found


@pytest.mark.parametrize("run", RUNS)
def test_a_fault_ends_as_the_table_says(run, outcomes):
    run = RUNS[run]
    case, outcome = run.case, outcomes[run]
    assert outcome.ended == case.ends, outcome.message
    assert re.search(case.says, outcome.message)
    assert outcome.seconds < case.within + SLACK
    assert (outcome.jobs, outcome.submits) == (case.jobs, case.submits)
    assert outcome.polls_at_once <= 1
    assert case.most_polls is None or outcome.polls <= case.most_polls
    assert set(case.partial) <= set(outcome.partial)
    if case.canceled is not None and run.how != "submit":
        assert ("canceled" in outcome.states) == case.canceled
    assert outcome.left == []
    assert outcome.leaks == []
