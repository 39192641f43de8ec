"""How each change is classed for those who call an endpoint: one table, a row for each attribute that is compared.

Code, tests and documentation go by it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal

from ..metadata import EndpointMetadata, FieldMetadata
from .differences import (
    Found,
    Said,
    changed,
    choices_changed,
    conversion_changed,
    default_changed,
    encoding_changed,
    is_coarser,
    is_narrower,
    limit_changed,
    lowered,
    measured,
    media_changed,
    not_compared,
    others_changed,
    output_type_kind,
    range_words,
    required_changed,
    support_changed,
    type_kind,
    value_or_none,
    values_changed,
    version_kind,
)

Severity = Literal["harmless", "risky", "breaking"]
Scope = Literal["endpoint", "input", "output"]
"""What a rule is about; "output" stands for progress fields too."""

SEVERITIES: tuple[Severity, ...] = ("harmless", "risky", "breaking")
"""From the least to the worst."""


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
class AttributeRule(Generic[Said]):
    """What is compared.

    Attributes:
        find: Says how the old and the new differ in it.
        kinds: The kinds of change that it may find, with the class of each and the reason.
    """

    find: Callable[[Said, Said], Iterable[Found]]
    kinds: tuple[tuple[str, Severity, str], ...]


def _row(
    find: Callable[[Said, Said], Iterable[Found]], *kinds: tuple[str, Severity, str]
) -> AttributeRule[Said]:
    return AttributeRule(find, kinds)


def _changed(attribute: str, kind: str, severity: Severity, why: str) -> AttributeRule[Any]:
    """Return the row of an attribute that has one kind of change only."""
    return _row(changed(attribute, lambda old, new: kind, value_or_none), (kind, severity, why))


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
_OTHER_CHOICE = "With `auto_convert` another choice takes its place."
_OLD_CONVERTED = "The hub converts the old values, which may alter them."
_CUT = "With `auto_convert` longer texts are cut or, by a defect of the public server, replaced."
_ONLY_SHOWN = "Its limits are shown only; what was taken is taken as it was."
_MEDIA_CONVERTED = "Media that were taken as they are get converted."
_READS_OLD_NAME = "Code that reads the old name fails; the new one is a guess."
_OPENED = "Besides the named values any other of their type may come."

ENDPOINT: tuple[AttributeRule[EndpointMetadata], ...] = (
    _row(
        not_compared,
        ("endpoint added", "harmless", "No call knows it yet."),
        ("endpoint removed", "breaking", "Every call fails, and the function is gone."),
        ("endpoint renamed", "breaking", "Calls under the old name fail; the new one is a guess."),
        ("details unreadable", "risky", "Nobody knows whether anything else has changed."),
    ),
    _changed("title", "title changed", "harmless", _SHOWN),
    _changed("description", "description changed", "harmless", _SHOWN),
    _changed("category", "category changed", "risky", _OTHER_CATEGORY),
    _row(
        changed("version", version_kind, value_or_none),
        ("version raised", "harmless", _OTHER_VERSION),
        ("version lowered", "risky", "An older state has come back, with its old behaviour."),
        ("version dropped", "harmless", "Answers no longer tell a version; nothing else changes."),
    ),
)
INPUT: tuple[AttributeRule[FieldMetadata], ...] = (
    _row(
        not_compared,
        ("parameter added", "harmless", "Calls may leave it out."),
        ("required parameter added", "breaking", "Calls that do not give it are refused."),
        ("parameter removed", "breaking", "The hub refuses names that it does not know."),
        ("parameter renamed", "breaking", "The hub refuses the old name; the new one is a guess."),
    ),
    _row(
        changed("type", type_kind, str),
        ("type changed", "breaking", "Values of the old type are refused."),
        ("type changed, converted", "risky", _OLD_CONVERTED),
        ("type widened", "harmless", _TAKEN),
    ),
    _row(
        required_changed,
        ("became required", "breaking", "Calls that leave it out are refused."),
        ("became optional", "harmless", "Calls that give it are still right."),
    ),
    _row(
        limit_changed(
            range_words,
            is_narrower,
            ("range narrowed", "its range narrows"),
            ("range widened", "its range widens"),
        ),
        ("range narrowed", "breaking", _REFUSED),
        ("range narrowed, converted", "risky", _FITTED),
        ("range widened", "harmless", _TAKEN),
    ),
    _row(
        limit_changed(
            measured("step", "multiples of {}", "any"),
            is_coarser,
            ("step tightened", "its step changes"),
            ("step loosened", "its step changes"),
        ),
        ("step tightened", "breaking", _REFUSED),
        ("step tightened, converted", "risky", _FITTED),
        ("step loosened", "harmless", _TAKEN),
    ),
    _row(
        limit_changed(
            measured("max_length", "{:,} characters", "any length"),
            lowered("max_length"),
            ("length tightened", "its longest text changes"),
            ("length loosened", "its longest text changes"),
        ),
        ("length tightened", "breaking", "Texts that were taken are refused."),
        ("length tightened, converted", "risky", _CUT),
        ("length loosened", "harmless", "Every text that was taken is still taken."),
    ),
    _row(
        choices_changed,
        ("choice removed", "breaking", _REFUSED),
        ("choice removed, converted", "risky", _OTHER_CHOICE),
        ("choice added", "harmless", _TAKEN),
    ),
    _row(
        default_changed,
        ("default added", "risky", "Calls that leave it out may now mean something else."),
        ("default changed", "risky", "Calls that leave it out mean something else."),
        ("default removed", "risky", "Calls that leave it out may now mean something else."),
    ),
    _row(
        conversion_changed,
        ("conversion gained", "harmless", _ONLY_SHOWN),
        ("conversion lost", "breaking", "Values that the hub used to fit are refused."),
    ),
    _row(
        media_changed,
        ("media limit narrowed", "breaking", "Media that were taken are refused."),
        ("media limit narrowed, converted", "risky", _MEDIA_CONVERTED),
        ("media limit widened", "harmless", "Every medium that was taken is still taken."),
        ("media conversion gained", "harmless", "Media that were refused are converted."),
        ("media conversion lost", "breaking", "Media that the hub used to convert are refused."),
    ),
    _row(
        support_changed,
        ("chat medium added", "harmless", "Messages may hold more than before."),
        ("chat medium removed", "breaking", "Messages that hold one are refused."),
    ),
    _changed("description", "parameter description changed", "harmless", _SHOWN),
    _row(
        others_changed("other attribute changed"),
        ("other attribute changed", "harmless", "The client does not go by it."),
    ),
)
OUTPUT: tuple[AttributeRule[FieldMetadata], ...] = (
    _row(
        not_compared,
        ("field added", "harmless", "Code that does not know it does not read it."),
        ("field removed", "breaking", "Code that reads it fails."),
        ("field renamed", "breaking", _READS_OLD_NAME),
    ),
    _row(
        changed("type", output_type_kind, str),
        ("field type changed", "breaking", "Code that reads it meets values of another type."),
        ("field type narrowed", "harmless", "Every value that may come might have come before."),
        ("field type opened", "risky", _OPENED),
    ),
    _row(
        values_changed,
        ("value added", "risky", "Code that tells the values apart does not know the new one."),
        ("value removed", "harmless", "Code that tells the values apart waits for it in vain."),
    ),
    _row(
        encoding_changed,
        ("encoding changed", "risky", "Media come in another format or colour space."),
    ),
    _changed("description", "field description changed", "harmless", _SHOWN),
    _row(
        others_changed("other field attribute changed"),
        ("other field attribute changed", "harmless", "The client does not go by it."),
    ),
)

_TABLES: dict[Scope, Sequence[AttributeRule[Any]]] = {
    "endpoint": ENDPOINT,
    "input": INPUT,
    "output": OUTPUT,
}
RULES: Mapping[str, Rule] = {
    kind: Rule(kind, scope, severity, why)
    for scope, rows in _TABLES.items()
    for row in rows
    for kind, severity, why in row.kinds
}
"""The rules by the kind of change."""
