"""An endpoint's parameters as options of a command: made from its facts, so that no model is imported for help.

Every word with two dashes behind the endpoint's name belongs to the endpoint. What `aki call` itself takes stands
before the name, or behind it as a single letter with one dash, so that no parameter, whatever a hub calls it, can mean
something else tomorrow.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer
from aki_runtime.changes.fact_media import MEDIA
from aki_runtime.changes.facts import FieldFacts

from .catalogue import Described
from .style import new_app
from .terminal import one_line
from .words import default_of, takes

_USABLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", re.ASCII)
_METAVARS = {
    "integer": "INTEGER",
    "number": "NUMBER",
    "choice": "CHOICE",
    "json": "JSON",
    "chat": "JSON",
    **dict.fromkeys(MEDIA, "FILE"),
}

Run = Callable[[typer.Context, dict[str, Any], dict[str, Any]], int]
"""Carries a call out, given what was written for the parameters, by their names, and for the command's own options."""


def options_of(found: Described) -> dict[str, str]:
    """Return the option of each parameter, by the parameter's name; those that can be none are left to `--json`."""
    named: dict[str, str] = {}
    taken: set[str] = set()
    for name in found.section("input"):
        option = f"--{name.replace('_', '-')}"
        option = option if option not in taken else f"--{name}"
        if _USABLE.fullmatch(name) and option not in taken:
            named[name] = option
            taken.add(option)
    return named


def endpoint_command(
    found: Described,
    run: "Run",
    own: list[inspect.Parameter],
) -> Any:
    """Return the command of an endpoint.

    Args:
        found: The endpoint.
        run: Carries it out.
        own: The command's own options.
    """
    options = options_of(found)
    by_place = {f"p{place}": name for place, name in enumerate(options)}

    def command(ctx: typer.Context, **given: Any) -> int:
        written = {place: value for place, value in given.items() if value is not None}
        values = {name: written.pop(place) for place, name in by_place.items() if place in written}
        return run(ctx, values, written)

    facts = found.section("input")
    taken = set(options.values())
    parameters = [
        inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context),
        *(
            _parameter(place, options[name], facts[name], found.choices(name, facts[name]), taken)
            for place, name in by_place.items()
        ),
        *own,
    ]
    setattr(command, "__signature__", inspect.Signature(parameters))  # noqa: B010 mypy knows no such attribute
    app = new_app()
    app.command(help=_help(found), epilog=_epilog(found, options), options_metavar="[PARAMETERS]")(
        command
    )
    return typer.main.get_command(app)


def _parameter(
    place: str, option: str, facts: FieldFacts, choices: list[Any], taken: set[str]
) -> inspect.Parameter:
    kind: Any = str | None
    decls = [option]
    metavar: str | None = _METAVARS.get(facts.type, "TEXT")
    if facts.type == "boolean":
        off = f"--no-{option.removeprefix('--')}"
        # A parameter of that name goes first; this one is then switched off with --json.
        kind, metavar = bool | None, None
        decls = [option if off in taken else f"{option}/{off}"]
    words = [str(choice) for choice in choices]

    def candidates(incomplete: str) -> list[str]:
        return [word for word in words if word.startswith(incomplete)]

    info = typer.Option(
        *decls,
        metavar=metavar,
        help=_line(facts, choices),
        show_default=False,
        autocompletion=candidates if words else None,
    )
    return inspect.Parameter(
        place, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, info]
    )


def _line(facts: FieldFacts, choices: list[Any]) -> str:
    said = one_line(facts.description).rstrip(".")
    kind = takes(facts, choices)
    parts = [*([said] if said else []), kind[:1].upper() + kind[1:]]
    default = default_of(facts)
    mark = "  [required]" if facts.required else f"  [default: {default}]" if default else ""
    return ". ".join(parts) + "." + mark


def _help(found: Described) -> str:
    description = one_line(found.facts.description)
    return f"{one_line(found.title)}. {description}".strip()


def _epilog(found: Described, options: dict[str, str]) -> str:
    return " ".join(_remarks(found, options))


def _remarks(found: Described, options: dict[str, str]) -> Iterator[str]:
    yield "@FILE reads a value from a file, @- from stdin; @@ begins a text with an at sign."
    yield "Options of `aki call` itself stand before the endpoint's name."
    left = [one_line(name) for name in found.section("input") if name not in options]
    if left:
        yield f"Only in --json: {', '.join(left)}."
