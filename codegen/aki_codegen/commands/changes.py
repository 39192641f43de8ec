"""Changes between two states of a hub, for people and for scripts: text, JSON, Markdown, and CHANGES.md.

Owns the layout, and that no text of a hub does anything where it is shown. Must not know how changes are found.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import accumulate, compress, groupby

from aki_runtime.changes.compare import Change, worst
from aki_runtime.changes.differences import readable
from aki_runtime.changes.rules import SEVERITIES, Severity

from ..generation.package import CHANGES, Package
from ..literals import doc_text
from ..markup import code_span, markdown, row
from ..problems import GenerationError, Problem
from ..rendering.templates import fill
from ..terminal import json_text
from .options import ExitStatus

WORST_FIRST = tuple(reversed(SEVERITIES))

PULL_REQUEST_CHARACTERS = 60_000
"""Length of a Markdown report at most: the body of a pull request may have 65,536."""

HISTORY_CHARACTERS = 1_000_000
"""Length of CHANGES.md at most; what is older than fits is in version control."""


def exit_of(changes: Iterable[Change]) -> ExitStatus:
    """Return the exit status that names the worst class."""
    severity = worst(changes)
    return ExitStatus.OK if severity is None else ExitStatus[severity.upper()]


def summary(changes: Iterable[Change]) -> str:
    """Say in one clause how many changes there are of each class."""
    counts = _counts(changes)
    total = sum(counts.values())
    if not total:
        return "no change"
    parts = ", ".join(
        f"{counts[severity]} {severity}" for severity in WORST_FIRST if counts[severity]
    )
    return f"{total:,} {'change' if total == 1 else 'changes'}: {parts}"


def as_text(changes: Iterable[Change]) -> list[str]:
    """Return the changes as lines of text, grouped by class, the worst first, and by endpoint."""
    found = tuple(changes)
    lines: list[str] = []
    for severity, of_class in _by_severity(found):
        lines.append(f"{severity}:")
        for endpoint, of_endpoint in groupby(of_class, key=lambda change: change.endpoint):
            lines.append(f"  {doc_text(readable(endpoint))}")
            lines += [f"    {doc_text(_sentence(change))}" for change in of_endpoint]
    return [*lines, summary(found)]


def as_json(changes: Iterable[Change], old: str, new: str, problems: Iterable[Problem] = ()) -> str:
    """Return the changes as JSON text, ASCII alone.

    Args:
        changes: The changes.
        old: What was compared, in words.
        new: What it was compared with, in words.
        problems: What could not be compared.
    """
    # The changes may come from a generator, and are gone through twice.
    found = tuple(changes)
    document = {
        "old": old,
        "new": new,
        "severity": worst(found),
        "counts": _counts(found),
        "changes": [asdict(change) for change in found],
        "problems": [asdict(problem) for problem in problems],
    }
    return json_text(document)


def as_markdown(changes: Iterable[Change], limit: int | None = None) -> str:
    """Return the changes as Markdown: a line with the counts, a table for each class.

    Args:
        changes: The changes.
        limit: Characters at most; rows that find no room are counted instead.
    """
    found = tuple(changes)
    counted = summary(found)
    tables: list[dict[str, object]] = []
    taken = 500  # room for the headings and the counts
    for severity, of_class in _by_severity(found):
        rows = [row(readable(c.endpoint), c.where or "the endpoint", c.message) for c in of_class]
        _, *ends = accumulate((len(line) + 1 for line in rows), initial=taken)
        fits = (limit is None or end <= limit for end in ends)
        shown = list(compress(rows, fits))
        hidden = len(rows) - len(shown)
        tables.append(
            {
                "severity": markdown(severity.capitalize()),
                "rows": shown,
                "hidden": markdown(f"{hidden:,}") if hidden else None,
            }
        )
        taken = ends[-1]
    return fill(
        "changes.md.jinja", counted=markdown(f"{counted[0].upper()}{counted[1:]}"), tables=tables
    )


def with_changes(before: bytes, made: Package, version: str, changes: Iterable[Change]) -> str:
    """Return CHANGES.md with the changes of a refresh at its top. Undated, because version control knows when.

    Args:
        before: What the file holds; it stays below.
        made: The package.
        version: Its version.
        changes: What the refresh changes.

    Raises:
        GenerationError: What is there is not text.
    """
    found = tuple(changes)
    made_by = code_span(made.snapshot.command)
    head = (
        f"# Changes of {code_span(made.name)}\n\n"
        f"Made by aki-codegen from endpoint metadata. Do not edit: run {made_by}.\n"
    )
    # The command may have been another one.
    try:
        _, mark, older = before.decode().partition("\n## ")
    except UnicodeDecodeError as error:
        raise GenerationError(f"{CHANGES} cannot be read: {error}; restore it from git") from None
    older = f"{mark}{older}"[:HISTORY_CHARACTERS]
    _, _, body = as_markdown(found).partition("\n")
    return f"{head}\n## {version}, {summary(found)}\n{body}{older}"


def _by_severity(changes: tuple[Change, ...]) -> Iterator[tuple[Severity, list[Change]]]:
    for severity in WORST_FIRST:
        of_class = sorted(change for change in changes if change.severity == severity)
        if of_class:
            yield severity, of_class


def _counts(changes: Iterable[Change]) -> dict[Severity, int]:
    severities = [change.severity for change in changes]
    return {severity: severities.count(severity) for severity in WORST_FIRST}


def _sentence(change: Change) -> str:
    return f"{change.where}: {change.message}" if change.where else change.message
