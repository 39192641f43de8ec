"""What `aki` says that calls cost, where it is given a price file."""

import json
from pathlib import Path

import pytest

from .conftest import PRICES, Command


@pytest.fixture(autouse=True)
def price_file(aki: Command) -> Path:
    path = aki.folder / "prices.toml"
    path.write_text(PRICES)
    return path


def test_a_call_says_what_it_cost_on_stderr(aki: Command) -> None:
    ran = aki("--prices", "prices.toml", "call", "llama3_chat", "hi", "--max-gen-tokens", "5")
    assert ", 0.05 EUR" in ran.err
    assert "EUR" not in ran.out


def test_each_answer_of_a_chat_says_what_it_cost(
    aki: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AKI_PRICES", "prices.toml")
    assert aki("chat", "llama3_chat", stdin="Good morning\nGood night\n").err.count("EUR") == 2


def test_without_a_price_file_nothing_is_said_of_cost(aki: Command) -> None:
    assert aki("call", "llama3_chat", "hi").err == ""


def test_the_json_document_holds_usage_and_the_exact_cost(aki: Command) -> None:
    words = ("call", "llama3_chat", "hi", "--max-gen-tokens", "5", "-o", "json")
    document = aki("--prices", "prices.toml", *words).document
    assert document["usage"]["output_tokens"] == 5
    assert document["cost"] == "0.050000"
    assert aki(*words).document["cost"] is None


def test_a_batch_says_what_it_cost_and_for_how_many_rows_that_is_unknown(aki: Command) -> None:
    prompts = ["one", "two", "three [[error=no]]"]
    rows = [{"prompt_input": prompt, "max_gen_tokens": 5} for prompt in prompts]
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = aki("--prices", "prices.toml", "batch", "llama3_chat", "rows.jsonl", "-o", "out.jsonl")
    assert "cost of this run: 0.10 EUR, and unknown for 1 row\n" in ran.out


def test_a_project_may_name_a_price_file_beside_it_and_no_other(aki: Command) -> None:
    project = Path("pyproject.toml")
    project.write_text('[tool.aki]\nprices = "prices.toml"\n')
    assert "EUR" in aki("call", "llama3_chat", "hi").err
    project.write_text('[tool.aki]\nprices = "../prices.toml"\n')
    said = "must lie in this file's folder; AKI_PRICES or --prices may name any other"
    assert said in aki("call", "llama3_chat", "hi").err


def test_a_price_file_that_cannot_be_used_is_refused_before_the_call(aki: Command) -> None:
    Path("prices.toml").write_text("format = 2")
    ran = aki("--prices", "prices.toml", "call", "llama3_chat", "hi")
    assert "the price file prices.toml: it has format=2; it must begin with format = 1" in ran.err
    assert ran.status != 0
