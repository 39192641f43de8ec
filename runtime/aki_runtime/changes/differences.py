"""How two states of an attribute differ, each way of comparing one once: kinds of change from the table, and words.

Must not know how grave a kind is. What a hub says comes in the form in which two states are compared, where values are
JSON text.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias, TypeVar

from ..metadata import EndpointMetadata, FieldMetadata, MediaLimit, MediaLimits, shown
from ..metadata.attributes import normal_number
from ..metadata.field import CONVERTIBLE, takes
from ..shapes import is_multiple, range_in_words

MAX_LISTED = 8
"""Values of a list that a sentence names."""

Found: TypeAlias = tuple[str, str]
"""A kind of change, and what changed in one sentence."""

Said = TypeVar("Said", EndpointMetadata, FieldMetadata)


def readable(name: str) -> str:
    """Show a name as it is where that is harmless, else as Python writes it."""
    return name if name.isprintable() and len(name) <= 60 and name.strip() else shown(name)


def listed(values: Iterable[object]) -> str:
    """List values that are given as JSON text."""
    texts = [_value(value) for value in values]
    more = len(texts) - MAX_LISTED
    return ", ".join(texts[:MAX_LISTED]) + (f" and {more} more" if more > 0 else "")


def _value(text: object) -> str:
    if text is None:
        return "none"
    # Long ones may be nested deeper than Python follows.
    return shown(json.loads(text) if isinstance(text, str) and len(text) <= 240 else text)


def not_compared(old: Said, new: Said) -> Iterator[Found]:
    """Find nothing: which endpoints and fields there are is compared by whoever has all of them."""
    yield from ()


def changed(
    attribute: str, kind: Callable[[Said, Said], str], words: Callable[[object], str]
) -> Callable[[Said, Said], Iterator[Found]]:
    """Compare one attribute: by its name, the kind of change, and how a value is said."""

    def find(old: Said, new: Said) -> Iterator[Found]:
        was, now = getattr(old, attribute), getattr(new, attribute)
        if was != now:
            yield kind(old, new), f"its {attribute} changes: {words(was)} → {words(now)}"

    return find


def value_or_none(value: object) -> str:
    """Say a value that may be absent."""
    return "none" if value is None else shown(value)


def version_kind(old: EndpointMetadata, new: EndpointMetadata) -> str:
    """Return the kind of a change of version."""
    if new.version is None:
        return "version dropped"
    is_lower = old.version is not None and new.version < old.version
    return "version lowered" if is_lower else "version raised"


def limit_changed(
    words: Callable[[FieldMetadata], str],
    is_tighter: Callable[[FieldMetadata, FieldMetadata], bool],
    tighter: Found,
    looser: Found,
) -> Callable[[FieldMetadata, FieldMetadata], Iterator[Found]]:
    """Compare a limit: by its words, and by whether the new one is tighter."""

    def find(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
        was, now = words(old), words(new)
        if was == now or not _is_alike(old, new):
            return
        if is_tighter(old, new):
            yield _tightened(tighter[0], f"{tighter[1]}: {was} → {now}", converts=new.converts)
        else:
            yield looser[0], f"{looser[1]}: {was} → {now}"

    return find


def range_words(field: FieldMetadata) -> str:
    """Say the bounds of a number."""
    low, high = (None if n is None else normal_number(n) for n in (field.minimum, field.maximum))
    return range_in_words(low, high) or "any"


def measured(attribute: str, words: str, without: str) -> Callable[[FieldMetadata], str]:
    """Say one figure, as in `multiples of {}`; and what it means that there is none."""

    def say(field: FieldMetadata) -> str:
        value = getattr(field, attribute)
        return without if value is None else words.format(normal_number(value))

    return say


def _tightened(kind: str, message: str, others: str = "values", *, converts: bool) -> Found:
    if converts:
        return f"{kind}, converted", f"{message}; the hub converts other {others} silently"
    return kind, message


def _is_alike(old: FieldMetadata, new: FieldMetadata) -> bool:
    return old.type == new.type or (old.type, new.type) == ("integer", "number")


def _is_higher(new: float | None, old: float | None) -> bool:
    return new is not None and (old is None or new > old)


def _is_lower(new: float | None, old: float | None) -> bool:
    return new is not None and (old is None or new < old)


def is_narrower(old: FieldMetadata, new: FieldMetadata) -> bool:
    """Whether the bounds leave out what was within them."""
    return _is_higher(new.minimum, old.minimum) or _is_lower(new.maximum, old.maximum)


def is_coarser(old: FieldMetadata, new: FieldMetadata) -> bool:
    """Whether the step leaves out what was a multiple of it."""
    before = 1 if old.type == "integer" and old.step is None else old.step
    return new.step is not None and (before is None or not is_multiple(before, new.step))


def lowered(attribute: str) -> Callable[[FieldMetadata, FieldMetadata], bool]:
    """Compare a largest value: whether the new one is lower."""
    return lambda old, new: _is_lower(getattr(new, attribute), getattr(old, attribute))


def required_changed(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
    """Compare whether a call must give a parameter."""
    if new.required and not old.required:
        yield "became required", "it is required now: optional → required"
    if old.required and not new.required:
        default = f" (default {_value(new.default)})" if new.default is not None else ""
        yield "became optional", f"it is optional now: required → optional{default}"


def _default_kind(old: FieldMetadata, new: FieldMetadata) -> str:
    what = "added" if old.default is None else "removed" if new.default is None else "changed"
    return f"default {what}"


def default_changed(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
    """Compare what the hub uses in the absence of a parameter."""
    if not old.required and not new.required:
        yield from changed("default", _default_kind, _value)(old, new)


def type_kind(old: FieldMetadata, new: FieldMetadata) -> str:
    """Return the kind of a change of type: whether what was taken is still taken."""
    # Where the hub converts, any number is a text, but not every text a number.
    numbers = frozenset({"integer", "number", "boolean"})
    made_from = CONVERTIBLE if new.type in ("text", "choice") else numbers
    widens = old.type == "choice" and _takes_all(replace(new, converts=False), old.choices)
    if widens or (old.type, new.type) == ("integer", "number"):
        return "type widened"
    return "type changed, converted" if new.converts and old.type in made_from else "type changed"


def _takes_all(field: FieldMetadata, values: tuple[object, ...]) -> bool:
    plain = field.type in ("text", "integer", "number", "boolean")
    return plain and all(takes(field, json.loads(str(value))) for value in values)


def conversion_changed(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
    """Compare whether the hub fits other values."""
    fits = old.type == new.type or type_kind(old, new) == "type widened"
    if old.converts == new.converts or not fits or not {old.type, new.type} <= CONVERTIBLE:
        return
    if new.converts:
        yield "conversion gained", "other values are now converted: refused → converted"
    else:
        yield "conversion lost", "other values are no longer converted: converted → refused"


def choices_changed(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
    """Compare the values that a parameter takes."""
    if old.type != new.type:
        return
    gone, added = _gone_and_added(old.choices, new.choices)
    counts = f"{len(old.choices)} → {len(new.choices)} choices"
    if gone:
        message = f"it takes {listed(gone)} no longer: {counts}"
        yield _tightened("choice removed", message, converts=new.converts)
    if added:
        yield "choice added", f"it takes {listed(added)} too: {counts}"


def _gone_and_added(
    old: tuple[object, ...], new: tuple[object, ...]
) -> tuple[list[object], list[object]]:
    before, after = set(old), set(new)
    return [v for v in old if v not in after], [v for v in new if v not in before]


def media_changed(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
    """Compare the limits of a medium."""
    if old.type == new.type:
        yield from _media_changes(old.media, new.media)


def support_changed(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
    """Compare what the messages of a chat may hold."""
    if old.type != new.type:
        return
    before, after = dict(old.support), dict(new.support)
    held = " → ".join(", ".join(("text", *sorted(kinds))) for kinds in (before, after))
    for kind in sorted(before.keys() - after.keys()):
        yield "chat medium removed", f"messages hold {kind} no longer: {held}"
    for kind in sorted(after.keys() - before.keys()):
        yield "chat medium added", f"messages may hold {kind} too: {held}"
    for kind in sorted(before.keys() & after.keys()):
        yield from _media_changes(before[kind], after[kind], f"{kind} ")


def _media_changes(old: MediaLimits, new: MediaLimits, place: str = "") -> Iterator[Found]:
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name, MediaLimit()), new.get(name, MediaLimit())
        said = f"{place}{name}"
        # A limit that comes or goes brings or takes its conversion: that is not news of its own.
        if was.converts != now.converts and name in old and name in new:
            what, how = ("gained", "refused → converted")
            if was.converts:
                what, how = ("lost", "converted → refused")
            message = f"media whose {said} does not fit are treated otherwise: {how}"
            yield f"media conversion {what}", message
        change = f"{_medium(was)} → {_medium(now)}"
        if _is_stricter(was, now):
            message = f"its {said} limit narrows: {change}"
            yield _tightened("media limit narrowed", message, "media", converts=now.converts)
        elif _is_stricter(now, was):
            yield "media limit widened", f"its {said} limit widens: {change}"


def _is_stricter(old: MediaLimit, new: MediaLimit) -> bool:
    if new.supported and (not old.supported or not set(old.supported) <= set(new.supported)):
        return True
    pairs: tuple[tuple[Sequence[float], Sequence[float], Callable[..., bool]], ...] = (
        (new.minimum, old.minimum, _is_higher),
        (new.maximum, old.maximum, _is_lower),
        (new.align, old.align, _is_finer_grid),
    )
    return any(
        is_tighter(value, before[place] if place < len(before) else None)
        for now, before, is_tighter in pairs
        for place, value in enumerate(now)
    )


def _is_finer_grid(new: float, old: float | None) -> bool:
    # A step of nothing is not a step.
    return new > 0 and new != 1 and (not old or not is_multiple(old, new))


def _medium(limit: MediaLimit) -> str:
    low, high, step = (
        " by ".join(map(str, figures)) for figures in (limit.minimum, limit.maximum, limit.align)
    )
    parts = [
        listed(limit.supported),
        range_in_words(low or None, high or None),
        f"multiples of {step}" if step else "",
    ]
    return ", ".join(filter(None, parts)) or "any"


def output_type_kind(old: FieldMetadata, new: FieldMetadata) -> str:
    """Return the kind of a change of type: whether what may come might have come before."""
    # Limits of an output are nobody's business; what counts is the type of its values.
    was, now = FieldMetadata("", type=old.type), FieldMetadata("", type=new.type)
    narrows = new.type == "choice" and _takes_all(was, new.choices)
    if narrows or (old.type, new.type) == ("number", "integer"):
        return "field type narrowed"
    opens = old.type == "choice" and _takes_all(now, old.choices)
    return "field type opened" if opens else "field type changed"


def values_changed(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
    """Compare the values that an output may have."""
    if old.type != new.type:
        return
    gone, added = _gone_and_added(old.choices, new.choices)
    counts = f"{len(old.choices)} → {len(new.choices)} values"
    if added:
        yield "value added", f"it may be {listed(added)} too: {counts}"
    if gone:
        yield "value removed", f"it is {listed(gone)} no longer: {counts}"


def encoding_changed(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
    """Compare the format and colour space of a medium."""
    if old.type == new.type and old.encoding != new.encoding:
        was, now = (
            ", ".join(shown(value) for _, value in sorted(said.encoding.items())) or "unknown"
            for said in (old, new)
        )
        yield "encoding changed", f"its encoding changes: {was} → {now}"


def others_changed(kind: str) -> Callable[[FieldMetadata, FieldMetadata], Iterator[Found]]:
    """Compare what no other row does."""

    def find(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
        before, after = old.rest, new.rest
        names = sorted(n for n in {*before, *after} if before.get(n) != after.get(n))
        if not names:
            yield kind, "attributes change that the client does not go by"
            return
        change = f"{_value(before.get(names[0]))} → {_value(after.get(names[0]))}"
        more = f", and {len(names) - 1} more" if len(names) > 1 else ""
        yield kind, f"its attribute {shown(names[0])} changes: {change}{more}"

    return find
