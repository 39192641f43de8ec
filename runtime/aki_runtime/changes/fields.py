"""What changed about one parameter, output or progress field: a kind from the table of rules, and a sentence.

Owns the comparison of two fields' facts. Must not know endpoints, or how grave a kind is.
"""

import json
from collections.abc import Iterator
from dataclasses import replace

from ..shapes import is_multiple
from .facts import CONVERTIBLE, FieldFacts, fits
from .media import media_changes, support_changes
from .words import Found, listed, shown, span

_NUMBERS = ("integer", "number")
_CONVERTED_FROM = {
    "text": CONVERTIBLE,
    "choice": CONVERTIBLE,
    **dict.fromkeys(("integer", "number", "boolean"), frozenset({"integer", "number", "boolean"})),
}
"""Types that the hub can make each type from where it converts: any number is a text, not every text a number."""


def input_changes(old: FieldFacts, new: FieldFacts) -> Iterator[Found]:
    """Tell what changed about a parameter; nothing where the facts are equal."""
    if old == new:
        return
    yield from _told(_input_rules(old, new), old, new, "parameter description changed", "attribute")


def output_changes(old: FieldFacts, new: FieldFacts) -> Iterator[Found]:
    """Tell what changed about an output or progress field; nothing where the facts are equal."""
    if old == new:
        return
    rules = _output_rules(old, new)
    yield from _told(rules, old, new, "field description changed", "field attribute")


def _told(
    rules: Iterator[Found], old: FieldFacts, new: FieldFacts, description: str, attribute: str
) -> Iterator[Found]:
    found = list(rules)
    yield from found
    if old.description != new.description:
        message = f"its description changes: {shown(old.description)} → {shown(new.description)}"
        yield Found(description, message)
    # Attributes mean something else under another type, so that their coming and going is no news of its own.
    rest_differs = old.rest != new.rest and old.type == new.type
    same_but_text = replace(old, description="") == replace(new, description="")
    if rest_differs or (not found and not same_but_text):
        yield Found(f"other {attribute} changed", _other_attributes(old, new))


def _other_attributes(old: FieldFacts, new: FieldFacts) -> str:
    before, after = dict(old.rest), dict(new.rest)
    names = sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n))
    if not names:
        return "attributes change that the client does not go by"
    first = names[0]
    change = f"{_value(before.get(first))} → {_value(after.get(first))}"
    more = f", and {len(names) - 1} more" if len(names) > 1 else ""
    return f"its attribute {shown(first)} changes: {change}{more}"


def _input_rules(old: FieldFacts, new: FieldFacts) -> Iterator[Found]:
    if new.required and not old.required:
        yield Found("became required", "it is required now: optional → required")
    if old.required and not new.required:
        default = f" (default {_value(new.default)})" if new.default is not None else ""
        yield Found("became optional", f"it is optional now: required → optional{default}")
    if not old.required and not new.required and old.default != new.default:
        yield _default_change(old.default, new.default)
    if old.type != new.type:
        kind = _type_kind(old, new)
        yield Found(kind, f"its type changes: {old.type} → {new.type}")
        if kind != "type widened":
            return
    if old.converts != new.converts and {old.type, new.type} <= CONVERTIBLE:
        yield _conversion_change(new)
    if old.type in _NUMBERS and new.type in _NUMBERS:
        yield from _range_changes(old, new)
        yield from _step_changes(old, new)
    if old.type == new.type:
        yield from _length_changes(old, new)
        yield from _choice_changes(old, new)
        yield from media_changes(old.media, new.media)
        yield from support_changes(old.support, new.support)


def _default_change(old: str | None, new: str | None) -> Found:
    kind = "added" if old is None else "removed" if new is None else "changed"
    return Found(f"default {kind}", f"its default changes: {_value(old)} → {_value(new)}")


def _type_kind(old: FieldFacts, new: FieldFacts) -> str:
    if old.type == "integer" and new.type == "number":
        return "type widened"
    if old.type == "choice" and _takes_all(new, old.choices):
        return "type widened"
    if new.converts and old.type in _CONVERTED_FROM.get(new.type, ()):
        return "type changed, converted"
    return "type changed"


def _takes_all(field: FieldFacts, choices: tuple[str, ...]) -> bool:
    unconverted = replace(field, converts=False)
    return _is_plain(field) and all(fits(json.loads(choice), unconverted) for choice in choices)


def _conversion_change(new: FieldFacts) -> Found:
    if new.converts:
        return Found("conversion gained", "other values are now converted: refused → converted")
    return Found("conversion lost", "other values are no longer converted: converted → refused")


def _range_changes(old: FieldFacts, new: FieldFacts) -> Iterator[Found]:
    change = f"{span(old.minimum, old.maximum)} → {span(new.minimum, new.maximum)}"
    if _is_higher(new.minimum, old.minimum) or _is_lower(new.maximum, old.maximum):
        yield _tightened("range narrowed", f"its range narrows: {change}", new)
    elif (old.minimum, old.maximum) != (new.minimum, new.maximum):
        yield Found("range widened", f"its range widens: {change}")


def _step_changes(old: FieldFacts, new: FieldFacts) -> Iterator[Found]:
    if old.step == new.step:
        return
    change = f"{_multiples(old)} → {_multiples(new)}"
    before = 1 if old.type == "integer" and old.step is None else old.step
    if new.step is None or (before is not None and is_multiple(before, new.step)):
        yield Found("step loosened", f"its step changes: {change}")
    else:
        yield _tightened("step tightened", f"its step changes: {change}", new)


def _length_changes(old: FieldFacts, new: FieldFacts) -> Iterator[Found]:
    if old.max_length == new.max_length:
        return
    message = f"its longest text changes: {_characters(old)} → {_characters(new)}"
    if _is_lower(new.max_length, old.max_length):
        yield _tightened("length tightened", message, new)
    else:
        yield Found("length loosened", message)


def _choice_changes(old: FieldFacts, new: FieldFacts) -> Iterator[Found]:
    gone, added = _missing(old.choices, new.choices), _missing(new.choices, old.choices)
    counts = f"{len(old.choices)} → {len(new.choices)} choices"
    if gone:
        message = f"it takes {listed(gone)} no longer: {counts}"
        yield _tightened("choice removed", message, new)
    if added:
        yield Found("choice added", f"it takes {listed(added)} too: {counts}")


def _output_rules(old: FieldFacts, new: FieldFacts) -> Iterator[Found]:
    if old.type != new.type:
        yield Found(_output_type_kind(old, new), f"its type changes: {old.type} → {new.type}")
        return
    gone, added = _missing(old.choices, new.choices), _missing(new.choices, old.choices)
    counts = f"{len(old.choices)} → {len(new.choices)} values"
    if added:
        yield Found("value added", f"it may be {listed(added)} too: {counts}")
    if gone:
        yield Found("value removed", f"it is {listed(gone)} no longer: {counts}")
    if old.encoding != new.encoding:
        change = f"{_encoding(old)} → {_encoding(new)}"
        yield Found("encoding changed", f"its encoding changes: {change}")


def _output_type_kind(old: FieldFacts, new: FieldFacts) -> str:
    if old.type == "number" and new.type == "integer":
        return "field type narrowed"
    if new.type == "choice" and _holds_all(old, new.choices):
        return "field type narrowed"
    if old.type == "choice" and _holds_all(new, old.choices):
        return "field type opened"
    return "field type changed"


def _holds_all(field: FieldFacts, values: tuple[str, ...]) -> bool:
    # Limits of an output are nobody's business; what counts is the type of its values.
    kind = FieldFacts(type=field.type)
    return _is_plain(field) and all(fits(json.loads(value), kind) for value in values)


def _is_plain(field: FieldFacts) -> bool:
    return field.type in ("text", "integer", "number", "boolean")


def _tightened(kind: str, message: str, new: FieldFacts) -> Found:
    if new.converts:
        return Found(f"{kind}, converted", f"{message}; the hub converts other values silently")
    return Found(kind, message)


def _is_higher(new: float | None, old: float | None) -> bool:
    return new is not None and (old is None or new > old)


def _is_lower(new: float | None, old: float | None) -> bool:
    return new is not None and (old is None or new < old)


def _missing(values: tuple[str, ...], others: tuple[str, ...]) -> list[str]:
    known = set(others)
    return [value for value in values if value not in known]


def _multiples(facts: FieldFacts) -> str:
    return "any" if facts.step is None else f"multiples of {facts.step}"


def _characters(facts: FieldFacts) -> str:
    return "any length" if facts.max_length is None else f"{facts.max_length:,} characters"


def _encoding(facts: FieldFacts) -> str:
    return ", ".join(shown(value) for _, value in facts.encoding) or "not told"


def _value(text: str | None) -> str:
    return "none" if text is None else listed((text,))
