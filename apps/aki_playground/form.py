"""The form of an endpoint: a field for each parameter, and what was filled in as the arguments of a call. Pure values.

Only what differs from the hub's default is given. It must not know a widget toolkit.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

Medium = Literal["image", "audio", "video"]

if TYPE_CHECKING:
    from aki_client import Parameter

Widget = Literal["slider", "number", "choice", "open_choice", "checkbox", "text", "json", Medium]

MOST_SLIDER_STEPS = 20_000
"""A slider of more steps than this cannot be set with a mouse: a box for numbers is kinder."""

SHOWN_AT_ONCE = 4
"""Fields that are shown before the others are folded away."""


@dataclass(frozen=True)
class FormField:
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
    text: str = ""
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

    @property
    def label(self) -> str:
        """The name in words."""
        return in_words(self.name) + (" *" if self.parameter.required else "")

    def holds(self, value: Any, owns: Callable[[str], bool]) -> bool:
        """Whether this field can hold a value that the browser has kept.

        Args:
            value: The value, which may be anything.
            owns: Whether a path leads to a file of this program.
        """
        match self.widget:
            case "slider" | "number":
                return isinstance(value, int | float) and not isinstance(value, bool)
            case "choice" | "open_choice":
                is_listed = any(same(value, choice) for _, choice in self.choices)
                return is_listed or (self.widget == "open_choice" and isinstance(value, str))
            case "checkbox":
                return isinstance(value, bool)
            case "text" | "json":
                return isinstance(value, str)
            case _:
                return isinstance(value, str) and owns(value)


def in_words(name: str) -> str:
    """Return a name in Python as a label."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def fields_of(parameters: "Mapping[str, Parameter]", texts: Mapping[str, str]) -> list[FormField]:
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


def _field(parameter: "Parameter", text: str, *, advanced: bool) -> FormField:
    default = parameter.default
    new = partial(FormField, parameter, text=text, advanced=advanced)
    match parameter.type:
        case "image" | "audio" | "video":
            return new(parameter.type)
        case "choice":
            choices = tuple((str(choice), choice) for choice in parameter.choices)
            widget: Widget = "open_choice" if parameter.converts else "choice"
            return new(widget, initial=default, choices=choices)
        case "boolean" if default is None and not parameter.required:
            return new("choice", choices=(("yes", True), ("no", False)))
        case "boolean":
            return new("checkbox", initial=default is True)
        case "integer" | "number":
            slider = _slider(parameter)
            return new("slider", **slider) if slider else new("number", initial=default)
        case "text" | "prompt":
            lines = 3 if parameter.required or parameter.type == "prompt" else 1
            return new("text", initial=default if isinstance(default, str) else "", lines=lines)
        case _:
            shown = "" if default is None else json.dumps(default, ensure_ascii=False)
            return new("json", initial=shown, lines=3)


def _slider(parameter: "Parameter") -> dict[str, Any]:
    """Return the attributes of a number's slider; empty where a box is kinder."""
    low, high, start = parameter.minimum, parameter.maximum, parameter.default
    # A slider always holds a number: where there is no default, that would be a choice nobody made.
    if low is None or high is None or not low < high or not isinstance(start, int | float):
        return {}
    reachable = [*parameter.nearest(low), *parameter.nearest(high)]
    first, last = min(reachable, default=low), max(reachable, default=low)
    step = _step(parameter, high - low)
    is_fine = first < last and (last - first) / step <= MOST_SLIDER_STEPS
    if not is_fine or start not in parameter.nearest(start):
        return {}
    return {"initial": start, "minimum": first, "maximum": last, "step": step}


def _step(parameter: "Parameter", span: float) -> float:
    if parameter.step:
        return parameter.step
    return 1 if parameter.type == "integer" else 10.0 ** math.floor(math.log10(span) - 1.5)


@dataclass(frozen=True)
class FormArguments:
    """The arguments in a form.

    Attributes:
        arguments: The values that are given, by parameter.
        problems: Why a field cannot be read, by parameter.
    """

    arguments: Mapping[str, Any]
    problems: Mapping[str, str] = field(default_factory=dict[str, str])


def read_form(fields: Iterable[FormField], values: Iterable[Any]) -> FormArguments:
    """Read the values of a form's fields, in their order."""
    arguments: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for one, entered in zip(fields, values, strict=True):
        try:
            value = _value(one, entered)
        except ValueError as error:
            problems[one.name] = str(error)
            continue
        if value is not None and (one.parameter.required or not same(value, one.parameter.default)):
            arguments[one.name] = value
    return FormArguments(arguments, problems)


def same(one: object, other: object) -> bool:
    """Whether two values are the same to a hub: 1 and 1.0 are, 1 and True are not."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _value(one: FormField, entered: Any) -> Any:
    match one.widget:
        case "json":
            return _json(entered)
        case "text":
            # An empty box gives no text where none is needed, and where the hub's default is not to be cleared.
            return entered if entered or (one.initial and not one.parameter.required) else None
        case "slider" | "number":
            whole = one.parameter.type == "integer" and isinstance(entered, float)
            return int(entered) if whole and entered.is_integer() else entered
        case "open_choice":
            return entered or None
        case _:
            return entered


def _json(entered: Any) -> Any:
    if not isinstance(entered, str) or not entered.strip():
        return None
    try:
        return json.loads(entered, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"This must be JSON: {error.msg} ({where}).") from None
    except RecursionError:
        raise ValueError("This JSON is nested too deeply.") from None


def _refuse_constant(word: str) -> None:
    raise ValueError(f"This must be JSON, which has no number {word}.")
