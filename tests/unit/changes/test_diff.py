"""How changes are shown: grouped, counted, and without effect where they are shown."""

import json
from html import unescape

import pytest
from aki_codegen.commands.changes import as_json, as_markdown, as_text, exit_of, summary
from aki_codegen.commands.options import ExitStatus
from aki_codegen.problems import Problem
from aki_runtime.changes.compare import compare_hubs
from support.metadata import details

BEFORE = {
    "painter": details({"n": {"type": "int"}, "m": {}}, title="P", version=1),
    "singer": details(),
}
AFTER = {
    "painter": details(
        {"n": {"type": "int", "max": 9}, "m": {"default": "x"}}, title="Q", version=1
    )
}
HOSTILE = "\x1b[2J|`@all` <b> https://evil.example #1 GH-2 www.evil.example"


@pytest.fixture
def changes():
    return compare_hubs(BEFORE, AFTER)


def test_text_is_grouped_by_class_and_endpoint_and_ends_with_the_counts(changes):
    assert "\n".join(as_text(changes)) == (
        "breaking:\n"
        "  painter\n"
        "    input n: its range narrows: any → at most 9\n"
        "  singer\n"
        "    the hub has it no longer\n"
        "risky:\n"
        "  painter\n"
        "    input m: its default changes: none → 'x'\n"
        "harmless:\n"
        "  painter\n"
        "    its title changes: 'P' → 'Q'\n"
        "4 changes: 2 breaking, 1 risky, 1 harmless"
    )


def test_json_holds_all_of_it(changes):
    problem = Problem("x", "", "it is odd", "ask", "kept")
    document = json.loads(as_json(changes, "before", "after", [problem]))
    assert document["severity"] == "breaking"
    assert document["counts"] == {"breaking": 2, "risky": 1, "harmless": 1}
    assert document["changes"][0] == {
        "endpoint": "painter",
        "section": "",
        "field": "",
        "kind": "title changed",
        "severity": "harmless",
        "message": "its title changes: 'P' → 'Q'",
    }
    assert document["problems"][0]["endpoint"] == "x"
    assert (document["old"], document["new"]) == ("before", "after")


def test_markdown_begins_with_the_counts_and_has_a_table_per_class(changes):
    assert as_markdown(changes).startswith(
        "4 changes: 2 breaking, 1 risky, 1 harmless.\n"
        "\n"
        "### Breaking\n"
        "\n"
        "| endpoint | where | what |\n"
        "| --- | --- | --- |\n"
        "| painter | input n | its range narrows: any → at most 9 |\n"
        "| singer | the endpoint | the hub has it no longer |\n"
        "\n"
        "### Risky\n"
    )


def test_nothing_is_said_to_be_nothing():
    assert as_text(()) == ["no change"]
    assert as_markdown(()) == "No change.\n"
    assert json.loads(as_json((), "a", "b"))["severity"] is None
    assert summary(()) == "no change"


def test_the_exit_status_tells_the_worst_class(changes):
    def of(*severities):
        return exit_of(change for change in changes if change.severity in severities)

    assert of() == ExitStatus.OK == 0
    assert of("harmless") == ExitStatus.HARMLESS == 10
    assert of("harmless", "risky") == ExitStatus.RISKY == 11
    assert of("harmless", "risky", "breaking") == ExitStatus.BREAKING == 12


def test_texts_of_a_hub_have_no_effect():
    hostile = details({HOSTILE: {"default": HOSTILE}}, title=HOSTILE)
    changes = compare_hubs({"a": details()}, {HOSTILE: hostile, "a": hostile})
    assert "\x1b" not in "".join(as_text(changes))
    shown = as_markdown(changes)
    assert "\x1b" not in shown
    assert not any(alive in unescape(shown) for alive in ("@all", "://", "#1", "GH-2", "www."))
    assert "<b>" not in shown
    rows = [line for line in shown.splitlines() if line.startswith("| ") and "---" not in line]
    assert all(line.count("|") == 4 for line in rows)


def test_markdown_leaves_out_rows_that_find_no_room_and_counts_them():
    changes = compare_hubs({}, {f"painter{i}": details() for i in range(1000)})
    shown = as_markdown(changes, 10_000)
    assert len(shown) <= 10_000
    rows = shown.count("| painter")
    assert f"{1000 - rows} more are not shown." in shown
