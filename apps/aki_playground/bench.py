"""What every part of the page works with: the check that stands before every run, and the Python code of a call.

The code is that of exactly one call, ready to be run. Every literal in it comes from the one maker of literals.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from aki_codegen.literals import literal
from aki_runtime.errors import InvalidParametersError

from .package import EndpointCard, HubPackage, OutputKind
from .running import Runs

if TYPE_CHECKING:
    from aki_client import AsyncAki, ParameterProblem

    from .running import AnyEndpoint

WIDTH = 88
"""Columns of a line of code; only a text that is longer by itself goes beyond."""


def problems_by_field(
    problems: "Iterable[ParameterProblem]", names: Collection[str]
) -> tuple[dict[str, str], list[str]]:
    """Sort the problems of a refusal.

    Args:
        problems: One per refused parameter.
        names: The parameters that have a field of their own.

    Returns:
        What to say at each field, by parameter, and the sentences that belong to none.
    """
    by_field: dict[str, str] = {}
    others: list[str] = []
    for problem in problems:
        if problem.parameter not in names:
            others.append(problem.message)
        elif problem.kind == "missing":
            by_field[problem.parameter] = "This is required."
        else:
            end = "" if problem.message.endswith((".", "?", "!", "…")) else "."
            by_field[problem.parameter] = problem.message + end
    return by_field, others


@dataclass(frozen=True)
class Bench:
    """What every part of the page works with.

    Attributes:
        package: The package whose endpoints are shown.
        client: Who calls them.
        folder: Where results are kept while the program runs.
        server: The hub's address as it was asked for; None where the client chose it.
        runs: Who waits for what.
    """

    package: HubPackage
    client: "AsyncAki"
    folder: Path
    server: str | None = None
    runs: Runs = field(default_factory=Runs)

    def endpoint(self, card: EndpointCard) -> "AnyEndpoint":
        """Return an endpoint that can be called."""
        found: AnyEndpoint = getattr(self.client, card.name)
        return found

    def check(
        self, card: EndpointCard, arguments: Mapping[str, Any]
    ) -> tuple[dict[str, str], list[str]]:
        """Check a call without sending anything; return the problem at each field, and all others."""
        try:
            card.info.check(dict(arguments), True)
        except InvalidParametersError as error:
            return problems_by_field(error.problems, card.parameters)
        return {}, []

    def source(self, card: EndpointCard, arguments: Mapping[str, Any]) -> str:
        """Return the Python code of a call."""
        return source_of(self.package.name, card.name, arguments, card.outputs, self.server)

    def results_of(self, tab: str) -> Path:
        """Return the folder for the results of one tab."""
        # A tab's name comes from the browser: it must not lead anywhere.
        safe = "".join(char for char in tab if char.isascii() and char.isalnum())
        return self.folder / (safe or "tab")


def source_of(
    package: str,
    endpoint: str,
    arguments: Mapping[str, Any],
    outputs: Mapping[str, OutputKind],
    server: str | None = None,
) -> str:
    """Return a script that makes a call and prints or saves what comes back.

    Args:
        package: The package that it is imported from.
        endpoint: The endpoint's name in Python.
        arguments: What is given, by parameter; media as paths.
        outputs: What comes back, by output.
        server: The hub's address where it is not the client's own choice.
    """
    client = f"Aki(api_server={literal(server)})" if server else "Aki()"
    given = [f"{name}={_value(value, 1)}" for name, value in arguments.items()]
    lines = [
        *(f"from {package} import Aki", ""),
        *(f"aki = {client}  # the key comes from AKI_API_KEY", ""),
        _bracketed(f"result = aki.{endpoint}(", given, ")", 0),
        *_showing(outputs),
    ]
    return "\n".join(lines) + "\n"


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
