"""`aki call NAME "…" --width 512`: an endpoint's parameters are options, made from what the package knows of it.

Every word with two dashes behind the endpoint's name belongs to the endpoint. What `aki call` itself takes stands
before the name, or behind it as a single letter with one dash, so that no parameter, whatever a hub calls it, can mean
something else tomorrow. No model is imported for help.
"""

import re
from typing import Any

from aki_runtime.metadata import MEDIA, FieldMetadata
from aki_runtime.terminal import one_line
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from ..catalogue import Catalogue, CatalogueEntry, default_of, find_endpoint, what_it_takes
from ..exits import CommandError, Exit
from ..root import LOOK
from ..settings import settings_of
from ..showing import OUTPUT, SAVE_TO, sink

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
BOTH, LETTER = slice(None), slice(1, None)
"""Which names of an own option are free: behind an endpoint's name only the letter is."""


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
        return _command_of(cmd_name, found, ctx)

    def invoke(self, ctx: Any) -> Any:
        """Carry the endpoint's command out; without one, say what to write."""
        if not (ctx._protected_args or ctx.args):
            raise CommandError(
                "say which endpoint: aki call NAME; `aki endpoints` lists them", Exit.USAGE
            )
        return super().invoke(ctx)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Leave the endpoints to the command that lists them."""


def _own_options(names: slice) -> list[TyperOption]:
    """Return the command's own options, each by some of its names."""
    return [
        TyperOption(
            param_decls=["json_file", *("--json", "-j")[names]],
            metavar="FILE",
            help="Read the whole input from a JSON file, - from stdin; options override it.",
        ),
        TyperOption(param_decls=["output", *("--output", "-o")[names]], **OUTPUT),
        TyperOption(param_decls=["save_to", *("--save-to", "-s")[names]], **SAVE_TO),
        TyperOption(
            param_decls=["detached", *("--detach", "-d")[names]],
            is_flag=True,
            default=None,
            help="Submit the job, print its id and leave; `aki job` fetches the result.",
        ),
    ]


call = Endpoints(
    help="Call an endpoint and wait for its result. `aki call NAME --help` lists its parameters.",
    epilog="These options stand before NAME: every word with two dashes behind it is the endpoint's. "
    "The single letters may stand behind it too. `aki endpoints` lists the names.",
    subcommand_metavar="NAME [PARAMETERS]",
    params=_own_options(BOTH),
    **LOOK,
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


def _command_of(name: str, found: CatalogueEntry, before: Any) -> TyperCommand:
    """Return the command of an endpoint; `before` is the context of what was written before its name."""
    options = options_of(found)
    fields = found.section("input")
    # A parameter may be called anything, `ctx` and `output` among it: behind the options stand names of our own.
    by_place = {f"p{place}": name for place, name in enumerate(options)}

    def run(**given: Any) -> int:
        # Help and completion come without what a call needs.
        from ..calling import detach, follow, input_of, with_main_text

        text = given.pop(_TEXT, None)
        written = {place: value for place, value in given.items() if value is not None}
        values = {name: written.pop(place) for place, name in by_place.items() if place in written}
        own = {**before.params, **written}
        settings = settings_of(before)
        target = sink(own["output"] or "text", own["save_to"] or ".")
        inputs = input_of(found, own["json_file"], values)
        if own["json_file"] is None or text is not None:
            inputs = with_main_text(found, inputs, text)
        with settings.client() as client:
            if own["detached"]:
                detach(settings, client, found, inputs)
                return Exit.OK
            watch = target.watch()
            result = follow(settings, client, found, inputs, watch)
        target.deliver(result, streamed=watch.streamed)
        return Exit.OK

    text = TyperArgument(
        param_decls=[_TEXT], metavar="[TEXT]", help=_main_help(found), required=False
    )
    parameters: list[Any] = [
        *([text] if found.main_text else []),
        *(_option(place, options[name], fields[name], options) for place, name in by_place.items()),
        *_own_options(LETTER),
    ]
    return TyperCommand(
        name,
        params=parameters,
        callback=run,
        help=_help(found),
        epilog=_epilog(found, options),
        options_metavar="[PARAMETERS]",
        **LOOK,
    )


def _main_help(found: CatalogueEntry) -> str:
    name = found.main_text or ""
    is_chat = name and found.section("input")[name].type == "chat"
    what = "The user's message" if is_chat else f"The {name}"
    return f"{what}; what comes from stdin where it is not written, or written as -."


def _option(place: str, option: str, field: FieldMetadata, options: dict[str, str]) -> TyperOption:
    is_switch = field.type == "boolean"
    off = f"--no-{option.removeprefix('--')}"
    # A parameter of that name goes first; this one is then switched off with --json.
    names = f"{option}/{off}" if is_switch and off not in options.values() else option
    words = [str(choice) for choice in field.choices]

    return TyperOption(
        param_decls=[place, names],
        is_flag=is_switch,
        default=None,
        metavar=None if is_switch else _METAVARS.get(field.type, "TEXT"),
        help=_line(field),
        autocompletion=(lambda *_: words) if words else None,
    )


def _line(field: FieldMetadata) -> str:
    default = default_of(field)
    mark = "  [required]" if field.required else f"  [default: {default}]" if default else ""
    return f"{what_it_takes(field)}.{mark}"


def _help(found: CatalogueEntry) -> str:
    return f"{one_line(found.title)}. {one_line(found.metadata.description)}".strip()


def _epilog(found: CatalogueEntry, options: dict[str, str]) -> str:
    left = [one_line(name) for name in found.section("input") if name not in options]
    return (
        "@FILE reads a value from a file, @- from stdin; @@ begins a text with an at sign. "
        "Options of `aki call` itself stand before the endpoint's name."
        + (f" Only in --json: {', '.join(left)}." if left else "")
    )
