"""Which words are offered, and that a hub's words stay words."""

import pytest
from aki_cli.commands import COMMANDS
from aki_cli.commands.completion import FILES, candidates, print_candidates
from aki_sandbox.server import SandboxServer

from .conftest import Command


def offered(*words: str) -> list[str]:
    return [value for value, _ in candidates(list(words[:-1]), words[-1])]


def test_commands_are_offered_with_what_they_do() -> None:
    assert offered("") == list(COMMANDS)
    assert candidates([], "pl") == [("playground", "Open a local page to try the endpoints.")]


@pytest.mark.parametrize("command", ["call", "show", "batch", "chat", "job", "cancel"])
def test_endpoints_are_offered(command: str) -> None:
    assert offered(command, "flux") == ["flux_dev"]


def test_parameters_are_offered_with_what_they_take() -> None:
    ((option, meaning),) = candidates(["call", "flux_dev"], "--wi")
    assert option == "--width"
    assert meaning.startswith("Whole number, 128–2048")
    assert offered("call", "flux_dev", "--prompt", "x", "--st") == ["--steps"]
    assert offered("call", "image_upscale", "--no-") == ["--no-keep-grain"]


def test_options_of_the_command_are_offered_before_the_name_only() -> None:
    assert "--save-to" in offered("call", "--")
    assert "--save-to" not in offered("call", "flux_dev", "--")
    assert "-s" in offered("call", "flux_dev", "-")


def test_choices_are_offered_in_the_hubs_order() -> None:
    wanted = ["none", "decoded"]
    assert offered("call", "flux_dev", "--provide-progress-images", "") == wanted
    assert offered("call", "flux_dev", "--provide-progress-images=d") == [
        "--provide-progress-images=decoded"
    ]
    assert offered("call", "-o", "j") == ["json"]
    assert offered("--layout", "ai") == ["aime"]


def test_files_are_offered_where_files_are_taken() -> None:
    assert offered("call", "qwen_image_edit", "--image", "") == [FILES]
    assert offered("call", "qwen_image_edit", "--prompt", "@no") == [FILES]
    assert offered("--api-key-file", "") == [FILES]
    assert offered("batch", "flux_dev", "") == [FILES]
    for option in ("--output", "--journal", "--media"):
        assert offered("batch", "flux_dev", "rows.csv", option, "") == [FILES]


def test_nothing_is_offered_and_nothing_said_where_a_package_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_candidates("bash", ["--package", "no_such", "call", ""])
    assert capsys.readouterr() == ("", "")


def test_the_hub_is_never_asked(aki: Command, hub: SandboxServer) -> None:
    before = hub.hub.request_count
    print_candidates("bash", ["call", "odd", "--"])
    assert hub.hub.request_count == before


def test_bash_gets_quoted_words_and_no_control_characters(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = [("$(touch pwned)", ""), ("a;b", ""), ("c\nd", ""), ("\x1b[31m", ""), ("fine", "")]
    monkeypatch.setattr("aki_cli.commands.completion.candidates", lambda before, word: hostile)
    print_candidates("bash", [""])
    assert capsys.readouterr().out.splitlines() == ["'$(touch pwned)'", "'a;b'", "fine"]


def test_bash_splits_at_equals_signs(capsys: pytest.CaptureFixture[str]) -> None:
    print_candidates("bash", ["call", "--output", "=", "js"])
    assert capsys.readouterr().out == "--output=json\n"
