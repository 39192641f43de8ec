"""The command `aki` itself: its global options, and commands that are imported when they are asked for.

`commands` says what a command is.
"""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .commands import COMMANDS
from .exits import CommandError, Exit
from .settings import PACKAGE, VARIABLES, did_you_mean, settings_of


def new_app(group: type[TyperGroup] | None = None, **attributes: Any) -> typer.Typer:
    """Return a Typer app with plain help: Rich alone would take longer than all the rest."""
    return typer.Typer(
        cls=group,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        **attributes,
    )


def _endpoint_names(ctx: typer.Context, incomplete: str) -> list[str]:
    from .catalogue import Catalogue  # what help can do without

    names = Catalogue(settings_of(ctx).package).names.values()
    return [name for name in names if name.startswith(incomplete)]


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
        if not isinstance(made, typer.Typer):
            function, made = made, new_app()
            made.command()(function)
        command = typer.main.get_command(made)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


app = new_app(
    AkiCommands,
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


@app.callback()
def options(
    ctx: typer.Context,
    package: Annotated[
        str,
        typer.Option(
            metavar="NAME", envvar=VARIABLES["package"], help="The generated package to use."
        ),
    ] = PACKAGE,
    server: Annotated[
        str | None,
        typer.Option(
            metavar="URL", envvar=VARIABLES["server"], help="The hub's address (the package's)."
        ),
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option(
            metavar="aki|aime",
            envvar=VARIABLES["layout"],
            help="The hub's routes: AKI.IO's or an AIME API Server's (as generated).",
            autocompletion=lambda: ["aki", "aime"],
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            envvar=VARIABLES["timeout"],
            help="Longest time for a call (3600).",
        ),
    ] = None,
    key_file: Annotated[
        str | None,
        typer.Option(
            "--api-key-file",
            metavar="FILE",
            envvar=VARIABLES["key_file"],
            help="Read the key from a file.",
        ),
    ] = None,
    prices: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", envvar=VARIABLES["prices"], help="Say what calls cost by a price file."
        ),
    ] = None,
    allow_http: Annotated[
        bool,
        typer.Option("--allow-http", help="Send the key over plain http to another machine."),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks and the log on stderr.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Hold the global options, which `settings_of` reads."""
    if debug:
        from .failures import log_to_stderr

        ctx.call_on_close(log_to_stderr())
