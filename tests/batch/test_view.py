"""What people read of a batch."""

from dataclasses import replace
from pathlib import Path

import pytest
from aki_cli import batch_view
from aki_cli.batch_view import Lines, duration, progress_clauses, summary_lines
from aki_client.batch import Fault, Progress, Summary

PROGRESS = Progress(
    rows=1000,
    done=10,
    failed=2,
    uncertain=1,
    running=5,
    limit=8,
    tokens=1234,
    compute_seconds=5.5,
    seconds=10.0,
    rate=1.3,
    left=759.2,
)
SUMMARY = Summary(
    rows=1000,
    done=1000,
    failed=0,
    uncertain=0,
    before=0,
    picked_up=0,
    tokens=0,
    compute_seconds=0.0,
    seconds=75.0,
    interrupted=False,
    output=Path("out.jsonl"),
    journal=Path("out.jsonl.journal"),
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (59.4, "59 s"),
        (60, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (7260, "2 h 1 min"),
    ],
)
def test_a_duration(seconds, text):
    assert duration(seconds) == text


def test_progress_in_clauses():
    assert list(progress_clauses(PROGRESS)) == [
        "13 of 1,000 rows",
        "2 failed",
        "1 uncertain",
        "1.3/s",
        "12 min 39 s left",
        "1,234 tokens",
        "5.5 s of computing",
        "5 of 8 at a time",
    ]


def test_what_is_unknown_is_left_out():
    unknown = replace(PROGRESS, rows=None, rate=None, left=None, failed=0, uncertain=0, tokens=0)
    assert list(progress_clauses(unknown)) == ["10 rows", "5.5 s of computing", "5 of 8 at a time"]


def test_a_batch_that_is_done():
    assert list(summary_lines(SUMMARY)) == [
        "1,000 rows: 1,000 done; 1 min 15 s",
        "outcomes: out.jsonl",
        "journal:  out.jsonl.journal (keep it with the outcomes: it says what was paid)",
    ]


def test_a_batch_that_is_not_done_says_what_can_be_done():
    summary = replace(
        SUMMARY,
        done=990,
        failed=3,
        uncertain=2,
        before=40,
        picked_up=7,
        faults=(Fault("row 2, row 5 and 1 more", "the job failed", 3),),
    )
    assert list(summary_lines(summary)) == [
        "1,000 rows: 990 done, 3 failed, 2 uncertain, 5 left (40 of them before); 1 min 15 s",
        "  3 rows: the job failed (row 2, row 5 and 1 more)",
        "  2 rows: other reasons; the outcomes have them",
        "7 jobs of an earlier run were picked up",
        "the same command goes on with the rows that are left",
        "--retry-failed sends the failed rows again",
        "uncertain rows may have been paid for; --resubmit-uncertain sends them again, and may pay twice",
        "outcomes: out.jsonl",
        "journal:  out.jsonl.journal (keep it with the outcomes: it says what was paid)",
    ]


def test_a_reason_of_a_hub_stays_within_its_line():
    faults = (Fault("row 2", "the job failed:\n##[error]no \x1b[2J", 1),)
    summary = replace(SUMMARY, done=999, failed=1, faults=faults, refused="evil\n::error ::x")
    shown = list(summary_lines(summary))
    assert shown[1] == "  1 row: the job failed: # #[error]no [2J (row 2)"
    assert shown[2] == "no further row was started: evil : :error : :x"


def test_lines_come_now_and_then(monkeypatch, capsys):
    now = 0.0
    monkeypatch.setattr(batch_view.time, "monotonic", lambda: now)
    lines = Lines()
    for _ in range(25):
        now += 1.0
        lines.show(PROGRESS)
    written = capsys.readouterr().err
    assert len(written.splitlines()) == 2
    assert written.startswith("aki: 13 of 1,000 rows, 2 failed, ")


def test_a_notice_shows_no_control_characters(capsys):
    Lines().say("the hub said \x1b[31mno")
    assert capsys.readouterr().err == "aki: the hub said [31mno\n"


def test_one_row_is_no_rows():
    summary = replace(SUMMARY, rows=1, done=1, picked_up=1)
    assert list(summary_lines(summary))[:2] == [
        "1 row: 1 done; 1 min 15 s",
        "1 job of an earlier run was picked up",
    ]
