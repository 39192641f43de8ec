"""The command `aki` itself: its global options, and commands that are imported when they are asked for.

`commands` says what a command is.
"""

from importlib import import_module
from inspect import Signature, signature
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .commands import COMMANDS
from .exits import CommandError, Exit, did_you_mean
from .settings import OPTIONS, CliSettings, settings_of

LOOK: dict[str, Any] = {
    "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["-h", "--help"], "max_content_width": 100},
}
"""Plain help: Rich alone would take longer than all the rest."""


def _new_app(**attributes: Any) -> typer.Typer:
    return typer.Typer(add_completion=False, pretty_exceptions_enable=False, **LOOK, **attributes)


def _endpoint_names(ctx: typer.Context) -> list[str]:
    from .catalogue import Catalogue  # what help can do without

    return [*Catalogue(settings_of(ctx).package).names.values()]


ENDPOINT = typer.Argument(
    metavar="NAME",
    help="An endpoint, by its name in Python or on the hub.",
    autocompletion=_endpoint_names,
)
"""The argument that several commands share."""


class AkiCommands(TyperGroup):
    """The commands of the table, each imported when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import a command; None where there is none of this name."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            # While a word is completed, what stands before it may be anything.
            if not ctx.resilient_parsing and not cmd_name.startswith("-"):
                hint = did_you_mean(cmd_name, COMMANDS) or "`aki --help` lists them"
                raise CommandError(f"unknown command {cmd_name!r}; {hint}", Exit.USAGE)
            return None
        made = getattr(import_module(entry[0]), cmd_name)
        if isinstance(made, TyperGroup):
            return made
        app = _new_app()
        app.command(cmd_name)(made)
        return typer.main.get_command(app)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


app = _new_app(
    cls=AkiCommands,
    help="Call the endpoints of a model hub from a terminal.",
    epilog="The key is read from AKI_API_KEY or a file, never from an argument, which others could see. "
    "Options of aki itself stand before the command; [tool.aki] in pyproject.toml and variables hold them too.",
    subcommand_metavar="COMMAND ...",
)


def _version(wanted: bool) -> None:
    if wanted:
        from aki_client import __version__

        typer.echo(f"aki {__version__}")
        raise typer.Exit


def _hold(
    ctx: typer.Context,
    *,
    debug: bool,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    **_: Any,
) -> None:
    """Hold the global options, which `settings_of` reads."""
    if debug:
        from .failures import log_on_stderr

        ctx.with_resource(log_on_stderr())


# Typer reads options from a signature, and here they are fields of the settings.
_own, _fields = signature(_hold).parameters, signature(CliSettings).parameters
_options = [_own["ctx"], *(_fields[name] for name in OPTIONS), _own["version"]]
setattr(_hold, "__signature__", Signature(_options))  # noqa: B010 mypy knows no such attribute
app.callback()(_hold)
