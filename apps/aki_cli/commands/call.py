"""`aki call NAME "…" --width 512`: an endpoint's parameters are options, made from what the package knows of it.

Every word with two dashes behind the endpoint's name belongs to the endpoint. What `aki call` itself takes stands
before the name, or behind it as a single letter with one dash, so that no parameter, whatever a hub calls it, can mean
something else tomorrow. No model is imported for help.
"""

import inspect
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from aki_runtime.metadata import MEDIA, FieldMetadata, field_in_words
from aki_runtime.terminal import one_line
from typer.core import TyperGroup

from ..catalogue import Catalogue, CatalogueEntry, default_of, find_endpoint
from ..exits import CommandError, Exit
from ..root import new_app
from ..settings import settings_of
from ..showing import output_option, save_to_option, sink

_USABLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", re.ASCII)
_METAVARS: dict[str, str] = {
    "integer": "INTEGER",
    "number": "NUMBER",
    "choice": "CHOICE",
    "json": "JSON",
    "chat": "JSON",
    **dict.fromkeys(MEDIA, "FILE"),
}


_TEXT = "text"


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
        command = _command_of(found, ctx.params)
        command.name = cmd_name
        return command

    def invoke(self, ctx: Any) -> Any:
        """Carry the endpoint's command out; without one, say what to write."""
        if not (ctx._protected_args or ctx.args):
            raise CommandError(
                "say which endpoint: aki call NAME; `aki endpoints` lists them", Exit.USAGE
            )
        return super().invoke(ctx)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Leave the endpoints to the command that lists them."""


def _json_option(*names: str) -> Any:
    help_ = "Read the whole input from a JSON file, - from stdin; options override it."
    return typer.Option(*names, metavar="FILE", help=help_)


def _detach_option(*names: str) -> Any:
    help_ = "Submit the job, print its id and leave; `aki job` fetches the result."
    return typer.Option(*names, help=help_)


_OWN: dict[str, tuple[Any, Callable[..., Any], tuple[str, str]]] = {
    "json_file": (str | None, _json_option, ("--json", "-j")),
    "output": (str | None, output_option, ("--output", "-o")),
    "save_to": (str | None, save_to_option, ("--save-to", "-s")),
    "detached": (bool | None, _detach_option, ("--detach", "-d")),
}
"""The command's own options: type, maker and names, of which only the letter may stand behind the endpoint's."""


def _keyword(name: str, annotation: Any, info: Any = None) -> inspect.Parameter:
    kind = Annotated[annotation, info] if info else annotation
    none = inspect.Parameter.empty if info is None else None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=none, annotation=kind)


def _with_parameters(
    function: Callable[..., Any], parameters: Sequence[inspect.Parameter]
) -> Callable[..., Any]:
    setattr(function, "__signature__", inspect.Signature(parameters))  # noqa: B010 mypy knows no such attribute
    return function


def _hold(**_: Any) -> None:
    """Hold the command's own options, which the endpoint's command reads."""


call = new_app(
    Endpoints,
    help="Call an endpoint and wait for its result. `aki call NAME --help` lists its parameters.",
    epilog="These options stand before NAME: every word with two dashes behind it is the endpoint's. "
    "The single letters may stand behind it too. `aki endpoints` lists the names.",
    subcommand_metavar="NAME [PARAMETERS]",
)
call.callback()(
    _with_parameters(
        _hold, [_keyword(n, kind, make(*names)) for n, (kind, make, names) in _OWN.items()]
    )
)


def options_of(found: CatalogueEntry) -> dict[str, str]:
    """Return the option of each parameter, by the parameter's name; what cannot be one is left to `--json`."""
    named: dict[str, str] = {}
    taken: set[str] = set()
    for name in found.section("input"):
        option = f"--{name.replace('_', '-')}"
        option = option if option not in taken else f"--{name}"
        if _USABLE.fullmatch(name) and option not in taken:
            named[name] = option
            taken.add(option)
    return named


def _command_of(found: CatalogueEntry, before: dict[str, Any]) -> Any:
    """Return the command of an endpoint; `before` holds the options that were written before its name."""
    options = options_of(found)
    fields = found.section("input")
    # A parameter may be called anything, `ctx` and `output` among it: behind the options stand names of our own.
    by_place = {f"p{place}": name for place, name in enumerate(options)}

    def run(ctx: typer.Context, **given: Any) -> int:
        # Help and completion come without what a call needs.
        from ..calling import call, detach, input_of, with_main_text

        text = given.pop(_TEXT, None)
        written = {place: value for place, value in given.items() if value is not None}
        values = {name: written.pop(place) for place, name in by_place.items() if place in written}
        own = {**before, **written}
        settings = settings_of(ctx)
        target = sink(own["output"] or "text", own["save_to"] or ".")
        inputs = input_of(found, own["json_file"], values)
        if own["json_file"] is None or text is not None:
            inputs = with_main_text(found, inputs, text)
        if own["detached"]:
            detach(settings, found, inputs)
        else:
            call(settings, target, found, inputs)
        return Exit.OK

    main = found.main_text
    argument = typer.Argument(metavar="[TEXT]", help=_main_help(found), show_default=False)
    parameters = [
        _keyword("ctx", typer.Context),
        *([_keyword(_TEXT, str | None, argument)] if main else []),
        *(
            _parameter(place, name, found, options, fields[name])
            for place, name in by_place.items()
        ),
        *(_keyword(name, kind, make(names[1])) for name, (kind, make, names) in _OWN.items()),
    ]
    app = new_app()
    app.command(help=_help(found), epilog=_epilog(found, options), options_metavar="[PARAMETERS]")(
        _with_parameters(run, parameters)
    )
    return typer.main.get_command(app)


def _main_help(found: CatalogueEntry) -> str:
    name = found.main_text or ""
    is_chat = name and found.section("input")[name].type == "chat"
    what = "The user's message" if is_chat else f"The {name}"
    return f"{what}; what comes from stdin where it is not written, or written as -."


def _parameter(
    place: str, name: str, found: CatalogueEntry, options: dict[str, str], field: FieldMetadata
) -> inspect.Parameter:
    option = options[name]
    kind: Any = str | None
    metavar: str | None = _METAVARS.get(field.type, "TEXT")
    if field.type == "boolean":
        kind, metavar = bool | None, None
        off = f"--no-{option.removeprefix('--')}"
        # A parameter of that name goes first; this one is then switched off with --json.
        option = option if off in options.values() else f"{option}/{off}"
    words = [str(choice) for choice in field.choices]

    def candidates(incomplete: str) -> list[str]:
        return [word for word in words if word.startswith(incomplete)]

    info = typer.Option(
        option,
        metavar=metavar,
        help=_line(field),
        show_default=False,
        autocompletion=candidates if words else None,
    )
    return _keyword(place, kind, info)


def _line(field: FieldMetadata) -> str:
    description = one_line(field.description).rstrip(".")
    parts = [*([description] if description else []), field_in_words(field, one_line)]
    default = default_of(field)
    mark = "  [required]" if field.required else f"  [default: {default}]" if default else ""
    return ". ".join(parts) + "." + mark


def _help(found: CatalogueEntry) -> str:
    return f"{one_line(found.title)}. {one_line(found.metadata.description)}".strip()


def _epilog(found: CatalogueEntry, options: dict[str, str]) -> str:
    left = [one_line(name) for name in found.section("input") if name not in options]
    return (
        "@FILE reads a value from a file, @- from stdin; @@ begins a text with an at sign. "
        "Options of `aki call` itself stand before the endpoint's name."
        + (f" Only in --json: {', '.join(left)}." if left else "")
    )
