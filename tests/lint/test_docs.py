"""The page about the linter names every rule; what it shows is run with the other pages."""

import re
from pathlib import Path

from .conftest import Project

PAGE = (Path(__file__).parents[2] / "docs" / "lint.md").read_text("utf-8")


def test_every_rule_is_on_the_page(project: Project) -> None:
    ran = project.lint(project.write(""), "--format", "sarif")
    rules = re.findall(r'"id": "(AKI\d+)"', ran.out)
    assert [rule for rule in rules if rule not in PAGE] == []
    assert len(rules) > 10
