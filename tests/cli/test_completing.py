"""Which words are offered, and that a hub's words stay words."""

from pathlib import Path

import pytest
from aki_cli.commands import COMMANDS
from aki_cli.commands.completion import FILES, candidates, print_candidates
from aki_cli.exits import CommandError
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


def test_the_generator_is_completed_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_AKI_PROGRAM", "aki-codegen")
    wanted = {
        "gen": "generate",
        "generate --lay": "--layout",
        "generate --layout ai": "aime",
        "export json": "jsonschema",
        "generate --out ": FILES,
    }
    for words, offered in wanted.items():
        print_candidates("zsh", words.split(" "))
        assert offered in [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()]


def test_ids_of_jobs_that_were_left_are_offered(aki: Command) -> None:
    job_id = aki("call", "flux_dev", "a lake", "-d").out.strip()
    assert offered("job", "flux_dev", "") == [job_id]
    assert offered("cancel", "xttsv2", "") == []


def test_the_package_of_pyproject_toml_is_completed(aki: Command) -> None:
    Path("pyproject.toml").write_text('[tool.aki]\npackage = "no_such"\n')
    with pytest.raises(CommandError, match="no_such"):
        offered("call", "fl")


def test_without_a_shell_the_line_for_each_is_printed(aki: Command) -> None:
    ran = aki("completion")
    assert [line.split(":  ")[1] for line in ran.out.splitlines()] == [
        "source <(aki completion bash)",
        "source <(aki completion zsh)",
        "aki completion fish | source",
        "aki completion powershell | Out-String | Invoke-Expression",
    ]


def test_powershell_gets_values_with_what_they_mean(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_candidates("powershell", ["call", "flux_dev", "--provide-progress-images", '""'])
    assert capsys.readouterr().out == "none\t\ndecoded\t\n"
    print_candidates("powershell", ["pl"])
    assert capsys.readouterr().out == "playground\tOpen a local page to try the endpoints.\n"


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
    monkeypatch.setattr("aki_cli.commands.completion.candidates", lambda *_: hostile)
    print_candidates("bash", [""])
    assert capsys.readouterr().out.splitlines() == ["'$(touch pwned)'", "'a;b'", "fine"]


def test_bash_splits_at_equals_signs(capsys: pytest.CaptureFixture[str]) -> None:
    print_candidates("bash", ["call", "--output", "=", "js"])
    assert capsys.readouterr().out == "--output=json\n"
