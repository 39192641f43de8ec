"""Help: quick, because nothing heavy is imported for it, and harmless whatever a hub calls its endpoints."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from aki_cli.commands import COMMANDS

from .conftest import KEY, Command

HEAVY = {
    *("rich", "httpx", "httpx2", "pydantic", "jinja2", "sqlite3", "asyncio"),
    *("aki_client.client", "aki_client.endpoints", "aki_client.batch", "aki_runtime.batch"),
}
RUN = """
import sys
from pathlib import Path
from aki_cli.main import main
status = main(sys.argv[1:])
print("IMPORTED", *sorted(sys.modules))
sys.exit(status)
"""


@pytest.mark.parametrize(
    ("words", "shell"),
    [
        (["--help"], ""),
        (["call", "flux_dev", "--help"], ""),
        (["chat", "--help"], ""),
        (["batch", "--help"], ""),
        (["ca"], "bash"),
        (["call", "fl"], "zsh"),
        (["batch", "fl"], "zsh"),
        (["call", "flux_dev", "--wi"], "fish"),
    ],
)
def test_nothing_heavy_is_imported_for_help_and_completion(words: list[str], shell: str) -> None:
    environment = {**os.environ, "_AKI_COMPLETE": shell}
    done = subprocess.run(
        [sys.executable, "-c", RUN, *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    shown, _, imported = done.stdout.partition("IMPORTED")
    assert len(shown.splitlines()) >= 1
    assert HEAVY & set(imported.split()) == set()


def test_help_imports_no_command() -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    imported = set(done.stdout.partition("IMPORTED")[2].split())
    assert {module for module, _ in COMMANDS.values()} & imported == set()


def test_help_lists_every_command(aki: Command) -> None:
    ran = aki("--help")
    assert ran.status == 0
    assert [name for name in COMMANDS if f"  {name} " not in ran.out] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(aki: Command, name: str) -> None:
    ran = aki(name, "--help")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: aki {name}")


def test_without_words_help_is_shown(aki: Command) -> None:
    assert aki().out == aki("--help").out


def test_the_version_is_that_of_the_client(aki: Command) -> None:
    from aki_client import __version__

    assert aki("--version").out == f"aki {__version__}\n"


def test_no_option_takes_the_key_itself(aki: Command) -> None:
    assert aki("--api-key", KEY[:2], "endpoints").status == 2


def test_the_help_of_an_endpoint_has_types_ranges_choices_and_defaults(aki: Command) -> None:
    out = " ".join(aki("call", "flux_dev", "--help").out.split())
    assert "--prompt TEXT Text. [required]" in out
    assert "--width INTEGER Whole number, 128–2048 in multiples of 32" in out
    assert "--provide-progress-images CHOICE One of none, decoded. [default: none]" in out
    assert "--guidance NUMBER Number, 1.0–10.0. [default: 3.5]" in out


def test_help_of_an_endpoint_shows_no_control_characters_and_no_markup(odd: Command) -> None:
    out = odd("call", "odd", "-h").out
    assert "\x1b" not in out
    assert "[bold]" in out


def test_a_table_shows_no_control_characters_and_no_markup(odd: Command) -> None:
    out = odd("show", "odd").out
    assert "\x1b" not in out
    assert "Odd [bold][31mone" in out
    assert "[red]b" in out


@pytest.mark.parametrize("words", [("call", "odd", "-h"), ("show", "odd")])
def test_a_ci_runner_finds_no_command_in_what_is_shown_of_a_hub(
    odd: Command, words: list[str]
) -> None:
    out = odd(*words).out
    assert "group" in out
    assert "##" not in out
    assert "::error" not in out


def test_every_command_is_on_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "aki.md").read_text("utf-8")
    assert [name for name in COMMANDS if f"aki {name}" not in page] == []
