"""What the page about the linter shows is what is printed."""

import re
import shlex
from pathlib import Path

import pytest

from .conftest import Project

PAGE = (Path(__file__).parents[2] / "docs" / "lint.md").read_text("utf-8")
(BLOCK,) = re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SHOWN = re.split(r"^\$ ", BLOCK, flags=re.MULTILINE)[1:]
(PROGRAM,) = re.findall(r'^```python title="paint.py"\n(.*?)^```', PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("shown", SHOWN)
def test_the_shown_output_is_what_is_printed(
    project: Project, monkeypatch: pytest.MonkeyPatch, shown: str
) -> None:
    project.write(PROGRAM, "paint.py")
    monkeypatch.chdir(project.folder)
    line, _, expected = shown.partition("\n")
    program, command, *words = shlex.split(line)
    assert (program, command) == ("aki", "lint")
    assert project.lint(*words).out == expected


def test_every_rule_is_on_the_page(project: Project) -> None:
    ran = project.lint(project.write(""), "--format", "sarif")
    rules = re.findall(r'"id": "(AKI\d+)"', ran.out)
    assert [rule for rule in rules if rule not in PAGE] == []
    assert len(rules) > 10
