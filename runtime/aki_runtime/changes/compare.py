"""Two states of a hub's metadata, compared: what changed, and what that means for those who call the endpoints.

Owns the comparison of endpoints and hubs, and the form in which two states are compared; the table of rules says what
is compared of each. Pure, and never raises whatever the documents are: the client compares live details with those
that it was made from.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import AkiError
from ..metadata import (
    EndpointMetadata,
    FieldMetadata,
    MediaLimit,
    MediaLimits,
    json_text,
    read_metadata,
    shown,
)
from .differences import Found, listed, readable
from .guesses import guess_renamed_endpoints, guess_renamed_fields
from .rules import ENDPOINT, INPUT, OUTPUT, RULES, SEVERITIES, AttributeRule, Severity


@dataclass(frozen=True, order=True)
class Change:
    """One difference between two states of a hub.

    Attributes:
        endpoint: The endpoint's name on the hub.
        section: "input", "output" or "progress"; empty for the endpoint itself.
        field: The parameter's or field's name on the hub; empty for the endpoint itself.
        kind: What kind of change it is, a key of `rules.RULES`.
        severity: What it means for calls that were right before.
        message: What changed, as one sentence with before and after.
    """

    endpoint: str
    section: str
    field: str
    kind: str
    severity: Severity
    message: str

    @property
    def where(self) -> str:
        """Where in the endpoint it is, as in "input width"; empty for the endpoint itself."""
        return f"{self.section} {readable(self.field)}" if self.section else ""

    def __str__(self) -> str:
        where = f", {self.where}" if self.section else ""
        return f"{readable(self.endpoint)}{where}: {self.message}"


def worst(changes: Iterable[Change]) -> Severity | None:
    """Return the worst class among changes, None where there is none."""
    found = {change.severity for change in changes}
    return next((severity for severity in reversed(SEVERITIES) if severity in found), None)


def compare_hubs(old: Mapping[str, object], new: Mapping[str, object]) -> tuple[Change, ...]:
    """Compare the details documents of two states of a hub, by the endpoint's name.

    An endpoint that is gone and one that is new are taken for the same where their parameters are nearly equal;
    the change says that this is a guess. In place of details that could not be read, the new state may hold the error.
    """
    unreadable = {name: said for name, said in new.items() if isinstance(said, AkiError)}
    before = {n: _compared(said) for n, said in old.items() if n not in unreadable}
    after = {n: _compared(said) for n, said in new.items() if n not in unreadable}
    renamed = guess_renamed_endpoints(before, after)
    changes = [
        _change(name, ("details unreadable", f"its details cannot be read: {error}"))
        for name, error in unreadable.items()
    ]
    for gone in before.keys() - after.keys():
        if gone in renamed:
            changes.append(_renamed_endpoint(gone, renamed[gone]))
            changes += _compare(renamed[gone], before[gone], after[renamed[gone]])
        else:
            changes.append(_change(gone, ("endpoint removed", "the hub has it no longer")))
    for added in after.keys() - before.keys() - set(renamed.values()):
        title = after[added].title
        message = f"the hub has it now: {shown(title)}" if title else "the hub has it now"
        changes.append(_change(added, ("endpoint added", message)))
    for name in before.keys() & after.keys():
        changes += _compare(name, before[name], after[name])
    return tuple(sorted(changes))


def fingerprint(document: object) -> str:
    """Return the SHA-256 of what a details document says; equal exactly where a comparison finds no change."""
    said = json.dumps(_compared(document), default=_attributes, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def _attributes(said: object) -> dict[str, object]:
    # What equality leaves out decides nothing here either.
    return {name: value for name, value in vars(said).items() if name != "default_refused"}


def _compared(document: object) -> EndpointMetadata:
    """Read a document into the form in which two are compared: freed from how things are said."""
    said = read_metadata(document)
    inputs, outputs, progress = (
        {name: _field(field) for name, field in fields.items()} for fields in said.sections.values()
    )
    return EndpointMetadata(
        said.title, said.description, said.category, said.version, inputs, outputs, progress
    )


def _field(field: FieldMetadata) -> FieldMetadata:
    is_any_step = (field.type, field.step) == ("integer", 1)
    if field.default is None and not (field.choices or field.media or field.support or is_any_step):
        return field
    # To Python 1, 1.0 and True are equal; as JSON text only the first two are.
    return replace(
        field,
        default=None if field.default is None else json_text(field.default),
        step=None if is_any_step else field.step,
        choices=tuple(sorted({json_text(choice) for choice in field.choices})),
        media=_limits(field.media),
        support={kind: _limits(limits) for kind, limits in field.support.items()},
    )


def _limits(limits: MediaLimits) -> MediaLimits:
    return {
        name: replace(
            limit,
            supported=tuple(sorted({json_text(value) for value in limit.supported})),
        )
        for name, limit in limits.items()
        if limit != MediaLimit(converts=True)
    }


def _compare(name: str, old: EndpointMetadata, new: EndpointMetadata) -> Iterator[Change]:
    if old == new:
        return
    for row in ENDPOINT:
        yield from (_change(name, found) for found in row.find(old, new))
    for section, fields in old.sections.items():
        yield from _section_changes(name, section, fields, new.sections[section])


def _change(endpoint: str, found: Found, section: str = "", field: str = "") -> Change:
    kind, message = found
    return Change(endpoint, section, field, kind, RULES[kind].severity, message)


def _section_changes(
    endpoint: str,
    section: str,
    old: Mapping[str, FieldMetadata],
    new: Mapping[str, FieldMetadata],
) -> Iterator[Change]:
    is_input = section == "input"
    word = "parameter" if is_input else "field"
    renamed = guess_renamed_fields(old, new)
    found: list[tuple[str, Found]] = []
    for gone in old.keys() - new.keys():
        if gone in renamed:
            message = (
                f"it is probably renamed: {readable(gone)} → {readable(renamed[gone])}"
                " (a guess: one is gone, one is new, and their attributes are equal)"
            )
            found.append((gone, (f"{word} renamed", message)))
        else:
            found.append((gone, (f"{word} removed", "the hub has it no longer")))
    for added in new.keys() - old.keys() - set(renamed.values()):
        required = is_input and new[added].required
        kind = "required parameter added" if required else f"{word} added"
        found.append((added, (kind, _newcomer(new[added], required=required))))
    rows = INPUT if is_input else OUTPUT
    for name in old.keys() & new.keys():
        found += [(name, one) for one in _differences(rows, old[name], new[name])]
    yield from (_change(endpoint, one, section, field) for field, one in found)


def _differences(
    rows: Sequence[AttributeRule[FieldMetadata]], old: FieldMetadata, new: FieldMetadata
) -> Iterator[Found]:
    """Say how two fields differ; nothing where they are equal. The last row is about all that the others leave."""
    *known, rest = rows
    found = [one for row in known for one in row.find(old, new)]
    yield from found
    # Attributes mean something else under another type, so that their coming and going is not news of its own.
    is_news = old.rest != new.rest and old.type == new.type
    if is_news or (not found and old != new):
        yield from rest.find(old, new)


def _newcomer(field: FieldMetadata, *, required: bool) -> str:
    details = [f"type {field.type}"]
    if required:
        details.append("required")
    if field.default is not None:
        details.append(f"default {listed((field.default,))}")
    return f"it is new: {', '.join(details)}"


def _renamed_endpoint(gone: str, name: str) -> Change:
    message = (
        f"it is probably renamed: {readable(gone)} → {readable(name)}"
        " (a guess: one is gone, one is new, and their parameters are nearly equal)"
    )
    return _change(gone, ("endpoint renamed", message))
