"""What the page about the command line shows is what is printed."""

import re
import shlex
from pathlib import Path

import pytest

from .conftest import Command

PAGE = (Path(__file__).parents[2] / "docs" / "aki.md").read_text("utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SHOWN = [shown for block in BLOCKS for shown in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
BY_HAND = re.compile(r"\^C|^aki chat")
"""What needs a person; the tests in a terminal do the same."""


@pytest.mark.parametrize("shown", [shown for shown in SHOWN if not BY_HAND.search(shown)])
def test_the_shown_output_is_what_is_printed(aki: Command, shown: str) -> None:
    line, _, expected = shown.partition("\n")
    program, *words = shlex.split(line, comments=True)
    assert program == "aki"
    ran = aki(*words)
    if expected:
        assert ran.out + ran.err == expected
    else:
        assert (ran.status, ran.err) == (0, "")


def test_every_command_is_on_the_page() -> None:
    from aki_cli.commands import COMMANDS

    assert [name for name in COMMANDS if f"aki {name}" not in PAGE] == []


def test_there_is_something_to_compare() -> None:
    assert len(SHOWN) >= 8
