"""What `--map` and `--set` of `aki batch` say, read and checked against the endpoint."""

from difflib import get_close_matches
from typing import Any

from .catalogue import Described
from .exits import Exit
from .problems import CommandError
from .values import read_value


def mapping_of(found: Described, written: list[str]) -> dict[str, str]:
    """Return the parameter that each mapped column is for.

    Args:
        found: The endpoint.
        written: As in `text=prompt`.

    Raises:
        CommandError: It is not written so, or there is no such parameter.
    """
    pairs = [_pair("--map", "COLUMN=PARAMETER", text) for text in written]
    return {column: _parameter("--map", found, name) for column, name in pairs}


def constants_of(found: Described, written: list[str]) -> dict[str, Any]:
    """Return the values of all rows that have none of their own, as `aki call` would read them.

    Args:
        found: The endpoint.
        written: As in `width=512`.

    Raises:
        CommandError: It is not written so, there is no such parameter, or the value cannot be read.
    """
    constants: dict[str, Any] = {}
    facts = found.section("input")
    for text in written:
        name, value = _pair("--set", "PARAMETER=VALUE", text)
        name = _parameter("--set", found, name)
        try:
            constants[name] = read_value(name, value, facts[name], found.choices(name, facts[name]))
        except ValueError as error:
            raise CommandError(f"--set {error}", Exit.USAGE) from None
    return constants


def _pair(option: str, form: str, text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise CommandError(f"{option} takes {form}, not {text!r}", Exit.USAGE)
    return name, value


def _parameter(option: str, found: Described, name: str) -> str:
    names = found.fields.get("input", {})
    name = names.get(name, name)
    if name in names.values():
        return name
    close = get_close_matches(name, names.values(), n=1)
    hint = f"did you mean {close[0]}?" if close else f"`aki show {found.attribute}` lists them"
    raise CommandError(
        f"{option} {name!r}: there is no such parameter of {found.name}; {hint}", Exit.USAGE
    )
