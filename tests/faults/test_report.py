"""docs/faults.md says of every fault what the table expects, in figures that were measured within bounds."""

import pytest
from faults import report
from faults.running import Outcome
from faults.table import CASES, SLACK

COMMAND = "python tests/faults/report.py"


@pytest.fixture(scope="module")
def written():
    return report.lines(report.PAGE.read_text("utf-8"))


def as_expected(case):
    """The line of a case of which every run came out as the table says; the table's own test sees to that."""
    outcome = Outcome(case.ends, "", 0.0, case.jobs, case.submits, 0, 1, [], [], [], [])
    return report.lines(report.row(case, [outcome]))[0]


def test_the_page_tells_what_happens_to_every_fault(written):
    expected = [as_expected(case)[:2] for case in CASES.values()]
    assert [line[:2] for line in written] == expected, f"accept with: {COMMAND}"


def test_no_fault_took_longer_than_it_may(written):
    assert [cells[0] for cells, allowed, took in written if took > allowed + SLACK] == []


def test_the_figures_were_measured(written):
    assert len({took for _, _, took in written}) > 5
    assert all(took > 0 for cells, _, took in written if cells[2] == "the result")
