"""The command line: arguments in, sentences and an exit status out. The work is done elsewhere."""

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from . import __version__
from .commands import COMMANDS
from .commands.options import STATUSES, ExitStatus, new_app
from .naming import DEFAULT_OUT, DEFAULT_PACKAGE
from .problems import GenerationError
from .terminal import say, say_fault


class Commands(TyperGroup):
    """The commands of the table, each imported when it is asked for."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands: dict[str, Any] = dict.fromkeys(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import a command; None where there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        command = typer.main.get_command(import_module(f"{__package__}.commands.{cmd_name}").app)
        command.name = cmd_name
        if cmd_name not in WITHOUT_PROJECT and not ctx.resilient_parsing:
            _read_project(ctx, cmd_name)
        # What is imported stays: looking through it again and again is a third of reading a large package.
        gc.freeze()
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


WITHOUT_PROJECT = ("init", "sandbox")
"""Commands that no pyproject.toml says anything about."""


def _read_project(ctx: Any, command: str) -> None:
    """Find what the project settles, and have it stand for options that are not given."""
    from .parsing.settings import find_settings

    ctx.obj = find_settings(Path.cwd())
    folder, settings = ctx.obj.folder, ctx.obj.settings
    out = os.path.relpath(folder / (settings.out or DEFAULT_OUT))
    ctx.default_map = {command: {"out": out, "package": settings.package or DEFAULT_PACKAGE}}


app = new_app(
    cls=Commands,
    help="Generate a typed Python client from the endpoint metadata of a model hub.",
    epilog=STATUSES,
    subcommand_metavar="COMMAND ...",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aki-codegen {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Hold the options that stand before a command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    # When the process ends its memory ends with it: nothing is gained by looking for cycles once more.
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
    try:
        words = list(sys.argv[1:] if arguments is None else arguments)
        with typer.main.get_command(app).make_context("aki-codegen", words) as context:
            return int(context.command.invoke(context))
    except typer.Exit as end:
        raise SystemExit(end.exit_code) from None
    except GenerationError as error:
        say(f"aki-codegen: {error.message}", *error.reasons)
        return ExitStatus.FAILED
    except KeyboardInterrupt:
        say("aki-codegen: interrupted; nothing was changed")
        return ExitStatus.FAILED
    except Exception as error:
        # Typer's errors of usage have no public name; this is what they have in common.
        format_message = getattr(error, "format_message", None)
        if callable(format_message):
            say(f"aki-codegen: {format_message()}")
            return ExitStatus.USAGE
        # Python would print the message as it is, and a hub's text can be in it.
        say_fault(error)
        return ExitStatus.FAILED
