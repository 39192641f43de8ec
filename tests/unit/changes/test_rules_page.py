"""The page about changes says what the table of rules says."""

from pathlib import Path

import pytest
from aki_runtime.changes.rules import RULES

PAGE = Path(__file__).parents[3] / "docs" / "changes.md"
HEADINGS = {
    "endpoint": "### Endpoints",
    "input": "### Parameters",
    "output": "### Output and progress fields",
}


def table_of(scope):
    rules = [rule for rule in RULES.values() if rule.scope == scope]
    rows = [f"| {rule.kind} | {rule.severity} | {rule.why} |" for rule in rules]
    return "\n".join(["| change | class | because |", "| --- | --- | --- |", *rows])


@pytest.mark.parametrize("scope", HEADINGS)
def test_the_page_holds_the_table(scope):
    expected = f"{HEADINGS[scope]}\n\n{table_of(scope)}\n"
    assert expected in PAGE.read_text("utf-8"), f"docs/changes.md should hold:\n\n{expected}"
