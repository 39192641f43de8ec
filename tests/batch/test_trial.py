"""Faults and kills together: every row has one outcome, and no row is paid twice."""

import signal

import pytest
from batch import report
from batch.trial import Trial, carry_out

pytestmark = [pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")]


def survived(trial, folder):
    """Carry a trial out and look at every promise."""
    figures = carry_out(trial, folder)
    assert figures.lost == []
    assert figures.twice == []
    assert figures.costs + figures.named == figures.billed > 0
    assert figures.ledger.is_right, figures.ledger
    assert figures.ledger.settled >= figures.costs
    assert figures.stopped == ""
    assert figures.kills == trial.kills
    assert (figures.damages, figures.unnoticed) == (3 * (trial.kills - 1), [])
    assert figures.done + figures.uncertain + sum(figures.failed.values()) == trial.rows
    assert figures.done_in_the_end == trial.rows
    return figures


def test_100_rows_and_a_budget_survive_a_kill(tmp_path):
    pytest.importorskip("typer", reason="typer is not installed")
    survived(Trial(rows=100, kills=1, rate=0.05, seed=2), tmp_path)


@pytest.mark.slow
def test_300_rows_survive_two_kills(tmp_path):
    pytest.importorskip("typer", reason="typer is not installed")
    figures = survived(Trial(rows=300, kills=2, rate=0.05), tmp_path)
    assert figures.faults > 0


def test_the_page_names_the_command_and_losses_of_none():
    page = report.PAGE.read_text("utf-8")
    lines = report.TABLE.of(page).splitlines()[2:]
    cells = dict(line.strip("| ").split(" | ") for line in lines)
    assert "python tests/batch/report.py" in page.partition(report.TABLE.begin)[0]
    assert cells["rows"] == "10,000"
    assert cells["SIGKILLs"] == "5"
    assert cells["journals emptied, cut or removed between two SIGKILLs, and put back"] == "12"
    assert cells["of these, not refused with what to do, or anything sent"] == "none"
    assert cells["a run with a budget for 5 rows more"] == "stopped there, and said why"
    assert cells["rows without exactly one outcome"] == "none"
    assert cells["rows with several jobs, or done without one"] == "none"
    share = number(cells["of these, made to fail"]) / number(cells["requests that reached the hub"])
    assert 0.02 <= share < 0.03


def number(text):
    return int(text.replace(",", ""))
