"""`aki batch` as one of the commands: options, statuses and sentences as those of the others."""

import inspect
import json
from pathlib import Path
from typing import get_args

import pytest
from aki_cli.commands.batch import batch
from aki_cli.exits import Exit
from aki_client.batch import Settings
from aki_runtime.http.clients import MAX_CONNECTIONS

from .conftest import Command

CHAT = "llama3_8b_chat"


@pytest.fixture
def rows(aki: Command) -> str:
    """A file with two rows, in the folder of the command."""
    Path("rows.csv").write_text("prompt_input\nhello\ngoodbye\n")
    return "rows.csv"


def outcomes() -> list[dict[str, object]]:
    return [json.loads(line) for line in Path("out.jsonl").read_text("utf-8").splitlines()]


def test_each_row_becomes_an_outcome(aki: Command, rows: str) -> None:
    ran = aki("batch", CHAT, rows, "-o", "out.jsonl")
    assert (ran.status, ran.err) == (Exit.OK, "")
    assert ran.out.startswith("2 rows: 2 done; ")
    assert [outcome["status"] for outcome in outcomes()] == ["done", "done"]


def test_why_rows_failed_is_counted_and_the_first_are_named(aki: Command) -> None:
    bad = [f"x [[error=out_of_memory]] {n}" for n in range(7)]
    Path("rows.csv").write_text("\n".join(["prompt_input", "hello", *bad, "[[error=broken]]"]))
    words = ("batch", CHAT, "rows.csv", "-o", "out.jsonl")
    ran = aki(*words)
    assert ran.status == Exit.INCOMPLETE
    first, alike, other, *_ = ran.out.splitlines()
    assert first.startswith("9 rows: 1 done, 8 failed")
    assert alike.startswith("  7 rows: llama3_8b_chat: the job failed: out of memory (row 2, row 3")
    assert alike.endswith("row 6 and 2 more)")
    assert other == "  1 row: llama3_8b_chat: the job failed: broken (row 9)"
    assert alike in aki(*words).out, "the next run knows of those before"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["batch", CHAT, "rows.csv"], Exit.USAGE, "say -o OUTPUT"),
        (["batch", "lama3_8b_chat", "rows.csv", "--dry-run"], Exit.NO_ENDPOINT, f"mean {CHAT}?"),
        (["batch", CHAT, "none.csv", "--dry-run"], Exit.USAGE, "none.csv is not there"),
        (
            ["--timeout", "5", "batch", CHAT, "rows.csv", "--dry-run"],
            Exit.USAGE,
            "--timeout is for",
        ),
        (
            ["--package", "no_such", "batch", CHAT, "rows.csv", "--dry-run"],
            Exit.CONFIGURATION,
            "not a generated package",
        ),
    ],
)
def test_what_can_not_begin_is_a_sentence_and_a_status(
    aki: Command, rows: str, words: list[str], status: Exit, said: str
) -> None:
    ran = aki(*words)
    assert (ran.status, len(ran.err.splitlines())) == (status, 1)
    assert ran.err.startswith("aki: ")
    assert said in ran.err


def test_a_bad_key_has_the_status_of_a_bad_key(
    aki: Command, rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AKI_API_KEY", "bad-key")
    assert aki("batch", CHAT, rows, "-o", "out.jsonl").status == Exit.KEY


def test_another_batch_with_the_same_journal_is_wrong_usage(aki: Command, rows: str) -> None:
    words = ("batch", CHAT, rows, "-o", "out.jsonl")
    assert aki(*words).status == Exit.OK
    assert aki(*words, "--set", "top_k=5").status == Exit.USAGE


def test_a_constant_may_be_in_a_file(aki: Command) -> None:
    Path("rows.csv").write_text("top_k\n5\n")
    Path("prompt.txt").write_text("hello from a file")
    assert (
        aki(
            "batch", CHAT, "rows.csv", "-o", "out.jsonl", "--set", "prompt_input=@prompt.txt"
        ).status
        == 0
    )
    assert "hello from a file" in str(outcomes()[0]["outputs"])


def test_a_constant_that_is_true_or_false_is_read_as_such(aki: Command) -> None:
    Path("rows.jsonl").write_text('{"image": "cat.png"}\n')
    Path("cat.png").write_bytes(b"")
    ran = aki("batch", "image_upscale", "rows.jsonl", "--dry-run", "--set", "keep_grain=maybe")
    assert "keep_grain" in ran.err
    ran = aki("batch", "image_upscale", "rows.jsonl", "--dry-run", "--set", "keep_grain=false")
    assert "keep_grain" not in ran.err


def test_numbers_of_the_help_are_those_of_the_client() -> None:
    concurrency = inspect.signature(batch).parameters["concurrency"]
    assert concurrency.default == Settings().concurrency
    assert get_args(concurrency.annotation)[1].max == MAX_CONNECTIONS
