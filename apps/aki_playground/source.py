"""The Python code of exactly one call, ready to be run. Every literal in it comes from the one maker of literals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from aki_codegen.literals import literal

from .outputs import OutputKind

WIDTH = 88
"""Columns of a line; only a text that is longer by itself goes beyond."""


@dataclass(frozen=True)
class Call:
    """One call of an endpoint.

    Attributes:
        package: The package that it is imported from.
        endpoint: The endpoint's name in Python.
        arguments: What is given, by parameter; media as paths.
        outputs: What comes back, by output.
        server: The hub's address where it is not the client's own choice.
    """

    package: str
    endpoint: str
    arguments: Mapping[str, Any]
    outputs: Mapping[str, OutputKind]
    server: str | None = None


def source_of(call: Call) -> str:
    """Return a script that makes the call and prints or saves what comes back."""
    client = f"Aki(api_server={literal(call.server)})" if call.server else "Aki()"
    given = [f"{name}={_value(value, 1)}" for name, value in call.arguments.items()]
    opening = f"result = aki.{call.endpoint}("
    return "\n".join(
        [
            f"from {call.package} import Aki",
            "",
            f"aki = {client}  # the key comes from AKI_API_KEY",
            "",
            _bracketed(opening, given, ")", 0),
            *_showing(call.outputs),
            "",
        ]
    )


def _showing(outputs: Mapping[str, OutputKind]) -> list[str]:
    lines: list[str] = []
    for name, kind in outputs.items():
        match kind:
            case "text":
                lines.append(f"print(result.{name})")
            case "image" | "audio" | "video":
                lines.append(f'print(result.{name}.save("./"))')
            case "images" | "audios" | "videos":
                one = kind.removesuffix("s")
                lines += [f"for {one} in result.{name}:", f'    print({one}.save("./"))']
            case "value":
                pass
    return lines or ["print(result)"]


def _value(value: Any, depth: int) -> str:
    """Write a value; what does not fit on a line is spread over several."""
    if isinstance(value, Path):
        return literal(str(value))
    if isinstance(value, Mapping):
        given = cast("Mapping[str, Any]", value)
        items = [f"{_value(k, depth + 1)}: {_value(v, depth + 1)}" for k, v in given.items()]
        return _bracketed("{", items, "}", depth)
    if isinstance(value, list):
        members = cast("Sequence[Any]", value)
        return _bracketed("[", [_value(item, depth + 1) for item in members], "]", depth)
    return literal(value)


def _bracketed(opening: str, items: list[str], closing: str, depth: int) -> str:
    flat = f"{opening}{', '.join(items)}{closing}"
    if not items or (len(flat) + 4 * depth <= WIDTH and "\n" not in flat):
        return flat
    margin = "    " * depth
    return "\n".join([opening, *(f"{margin}    {item}," for item in items), f"{margin}{closing}"])
