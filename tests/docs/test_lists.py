"""What the pages list is all that there is: options, variables, extras, exceptions and exit statuses."""

import inspect
import re
import tomllib
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest
import typer
from aki_cli.exits import Exit
from aki_cli.root import app as aki
from aki_client import Aki, AsyncAki
from aki_codegen.cli import app as aki_codegen
from aki_codegen.commands.options import ExitStatus
from aki_runtime import errors
from aki_runtime.options import Options

TOP = Path(__file__).parents[2]
EXTRAS = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"][
    "optional-dependencies"
]
PAGES = {
    "aki": {
        "batch": "batches.md",
        "lint": "lint.md",
        "mcp": "agents.md",
        "playground": "playground.md",
    },
    "aki-codegen": {"diff": "changes.md", "init": "publishing.md"},
}
"""Where a command has a page beside that of its program."""


def page(name: str) -> str:
    return (TOP / "docs" / name).read_text("utf-8")


def options(program: str, app: typer.Typer) -> list[tuple[str, str, str]]:
    """Return each option of a program with its command; "" has those that stand before it."""
    group: Any = typer.main.get_command(app)
    context = group.make_context(program, [], resilient_parsing=True)
    commands = {"": group}
    commands |= {name: group.get_command(context, name) for name in group.list_commands(context)}
    return [
        (program, name, option)
        for name, command in commands.items()
        for parameter in command.params
        for option in (*parameter.secondary_opts, *parameter.opts)[:1]
        if option.startswith("--") and option != "--help"
    ]


@pytest.mark.parametrize(
    ("program", "command", "option"),
    [*options("aki", aki), *options("aki-codegen", aki_codegen)],
)
def test_each_option_of_a_command_is_on_its_page(program: str, command: str, option: str) -> None:
    own = PAGES[program].get(command)
    pages = page("aki.md" if program == "aki" else "command-line.md") + (page(own) if own else "")
    assert re.search(rf"{option}(?![\w-])", pages)


@pytest.mark.parametrize("option", Options.__dataclass_fields__)
def test_each_option_of_a_call_is_among_the_settings_and_in_the_clients_docstrings(
    option: str,
) -> None:
    assert f"| `{option}=` |" in page("guide/settings.md")
    for client in (Aki, AsyncAki):
        assert f"`{option}`" in (inspect.getdoc(client.__mro__[1]) or "")


def test_each_variable_that_is_read_is_among_the_settings() -> None:
    files = [p for folder in ("apps", "codegen", "runtime") for p in (TOP / folder).rglob("*.py")]
    read = {n for p in files for n in re.findall(r'"(AKI_[A-Z_]+)"', p.read_text("utf-8"))}
    named_only = {"AKI_IO_API_KEY"}  # of another client: an error says that it is not read
    assert read - named_only == set(re.findall(r"`(AKI_[A-Z_]+)", page("guide/settings.md")))


@pytest.mark.parametrize("extra", EXTRAS)
def test_each_extra_is_on_the_page_of_installing_and_each_package_among_the_dependencies(
    extra: str,
) -> None:
    assert f"`{extra}`" in page("guide/install.md")
    for requirement in EXTRAS[extra]:
        name = re.split(r"[^\w.-]", requirement)[0]
        assert re.search(rf"\b{name}\b", page("dependencies.md")), name


def test_each_exception_is_in_the_tree() -> None:
    classes = [
        c for c in vars(errors).values() if inspect.isclass(c) and issubclass(c, errors.AkiError)
    ]
    (tree,) = re.findall(r"```text\n(AkiError\n.*?)```", page("errors.md"), re.DOTALL)
    assert sorted(re.findall(r"^[├│└─ ]*(\w+)", tree, re.MULTILINE)) == sorted(
        c.__name__ for c in classes
    )


@pytest.mark.parametrize(("statuses", "name"), [(Exit, "aki.md"), (ExitStatus, "command-line.md")])
def test_each_exit_status_is_in_the_table(statuses: type[IntEnum], name: str) -> None:
    table = page(name).split("## Exit status")[1]
    assert set(re.findall(r"^\| (\d+) \|", table, re.MULTILINE)) == {str(s.value) for s in statuses}
