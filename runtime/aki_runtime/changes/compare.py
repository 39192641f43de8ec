"""Two states of a hub's metadata, compared: what changed, and what that means for those who call the endpoints.

Owns the comparison of endpoints and hubs; that of single fields is next door, the classes are in the table of rules.
Pure, and never raises whatever the documents are: the client compares live details with those it was made from.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..errors import AkiError
from .facts import EndpointFacts, FieldFacts, endpoint_facts
from .fields import input_changes, output_changes
from .guesses import guess_renamed_endpoints, guess_renamed_fields
from .rules import SEVERITIES, Severity, severity_of
from .words import Found, listed, readable, shown


@dataclass(frozen=True, order=True)
class Change:
    """One difference between two states of a hub.

    Attributes:
        endpoint: The endpoint's name on the hub.
        section: "input", "output" or "progress"; empty for the endpoint itself.
        field: The parameter's or field's name on the hub; empty for the endpoint itself.
        kind: What kind of change it is, a key of `change_rules.RULES`.
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


def compare_endpoints(name: str, old_document: object, new_document: object) -> tuple[Change, ...]:
    """Compare two details documents of one endpoint, sorted; none just where their fingerprints are equal.

    Args:
        name: The endpoint's name on the hub.
        old_document: What was known.
        new_document: What is known now.
    """
    return tuple(sorted(_compare(name, endpoint_facts(old_document), endpoint_facts(new_document))))


def compare_hubs(old: Mapping[str, object], new: Mapping[str, object]) -> tuple[Change, ...]:
    """Compare the details documents of two states of a hub, by the endpoint's name.

    An endpoint that is gone and one that is new are taken for the same where their parameters are nearly equal;
    the change says that this is a guess. In place of details that could not be read, the new state may hold the error.
    """
    unreadable = {name: said for name, said in new.items() if isinstance(said, AkiError)}
    before = {n: endpoint_facts(said) for n, said in old.items() if n not in unreadable}
    after = {n: endpoint_facts(said) for n, said in new.items() if n not in unreadable}
    renamed = guess_renamed_endpoints(before, after)
    changes = [
        _of_endpoint(name, Found("details unreadable", f"its details cannot be read: {error}"))
        for name, error in unreadable.items()
    ]
    for gone in before.keys() - after.keys():
        if gone in renamed:
            changes.append(_renamed_endpoint(gone, renamed[gone]))
            changes += _compare(renamed[gone], before[gone], after[renamed[gone]])
        else:
            changes.append(
                _of_endpoint(gone, Found("endpoint removed", "the hub has it no longer"))
            )
    for added in after.keys() - before.keys() - set(renamed.values()):
        title = after[added].title
        message = f"the hub has it now: {shown(title)}" if title else "the hub has it now"
        changes.append(_of_endpoint(added, Found("endpoint added", message)))
    for name in before.keys() & after.keys():
        changes += _compare(name, before[name], after[name])
    return tuple(sorted(changes))


def _compare(name: str, old: EndpointFacts, new: EndpointFacts) -> Iterator[Change]:
    if old == new:
        return
    yield from (_of_endpoint(name, found) for found in _own_changes(old, new))
    yield from _section_changes(name, "input", old.input, new.input)
    yield from _section_changes(name, "output", old.output, new.output)
    yield from _section_changes(name, "progress", old.progress, new.progress)


def _own_changes(old: EndpointFacts, new: EndpointFacts) -> Iterator[Found]:
    if old.title != new.title:
        yield Found("title changed", f"its title changes: {shown(old.title)} → {shown(new.title)}")
    if old.description != new.description:
        change = f"{shown(old.description)} → {shown(new.description)}"
        yield Found("description changed", f"its description changes: {change}")
    if old.category != new.category:
        change = f"{_or_none(old.category)} → {_or_none(new.category)}"
        yield Found("category changed", f"its category changes: {change}")
    if old.version != new.version:
        yield Found(
            _version_kind(old.version, new.version),
            f"its version changes: {_or_none(old.version)} → {_or_none(new.version)}",
        )


def _version_kind(old: int | None, new: int | None) -> str:
    if new is None:
        return "version dropped"
    return "version lowered" if old is not None and new < old else "version raised"


def _section_changes(
    endpoint: str, section: str, old: Mapping[str, FieldFacts], new: Mapping[str, FieldFacts]
) -> Iterator[Change]:
    def change(field: str, found: Found) -> Change:
        return Change(endpoint, section, field, found.kind, severity_of(found.kind), found.message)

    is_input = section == "input"
    word = "parameter" if is_input else "field"
    renamed = guess_renamed_fields(old, new)
    for gone in old.keys() - new.keys():
        if gone in renamed:
            message = (
                f"it is probably renamed: {readable(gone)} → {readable(renamed[gone])}"
                " (a guess: one is gone, one is new, and their attributes are equal)"
            )
            yield change(gone, Found(f"{word} renamed", message))
        else:
            yield change(gone, Found(f"{word} removed", "the hub has it no longer"))
    for added in new.keys() - old.keys() - set(renamed.values()):
        required = is_input and new[added].required
        kind = "required parameter added" if required else f"{word} added"
        yield change(added, Found(kind, _newcomer(new[added], required=required)))
    compare = input_changes if is_input else output_changes
    for name in old.keys() & new.keys():
        yield from (change(name, found) for found in compare(old[name], new[name]))


def _newcomer(facts: FieldFacts, *, required: bool) -> str:
    details = [f"type {facts.type}"]
    if required:
        details.append("required")
    if facts.default is not None:
        details.append(f"default {listed((facts.default,))}")
    return f"it is new: {', '.join(details)}"


def _renamed_endpoint(gone: str, name: str) -> Change:
    message = (
        f"it is probably renamed: {readable(gone)} → {readable(name)}"
        " (a guess: one is gone, one is new, and their parameters are nearly equal)"
    )
    return _of_endpoint(gone, Found("endpoint renamed", message))


def _of_endpoint(name: str, found: Found) -> Change:
    return Change(name, "", "", found.kind, severity_of(found.kind), found.message)


def _or_none(value: str | int | None) -> str:
    return "none" if value is None else shown(value)
