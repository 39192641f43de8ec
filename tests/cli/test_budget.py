"""What `aki budget` shows of a ledger, and that it settles what no hub tells."""

import json
import re
import sqlite3
from pathlib import Path

import pytest
from aki_cli.commands.completion import FILES, candidates
from aki_runtime.store.budget import Budget

from .conftest import PRICES, Command

LEDGER = "out.jsonl.ledger"


@pytest.fixture
def ledger(aki: Command) -> Budget:
    """The ledger of a batch in which two of three rows failed."""
    Path("prices.toml").write_text(PRICES)
    prompts = ["one", "two [[error=no]]", "three [[error=no]]"]
    rows = [{"prompt_input": prompt, "max_gen_tokens": 5} for prompt in prompts]
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ("batch", "llama3_chat", "rows.jsonl", "-o", "out.jsonl", "--budget", "9")
    assert aki("--prices", "prices.toml", *words).status == 3
    return Budget(9, ledger=LEDGER)


def test_it_shows_what_was_spent_and_why_each_open_call_is_open(
    aki: Command, ledger: Budget
) -> None:
    spent, reserved, *calls = aki("budget", LEDGER).out.splitlines()
    assert spent == "spent     0.05 EUR"
    assert reserved == "reserved  0.10 EUR for 2 open calls"
    for call, (first, reason) in zip(
        ledger.open_calls(), zip(calls[::2], calls[1::2], strict=True), strict=True
    ):
        shown = rf"{call.id[:8]}  llama3_chat, at most 0\.05 EUR, started [\d.]+ s ago"
        assert re.fullmatch(shown, first), first
        assert reason.startswith("  JobFailedError: ")


def test_it_settles_calls_and_shows_what_is_left_open(aki: Command, ledger: Budget) -> None:
    first, second = (call.id for call in ledger.open_calls())
    ran = aki("budget", LEDGER, "--settle", f"{first[:8]}=0.003", "-o", "json")
    assert (ran.document["currency"], ran.document["spent"]) == ("EUR", "0.053000")
    (call,) = ran.document["open_calls"]
    assert (call["id"], call["endpoint"]) == (second, "llama3_chat")
    assert call["reserved"] == ran.document["reserved"] == "0.050000"
    ran = aki("budget", LEDGER, "--settle", f"{second}=0")
    assert ran.out == "spent     0.053 EUR\nreserved  0.00 EUR for 0 open calls\n"
    assert ledger.open_calls() == []


@pytest.mark.parametrize(
    ("word", "status", "said"),
    [
        ("0.003", 2, "say CALL=AMOUNT"),
        ("=1", 2, "say CALL=AMOUNT"),
        ("nothing=1", 2, "there is no such open call"),
        ("CALL=ten", 4, "cost: 'ten' must be an amount"),
        ("CALL=-1", 4, "from 0 to"),
    ],
)
def test_what_cannot_be_settled_is_one_sentence(
    aki: Command, ledger: Budget, word: str, status: int, said: str
) -> None:
    word = word.replace("CALL", ledger.open_calls()[0].id)
    ran = aki("budget", LEDGER, "--settle", word)
    assert (ran.status, ran.out, len(ran.err.splitlines())) == (status, "", 1)
    assert said in ran.err
    assert len(ledger.open_calls()) == 2


def test_a_ledger_that_is_not_there_is_not_made(aki: Command) -> None:
    ran = aki("budget", "no.ledger")
    assert (ran.status, ran.err) == (2, "aki: no.ledger: there is no such ledger\n")
    assert not Path("no.ledger").exists()


def test_another_file_is_refused_and_left_alone(aki: Command) -> None:
    Path("notes.txt").write_text("not a ledger at all" * 99)
    ran = aki("budget", "notes.txt")
    assert ran.status == 4
    assert "not a ledger of a budget" in ran.err
    assert Path("notes.txt").read_text() == "not a ledger at all" * 99


def test_ledgers_and_open_calls_are_completed(ledger: Budget) -> None:
    assert [value for value, _ in candidates(["budget"], "")] == [FILES]
    found = candidates(["budget", LEDGER, "--settle"], "")
    assert [value for value, _ in found] == [f"{call.id[:8]}=" for call in ledger.open_calls()]


def test_what_a_hub_calls_an_endpoint_stays_within_its_line(aki: Command, ledger: Budget) -> None:
    with sqlite3.connect(LEDGER) as file:
        file.execute("UPDATE calls SET endpoint = ?", ["evil\n::error ::owned\x1b[2J"])
    file.close()
    ran = aki("budget", LEDGER)
    assert "::" not in ran.out
    assert "\x1b" not in ran.out
    assert ran.out.count("evil ") == 2
