"""What is compared, how a change is classed for those who call an endpoint, and its words: one table for all.

Code, tests and documentation go by it. Must not know documents: what a hub says comes in the form in which two states
are compared, where values are JSON text.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeAlias, TypeVar

from ..metadata import EndpointMetadata, FieldMetadata, MediaLimit, MediaLimits, shown
from ..metadata.attributes import normal_number
from ..metadata.field import CONVERTIBLE, takes
from ..shapes import is_multiple, range_in_words

Severity = Literal["harmless", "risky", "breaking"]
Scope = Literal["endpoint", "input", "output"]
"""What a rule is about; "output" stands for progress fields too."""

SEVERITIES: tuple[Severity, ...] = ("harmless", "risky", "breaking")
"""From the least to the worst."""

MAX_LISTED = 8
"""Values of a list that a sentence names."""

Found: TypeAlias = tuple[str, str]
"""A kind of change, and what changed in one sentence."""

_Said = TypeVar("_Said", EndpointMetadata, FieldMetadata)


@dataclass(frozen=True)
class Rule:
    """One kind of change.

    Attributes:
        kind: Its name, which is public: reports and scripts go by it.
        scope: What it is about.
        severity: What it means for calls that were right before.
        why: The reason, one sentence.
    """

    kind: str
    scope: Scope
    severity: Severity
    why: str


@dataclass(frozen=True)
class Row(Generic[_Said]):
    """What is compared.

    Attributes:
        find: Says how the old and the new differ in it.
        kinds: The kinds of change that it may find, with the class of each and the reason.
    """

    find: Callable[[_Said, _Said], Iterable[Found]]
    kinds: tuple[tuple[str, Severity, str], ...]


def _row(
    find: Callable[[_Said, _Said], Iterable[Found]], *kinds: tuple[str, Severity, str]
) -> Row[_Said]:
    return Row(find, kinds)


def differences(
    rows: Sequence[Row[FieldMetadata]], old: FieldMetadata, new: FieldMetadata
) -> Iterator[Found]:
    """Tell how two fields differ; nothing where they are equal. The last row is about all that the others leave."""
    *known, rest = rows
    found = [one for row in known for one in row.find(old, new)]
    yield from found
    # Attributes mean something else under another type, so that their coming and going is not news of its own.
    is_news = old.rest != new.rest and old.type == new.type
    if is_news or (not found and old != new):
        yield from rest.find(old, new)


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


def _not_compared(old: _Said, new: _Said) -> Iterator[Found]:
    """Find nothing: which endpoints and fields there are is compared by whoever has all of them."""
    yield from ()


def _changed(
    attribute: str, kind: str | Callable[[_Said, _Said], str], words: Callable[[object], str]
) -> Callable[[_Said, _Said], Iterator[Found]]:
    def find(old: _Said, new: _Said) -> Iterator[Found]:
        was, now = getattr(old, attribute), getattr(new, attribute)
        if was != now:
            name = kind if isinstance(kind, str) else kind(old, new)
            yield name, f"its {attribute} changes: {words(was)} → {words(now)}"

    return find


def _or_none(value: object) -> str:
    return "none" if value is None else shown(value)


def _version_kind(old: EndpointMetadata, new: EndpointMetadata) -> str:
    if new.version is None:
        return "version dropped"
    is_lower = old.version is not None and new.version < old.version
    return "version lowered" if is_lower else "version raised"


def _limit(
    words: Callable[[FieldMetadata], str],
    is_tighter: Callable[[FieldMetadata, FieldMetadata], bool],
    tighter: Found,
    looser: Found,
) -> Callable[[FieldMetadata, FieldMetadata], Iterator[Found]]:
    def find(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
        was, now = words(old), words(new)
        if was == now or not _is_alike(old, new):
            return
        if is_tighter(old, new):
            yield _tightened(tighter[0], f"{tighter[1]}: {was} → {now}", converts=new.converts)
        else:
            yield looser[0], f"{looser[1]}: {was} → {now}"

    return find


def _range(field: FieldMetadata) -> str:
    low, high = (None if n is None else normal_number(n) for n in (field.minimum, field.maximum))
    return range_in_words(low, high) or "any"


def _multiples(field: FieldMetadata) -> str:
    return "any" if field.step is None else f"multiples of {normal_number(field.step)}"


def _characters(field: FieldMetadata) -> str:
    return "any length" if field.max_length is None else f"{field.max_length:,} characters"


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


def _is_narrower(old: FieldMetadata, new: FieldMetadata) -> bool:
    return _is_higher(new.minimum, old.minimum) or _is_lower(new.maximum, old.maximum)


def _is_coarser(old: FieldMetadata, new: FieldMetadata) -> bool:
    before = 1 if old.type == "integer" and old.step is None else old.step
    return new.step is not None and (before is None or not is_multiple(before, new.step))


def _is_shorter(old: FieldMetadata, new: FieldMetadata) -> bool:
    return _is_lower(new.max_length, old.max_length)


def _required(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
    if new.required and not old.required:
        yield "became required", "it is required now: optional → required"
    if old.required and not new.required:
        default = f" (default {_value(new.default)})" if new.default is not None else ""
        yield "became optional", f"it is optional now: required → optional{default}"


def _default_kind(old: FieldMetadata, new: FieldMetadata) -> str:
    what = "added" if old.default is None else "removed" if new.default is None else "changed"
    return f"default {what}"


def _default(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
    if not old.required and not new.required:
        yield from _changed("default", _default_kind, _value)(old, new)


def _type_kind(old: FieldMetadata, new: FieldMetadata) -> str:
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


def _conversion(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
    fits = old.type == new.type or _type_kind(old, new) == "type widened"
    if old.converts == new.converts or not fits or not {old.type, new.type} <= CONVERTIBLE:
        return
    if new.converts:
        yield "conversion gained", "other values are now converted: refused → converted"
    else:
        yield "conversion lost", "other values are no longer converted: converted → refused"


def _choices(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
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


def _media(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
    if old.type == new.type:
        yield from _media_changes(old.media, new.media)


def _support(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
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


def _output_type_kind(old: FieldMetadata, new: FieldMetadata) -> str:
    # Limits of an output are nobody's business; what counts is the type of its values.
    was, now = FieldMetadata("", type=old.type), FieldMetadata("", type=new.type)
    narrows = new.type == "choice" and _takes_all(was, new.choices)
    if narrows or (old.type, new.type) == ("number", "integer"):
        return "field type narrowed"
    opens = old.type == "choice" and _takes_all(now, old.choices)
    return "field type opened" if opens else "field type changed"


def _values(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
    if old.type != new.type:
        return
    gone, added = _gone_and_added(old.choices, new.choices)
    counts = f"{len(old.choices)} → {len(new.choices)} values"
    if added:
        yield "value added", f"it may be {listed(added)} too: {counts}"
    if gone:
        yield "value removed", f"it is {listed(gone)} no longer: {counts}"


def _encoding(old: FieldMetadata, new: FieldMetadata) -> Iterator[Found]:
    if old.type == new.type and old.encoding != new.encoding:
        was, now = (
            ", ".join(shown(value) for _, value in sorted(said.encoding.items())) or "unknown"
            for said in (old, new)
        )
        yield "encoding changed", f"its encoding changes: {was} → {now}"


def _others(kind: str) -> Callable[[FieldMetadata, FieldMetadata], Iterator[Found]]:
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


_REFUSED = "Values that were taken are refused."
_FITTED = "With `auto_convert` values that were taken as they are become others, without a word."
_TAKEN = "Every value that was taken is still taken."
_SHOWN = "It is shown to people and decides nothing."
_OTHER_CATEGORY = (
    "Calls stay right, but code that chooses endpoints by category or Protocol may leave it out."
)
_OTHER_VERSION = (
    "What it changes in the metadata is reported by itself; "
    "the model behind it is not part of the metadata."
)
_OLD_CONVERTED = "The hub converts the old values, which may alter them."
_CUT = "With `auto_convert` longer texts are cut or, by a defect of the public server, replaced."
_ONLY_SHOWN = "Its limits are shown only; what was taken is taken as it was."
_MEDIA_CONVERTED = "Media that were taken as they are get converted."
_READS_OLD_NAME = "Code that reads the old name fails; the new one is a guess."
_OPENED = "Besides the named values any other of their type may come."

ENDPOINT: tuple[Row[EndpointMetadata], ...] = (
    _row(
        _not_compared,
        ("endpoint added", "harmless", "No call knows it yet."),
        ("endpoint removed", "breaking", "Every call fails, and the function is gone."),
        ("endpoint renamed", "breaking", "Calls under the old name fail; the new one is a guess."),
        ("details unreadable", "risky", "Nobody knows whether anything else has changed."),
    ),
    _row(_changed("title", "title changed", shown), ("title changed", "harmless", _SHOWN)),
    _row(
        _changed("description", "description changed", shown),
        ("description changed", "harmless", _SHOWN),
    ),
    _row(
        _changed("category", "category changed", _or_none),
        ("category changed", "risky", _OTHER_CATEGORY),
    ),
    _row(
        _changed("version", _version_kind, _or_none),
        ("version raised", "harmless", _OTHER_VERSION),
        ("version lowered", "risky", "An older state has come back, with its old behaviour."),
        ("version dropped", "harmless", "Answers no longer tell a version; nothing else changes."),
    ),
)
INPUT: tuple[Row[FieldMetadata], ...] = (
    _row(
        _not_compared,
        ("parameter added", "harmless", "Calls may leave it out."),
        ("required parameter added", "breaking", "Calls that do not give it are refused."),
        ("parameter removed", "breaking", "The hub refuses names that it does not know."),
        ("parameter renamed", "breaking", "The hub refuses the old name; the new one is a guess."),
    ),
    _row(
        _changed("type", _type_kind, str),
        ("type changed", "breaking", "Values of the old type are refused."),
        ("type changed, converted", "risky", _OLD_CONVERTED),
        ("type widened", "harmless", _TAKEN),
    ),
    _row(
        _required,
        ("became required", "breaking", "Calls that leave it out are refused."),
        ("became optional", "harmless", "Calls that give it are still right."),
    ),
    _row(
        _limit(
            _range,
            _is_narrower,
            ("range narrowed", "its range narrows"),
            ("range widened", "its range widens"),
        ),
        ("range narrowed", "breaking", _REFUSED),
        ("range narrowed, converted", "risky", _FITTED),
        ("range widened", "harmless", _TAKEN),
    ),
    _row(
        _limit(
            _multiples,
            _is_coarser,
            ("step tightened", "its step changes"),
            ("step loosened", "its step changes"),
        ),
        ("step tightened", "breaking", _REFUSED),
        ("step tightened, converted", "risky", _FITTED),
        ("step loosened", "harmless", _TAKEN),
    ),
    _row(
        _limit(
            _characters,
            _is_shorter,
            ("length tightened", "its longest text changes"),
            ("length loosened", "its longest text changes"),
        ),
        ("length tightened", "breaking", "Texts that were taken are refused."),
        ("length tightened, converted", "risky", _CUT),
        ("length loosened", "harmless", "Every text that was taken is still taken."),
    ),
    _row(
        _choices,
        ("choice removed", "breaking", _REFUSED),
        (
            "choice removed, converted",
            "risky",
            "With `auto_convert` another choice takes its place.",
        ),
        ("choice added", "harmless", _TAKEN),
    ),
    _row(
        _default,
        ("default added", "risky", "Calls that leave it out may now mean something else."),
        ("default changed", "risky", "Calls that leave it out mean something else."),
        ("default removed", "risky", "Calls that leave it out may now mean something else."),
    ),
    _row(
        _conversion,
        ("conversion gained", "harmless", _ONLY_SHOWN),
        ("conversion lost", "breaking", "Values that the hub used to fit are refused."),
    ),
    _row(
        _media,
        ("media limit narrowed", "breaking", "Media that were taken are refused."),
        ("media limit narrowed, converted", "risky", _MEDIA_CONVERTED),
        ("media limit widened", "harmless", "Every medium that was taken is still taken."),
        ("media conversion gained", "harmless", "Media that were refused are converted."),
        ("media conversion lost", "breaking", "Media that the hub used to convert are refused."),
    ),
    _row(
        _support,
        ("chat medium added", "harmless", "Messages may hold more than before."),
        ("chat medium removed", "breaking", "Messages that hold one are refused."),
    ),
    _row(
        _changed("description", "parameter description changed", shown),
        ("parameter description changed", "harmless", _SHOWN),
    ),
    _row(
        _others("other attribute changed"),
        ("other attribute changed", "harmless", "The client does not go by it."),
    ),
)
OUTPUT: tuple[Row[FieldMetadata], ...] = (
    _row(
        _not_compared,
        ("field added", "harmless", "Code that does not know it does not read it."),
        ("field removed", "breaking", "Code that reads it fails."),
        ("field renamed", "breaking", _READS_OLD_NAME),
    ),
    _row(
        _changed("type", _output_type_kind, str),
        ("field type changed", "breaking", "Code that reads it meets values of another type."),
        ("field type narrowed", "harmless", "Every value that may come might have come before."),
        ("field type opened", "risky", _OPENED),
    ),
    _row(
        _values,
        ("value added", "risky", "Code that tells the values apart does not know the new one."),
        ("value removed", "harmless", "Code that tells the values apart waits for it in vain."),
    ),
    _row(_encoding, ("encoding changed", "risky", "Media come in another format or colour space.")),
    _row(
        _changed("description", "field description changed", shown),
        ("field description changed", "harmless", _SHOWN),
    ),
    _row(
        _others("other field attribute changed"),
        ("other field attribute changed", "harmless", "The client does not go by it."),
    ),
)

_TABLES: tuple[tuple[Scope, Sequence[Row[EndpointMetadata] | Row[FieldMetadata]]], ...] = (
    ("endpoint", ENDPOINT),
    ("input", INPUT),
    ("output", OUTPUT),
)
RULES: Mapping[str, Rule] = {
    kind: Rule(kind, scope, severity, why)
    for scope, rows in _TABLES
    for row in rows
    for kind, severity, why in row.kinds
}
"""The rules by the kind of change."""
