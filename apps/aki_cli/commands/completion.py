"""`aki completion SHELL`, and which words may come next: what the script that it prints asks for, a candidate a line.

One script completes `aki` and `aki-codegen`, which knows nothing of it.

The commands themselves say it, so that help, parsing and completion are one. A candidate is a value and, after a tab,
what it means; the single line `:files` lets the shell offer files. To the scripts all of it is data, because endpoints
and choices are a hub's words: nothing is evaluated.
"""

# Not Typer's own completion: its script for zsh evaluates what it is given, and that for bash puts candidates on the
# command line unquoted, where a choice of a hub such as `$(…)` runs with the next return.

import os
import shlex
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from aki_runtime.terminal import one_line

from ..exits import CommandError, Exit
from ..settings import project_options
from ..terminal import write

FILES = ":files"
_TAKE_FILES = frozenset(
    {"DIR", "FILE", "FOLDER", "INPUT", "LEDGER", "OUTPUT", "PATH", "PATH…", "PLACE"}
)

PROGRAM = "_AKI_PROGRAM"
"""The variable in which a script says whose words it asks for."""

SHELLS = ("bash", "zsh", "fish", "powershell")
"""The shells whose script stands beside this file."""


def completion(
    shell: Annotated[
        str | None,
        typer.Argument(
            metavar="SHELL", help=f"{', '.join(SHELLS)}.", autocompletion=lambda: [*SHELLS]
        ),
    ] = None,
) -> None:
    """Print the completion script of a shell; without SHELL the line for the start file of each."""
    if shell is not None and shell not in SHELLS:
        raise CommandError(f"unknown shell {shell!r}; say {', '.join(SHELLS)}", Exit.USAGE)
    for one in SHELLS:
        script = Path(__file__).with_suffix(f".{one}").read_text("utf-8")
        if shell is None:
            write(next(f"{line}\n" for line in script.splitlines() if line.startswith("# aki ")))
        elif shell == one:
            write(script)


def print_candidates(shell: str, words: list[str]) -> int:
    """Print the candidates for the last of the words behind `aki`, as the script of a shell reads them."""
    words = _rejoined(words) if shell == "bash" else words
    word = "" if not words or words[-1] == '""' else words[-1]
    try:
        found = candidates(words[:-1], word, os.environ.get(PROGRAM, "aki"))
    except Exception:  # at a prompt an error would only be in the way
        found = []
    for value, meaning in found:
        if value.isprintable():
            # Bash puts a candidate on the command line as it is, where it must not become more than a word.
            quoted = value if value == FILES else shlex.quote(value)
            print(quoted if shell == "bash" else f"{value}\t{one_line(meaning)}")
    return 0


def candidates(before: list[str], word: str, program: str = "aki") -> list[tuple[str, str]]:
    """Return what a word may become, with what each means.

    Args:
        before: The words before it, without `aki`.
        word: What of it is written already.
        program: Whose words they are.

    Raises:
        CommandError: The package that is named is not there.
    """
    root = import_module("aki_codegen.cli" if program == "aki-codegen" else "aki_cli.root")
    command = typer.main.get_command(root.app)
    context = _innermost(command, before)
    parameters = context.command.get_params(context)
    name, is_joined, value = word.partition("=")
    if is_joined and name.startswith("--"):
        option = _option(parameters, name)
        return [(f"{name}={v}", m) for v, m in _values(option, context, value)] if option else []
    option = _option(parameters, before[-1]) if before else None
    if option is not None and not option.is_flag:
        # With an option that has no value yet, nothing of the line is read.
        return _values(option, _innermost(command, before[:-1]), word)
    if word.startswith("-"):
        return _offered(context.command, context, word)
    if hasattr(context.command, "list_commands"):
        return _commands(context, word, root.COMMANDS)
    arguments = [p for p in parameters if p.param_type_name == "argument"]
    open_ones = [p for p in arguments if context.params.get(p.name) is None]
    return _values(open_ones[0], context, word) if open_ones else []


def _innermost(command: Any, words: list[str]) -> Any:
    """Return the context of the command that the words lead to."""
    context = command.make_context(
        "aki", list(words), resilient_parsing=True, default_map=project_options()
    )
    while hasattr(context.command, "resolve_command"):
        rest = [*context._protected_args, *context.args]
        if not rest:
            break
        name, inner, rest = context.command.resolve_command(context, rest)
        if inner is None:
            break
        context = inner.make_context(name, list(rest), parent=context, resilient_parsing=True)
    return context


def _option(parameters: list[Any], spelling: str) -> Any:
    return next(
        (p for p in parameters if spelling in p.opts and p.param_type_name == "option"), None
    )


def _values(parameter: Any, context: Any, word: str) -> list[tuple[str, str]]:
    if word.startswith("@") or parameter.metavar in _TAKE_FILES:
        return [(FILES, "")]
    return _offered(parameter, context, word)


def _offered(by: Any, context: Any, word: str) -> list[tuple[str, str]]:
    return [(item.value, item.help or "") for item in by.shell_complete(context, word)]


def _commands(context: Any, word: str, table: Mapping[str, Any]) -> list[tuple[str, str]]:
    names: list[str] = context.command.list_commands(context)
    # What it does is the last that the table says; below the first words, as behind `aki call`, it says nothing.
    meanings = {n: e if isinstance(e, str) else e[-1] for n, e in table.items()}
    is_root = context.parent is None
    return [(n, meanings[n] if is_root else "") for n in names if n.startswith(word)]


def _rejoined(words: list[str]) -> list[str]:
    """Undo bash's splitting of `--output=json` and `@file` at the signs."""
    joined: list[str] = []
    for word in words:
        last = joined[-1] if joined else ""
        is_assigned = last.startswith("--") and (word == "=" or last.endswith("="))
        if is_assigned or last == "@":
            joined[-1] += word
        else:
            joined.append(word)
    return joined
