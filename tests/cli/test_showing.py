"""What a job shows where there is no terminal; where results go: nothing is overwritten or lost, no name is a path."""

from pathlib import Path

import pytest
from aki_cli.exits import CommandError, Exit
from aki_cli.showing import Form, Sink, Watch
from aki_client import Image, Queued, Running
from aki_runtime.client.untyped import AnyOutput

from .conftest import Command


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


PIXEL = Image(b"\x89PNG\r\n\x1a\n rest")
PAINT = ("call", "flux_dev", "--num-samples", "2", "--prompt", "a lake")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_folder_is_made_where_it_ends_with_a_slash(aki: Command) -> None:
    assert aki(*PAINT, "-s", "new/").out.splitlines() == ["new/image-1.jpg", "new/image-2.jpg"]


def test_further_pictures_stand_beside_the_file_that_was_named(aki: Command) -> None:
    assert aki(*PAINT, "-s", "robot.jpg").out.splitlines() == ["robot.jpg", "robot-2.jpg"]


def test_a_file_that_is_there_stays_as_it_is(aki: Command) -> None:
    Path("robot.jpg").write_text("mine")
    assert aki(*PAINT, "-s", "robot.jpg").out.splitlines() == ["robot-2.jpg", "robot-3.jpg"]
    assert Path("robot.jpg").read_text() == "mine"


def test_a_file_without_a_suffix_gets_that_of_its_format(aki: Command) -> None:
    assert aki(*PAINT, "-s", "robot").out.splitlines() == ["robot.jpg", "robot-2.jpg"]


def test_where_a_folder_can_not_be_written_another_is_found(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("taken").write_text("a file, no folder")
    result = AnyOutput.read({"images": [PIXEL]})
    Sink(save_to="taken/").deliver(result)
    told = capsys.readouterr()
    assert "cannot be written" in told.err
    assert Path(told.out.strip()).read_bytes() == PIXEL.bytes


def test_outputs_of_a_hubs_own_naming_are_no_paths(capsys: pytest.CaptureFixture[str]) -> None:
    Sink().deliver(AnyOutput.read({"../../etc/x": PIXEL}))
    assert capsys.readouterr().out == "image-1.png\n"


def test_outputs_that_are_neither_text_nor_media_are_listed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Sink().deliver(AnyOutput.read({"score": 0.5, "label": "cat"}))
    assert capsys.readouterr().out == "score: 0.5\nlabel: cat\n"


def test_media_within_lists_and_objects_become_paths(capsys: pytest.CaptureFixture[str]) -> None:
    result = AnyOutput.read({"frames": [PIXEL, PIXEL]})
    Sink("json").deliver(result)
    assert '"image-1.png",\n      "image-2.png"' in capsys.readouterr().out


@pytest.mark.parametrize("form", ["text", "json", "quiet"])
def test_a_picture_that_is_none_takes_nothing_else_with_it(
    form: Form, capsys: pytest.CaptureFixture[str]
) -> None:
    result = AnyOutput.read({"text": "paid for", "images": [Image("@@@"), PIXEL]})
    with pytest.raises(CommandError, match="not valid base64") as caught:
        Sink(form).deliver(result)
    assert caught.value.status == Exit.HUB
    assert [path.name for path in Path().iterdir()] == ["image-1.png"]
    assert ("paid for" in capsys.readouterr().out) is (form != "quiet")
