"""What of a job's events goes to stdout and stderr where there is no terminal."""

import pytest
from aki_cli.showing import Watch
from aki_client import Queued, Running


def shown(
    capsys: pytest.CaptureFixture[str], *events: object, text: bool = True
) -> tuple[str, str]:
    Watch(text=text).follow(events)  # type: ignore[arg-type]
    told = capsys.readouterr()
    return told.out, told.err


def test_text_is_put_together_and_ends_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    events = [Queued(2), Running(1, None, "Hel"), Running(2, None, "lo")]
    assert shown(capsys, *events) == ("Hello\n", "")


def test_a_line_that_has_ended_is_not_ended_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, Running(1, None, "Hello\n")) == ("Hello\n", "")


def test_a_text_that_was_rewritten_begins_on_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    events = [Running(1, None, "Helo"), Running(2, None, "Hello", rewritten=True)]
    assert shown(capsys, *events) == ("Helo\nHello\n", "aki: the model starts over:\n")


def test_nothing_is_shown_of_a_text_that_comes_as_json_later(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert shown(capsys, Running(1, None, "Hello"), text=False) == ("", "")
