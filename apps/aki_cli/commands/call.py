"""`aki call NAME --prompt "…"`: an endpoint's parameters are options, made from what the package knows of it.

Everything with two dashes behind NAME is the endpoint's; `parameters` says why.
"""

import inspect
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ..catalogue import Catalogue, Described, find_endpoint
from ..exits import Exit
from ..options import OUTPUT, OUTPUT_LETTER, SAVE_TO, SAVE_TO_LETTER, delivery
from ..parameters import endpoint_command
from ..settings import settings_of
from ..style import new_app

_JSON_HELP = "Read the whole input from a JSON file, - from stdin; options override it."
_DETACH_HELP = "Submit the job, print its id and leave; `aki job` fetches the result."


class Endpoints(TyperGroup):
    """The endpoints as commands, each made when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the endpoints' names in Python."""
        return list(Catalogue(settings_of(ctx).package).names.values())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Make the command of an endpoint; of one that the package lacks, from the live hub."""
        if ctx.resilient_parsing:
            # A word is completed, for which nobody is asked.
            found = Catalogue(settings_of(ctx).package).find(cmd_name)
        else:
            found = find_endpoint(settings_of(ctx), cmd_name)
        if found is None:
            return None

        def run(inner: typer.Context, values: dict[str, Any], own: dict[str, Any]) -> int:
            return _run(inner, found, values, {**ctx.params, **own})

        command = endpoint_command(found, run, _OWN)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Leave the endpoints to the command that lists them."""


app = new_app(
    Endpoints,
    help="Call an endpoint and wait for its result. `aki call NAME --help` lists its parameters.",
    epilog="These options stand before NAME: every word with two dashes behind it is the endpoint's. "
    "The single letters may stand behind it too. `aki endpoints` lists the names.",
    subcommand_metavar="NAME [PARAMETERS]",
)


@app.callback()
def options(
    json_file: Annotated[
        str | None, typer.Option("--json", "-j", metavar="FILE", help=_JSON_HELP)
    ] = None,
    output: Annotated[str, OUTPUT] = "text",
    save_to: Annotated[str, SAVE_TO] = ".",
    detached: Annotated[bool, typer.Option("--detach", "-d", help=_DETACH_HELP)] = False,
) -> None:
    """Hold the command's own options, which the endpoint's command reads."""


def _letter(name: str, kind: Any, option: Any) -> inspect.Parameter:
    annotation = Annotated[kind, option]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


_OWN = [
    _letter("json_file", str | None, typer.Option("-j", metavar="FILE", help=_JSON_HELP)),
    _letter("output", str | None, OUTPUT_LETTER),
    _letter("save_to", str | None, SAVE_TO_LETTER),
    _letter("detached", bool | None, typer.Option("-d", help=_DETACH_HELP)),
]
"""The command's own options as they may stand behind the endpoint's name."""


def _run(ctx: typer.Context, found: Described, values: dict[str, Any], own: dict[str, Any]) -> int:
    # Help and completion come without what a call needs.
    from ..calling import call, detach, input_of

    settings = settings_of(ctx)
    target = delivery(own["output"], own["save_to"])
    given = input_of(found, own["json_file"], values)
    if own["detached"]:
        detach(settings, found, given)
    else:
        call(settings, target, found, given)
    return Exit.OK
