"""Which field of the form stands for which parameter. Pure: it knows no widget toolkit."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from aki_client import Parameter

Widget = Literal[
    "slider",
    "number",
    "choice",
    "open_choice",
    "checkbox",
    "text",
    "json",
    "image",
    "audio",
    "video",
]

MOST_SLIDER_STEPS = 20_000
"""A slider of more steps than this cannot be set with a mouse: a box for numbers is kinder."""

SHOWN_AT_ONCE = 4
"""Fields that are shown before the others are folded away."""


@dataclass(frozen=True)
class Field:
    """One field of the form.

    Attributes:
        parameter: What it stands for.
        widget: How it is filled in.
        text: What is said beside it; plain text, partly the hub's.
        initial: What it holds at first.
        minimum: Smallest number of a slider.
        maximum: Largest number of a slider.
        step: Distance between two numbers of a slider.
        choices: Label and value of each choice.
        lines: Lines of a text box.
        advanced: Whether it is folded away.
    """

    parameter: "Parameter"
    widget: Widget
    text: str
    initial: Any = None
    minimum: float = 0
    maximum: float = 0
    step: float = 1
    choices: tuple[tuple[str, Any], ...] = ()
    lines: int = 1
    advanced: bool = False

    @property
    def name(self) -> str:
        """The parameter's name in Python."""
        return self.parameter.name


def fields_of(parameters: "Mapping[str, Parameter]", texts: Mapping[str, str]) -> list[Field]:
    """Return the form of an endpoint: what matters first, the rest folded away.

    A conversation has its own place on the page, so it and what excludes it are left out.
    """
    is_chat = any(p.type == "chat" for p in parameters.values())
    taken = [
        p for p in parameters.values() if p.type != "chat" and not (is_chat and p.type == "prompt")
    ]
    shown = frozenset[str]() if is_chat else _shown_at_once(taken)
    order = sorted(taken, key=lambda p: (p.name not in shown, not p.required))
    return [_field(p, texts.get(p.name, ""), advanced=p.name not in shown) for p in order]


def _shown_at_once(parameters: "list[Parameter]") -> frozenset[str]:
    first = [p.name for p in parameters if p.required or p.type in ("image", "audio", "video")]
    optional = [p.name for p in parameters if p.name not in first]
    return frozenset((*first, *optional[: max(SHOWN_AT_ONCE - len(first), 0)]))


def _field(parameter: "Parameter", text: str, *, advanced: bool) -> Field:
    default = parameter.default
    match parameter.type:
        case "image" | "audio" | "video":
            return Field(parameter, parameter.type, text, advanced=advanced)
        case "choice":
            widget: Widget = "open_choice" if parameter.converts else "choice"
            choices = tuple((str(choice), choice) for choice in parameter.choices)
            return Field(parameter, widget, text, default, choices=choices, advanced=advanced)
        case "boolean" if default is None and not parameter.required:
            either = (("yes", True), ("no", False))
            return Field(parameter, "choice", text, choices=either, advanced=advanced)
        case "boolean":
            return Field(parameter, "checkbox", text, default is True, advanced=advanced)
        case "integer" | "number":
            return _number(parameter, text, advanced=advanced)
        case "text" | "prompt":
            shown = default if isinstance(default, str) else ""
            lines = 3 if parameter.required or parameter.type == "prompt" else 1
            return Field(parameter, "text", text, shown, lines=lines, advanced=advanced)
        case _:
            shown = "" if default is None else json.dumps(default, ensure_ascii=False)
            return Field(parameter, "json", text, shown, lines=3, advanced=advanced)


def _number(parameter: "Parameter", text: str, *, advanced: bool) -> Field:
    box = Field(parameter, "number", text, parameter.default, advanced=advanced)
    low, high, start = parameter.minimum, parameter.maximum, parameter.default
    # A slider always holds a number: where there is no default, that would be a choice nobody made.
    if low is None or high is None or not low < high or not isinstance(start, int | float):
        return box
    reachable = [*parameter.nearest(low), *parameter.nearest(high)]
    step = _step(parameter, high - low)
    if (
        len(reachable) < 2
        or not reachable[0] < reachable[-1]
        or (reachable[-1] - reachable[0]) / step > MOST_SLIDER_STEPS
        or start not in parameter.nearest(start)
    ):
        return box
    return Field(
        parameter,
        "slider",
        text,
        start,
        minimum=reachable[0],
        maximum=reachable[-1],
        step=step,
        advanced=advanced,
    )


def _step(parameter: "Parameter", span: float) -> float:
    if parameter.step:
        return parameter.step
    return 1 if parameter.type == "integer" else 10.0 ** math.floor(math.log10(span) - 1.5)
