"""How each change of an endpoint is classed for those who call it: one table, for code, tests and documentation.

Owns the kinds of change and the reasons. Must not know documents, or how a change is found.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

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


def _rules(scope: Scope, rows: Iterable[tuple[str, Severity, str]]) -> tuple[Rule, ...]:
    return tuple(Rule(kind, scope, severity, why) for kind, severity, why in rows)


_REFUSED = "Values that were taken are refused."
_FITTED = "With `auto_convert` values that were taken as they are become others, without a word."
_TAKEN = "Every value that was taken is still taken."
_SHOWN = "It is shown to people and decides nothing."

_ALL = (
    *_rules(
        "endpoint",
        (
            ("endpoint added", "harmless", "No call knows it yet."),
            ("endpoint removed", "breaking", "Every call fails, and the function is gone."),
            (
                "endpoint renamed",
                "breaking",
                "Calls under the old name fail; the new one is a guess.",
            ),
            ("details unreadable", "risky", "Nobody knows whether anything else has changed."),
            ("title changed", "harmless", _SHOWN),
            ("description changed", "harmless", _SHOWN),
            (
                "category changed",
                "risky",
                "Calls stay right, but code that chooses endpoints by category or Protocol may leave it out.",
            ),
            (
                "version raised",
                "harmless",
                "What it changes in the metadata is reported by itself; "
                "the model behind it is not part of the metadata.",
            ),
            ("version lowered", "risky", "An older state has come back, with its old behaviour."),
            (
                "version dropped",
                "harmless",
                "Answers no longer tell a version; nothing else changes.",
            ),
        ),
    ),
    *_rules(
        "input",
        (
            ("parameter added", "harmless", "Calls may leave it out."),
            ("required parameter added", "breaking", "Calls that do not give it are refused."),
            ("parameter removed", "breaking", "The hub refuses names that it does not know."),
            (
                "parameter renamed",
                "breaking",
                "The hub refuses the old name; the new one is a guess.",
            ),
            ("type changed", "breaking", "Values of the old type are refused."),
            (
                "type changed, converted",
                "risky",
                "The hub converts the old values, which may alter them.",
            ),
            ("type widened", "harmless", _TAKEN),
            ("became required", "breaking", "Calls that leave it out are refused."),
            ("became optional", "harmless", "Calls that give it are still right."),
            ("range narrowed", "breaking", _REFUSED),
            ("range narrowed, converted", "risky", _FITTED),
            ("range widened", "harmless", _TAKEN),
            ("step tightened", "breaking", _REFUSED),
            ("step tightened, converted", "risky", _FITTED),
            ("step loosened", "harmless", _TAKEN),
            ("length tightened", "breaking", "Texts that were taken are refused."),
            (
                "length tightened, converted",
                "risky",
                "With `auto_convert` longer texts are cut or, by a defect of the public server, replaced.",
            ),
            ("length loosened", "harmless", "Every text that was taken is still taken."),
            ("choice removed", "breaking", _REFUSED),
            (
                "choice removed, converted",
                "risky",
                "With `auto_convert` another choice takes its place.",
            ),
            ("choice added", "harmless", _TAKEN),
            ("default added", "risky", "Calls that leave it out may now mean something else."),
            ("default changed", "risky", "Calls that leave it out mean something else."),
            ("default removed", "risky", "Calls that leave it out may now mean something else."),
            (
                "conversion gained",
                "harmless",
                "Its limits are shown only; what was taken is taken as it was.",
            ),
            ("conversion lost", "breaking", "Values that the hub used to fit are refused."),
            ("media limit narrowed", "breaking", "Media that were taken are refused."),
            (
                "media limit narrowed, converted",
                "risky",
                "Media that were taken as they are get converted.",
            ),
            ("media limit widened", "harmless", "Every medium that was taken is still taken."),
            ("media conversion gained", "harmless", "Media that were refused are converted."),
            (
                "media conversion lost",
                "breaking",
                "Media that the hub used to convert are refused.",
            ),
            ("chat medium added", "harmless", "Messages may hold more than before."),
            ("chat medium removed", "breaking", "Messages that hold one are refused."),
            ("parameter description changed", "harmless", _SHOWN),
            ("other attribute changed", "harmless", "The client does not go by it."),
        ),
    ),
    *_rules(
        "output",
        (
            ("field added", "harmless", "Code that does not know it does not read it."),
            ("field removed", "breaking", "Code that reads it fails."),
            (
                "field renamed",
                "breaking",
                "Code that reads the old name fails; the new one is a guess.",
            ),
            ("field type changed", "breaking", "Code that reads it meets values of another type."),
            (
                "field type narrowed",
                "harmless",
                "Every value that may come might have come before.",
            ),
            (
                "field type opened",
                "risky",
                "Besides the named values any other of their type may come.",
            ),
            ("value added", "risky", "Code that tells the values apart does not know the new one."),
            ("value removed", "harmless", "Code that tells the values apart waits for it in vain."),
            ("encoding changed", "risky", "Media come in another format or colour space."),
            ("field description changed", "harmless", _SHOWN),
            ("other field attribute changed", "harmless", "The client does not go by it."),
        ),
    ),
)

RULES: dict[str, Rule] = {rule.kind: rule for rule in _ALL}
"""The rules by the kind of change."""


def severity_of(kind: str) -> Severity:
    """Return how a kind of change is classed."""
    return RULES[kind].severity
