"""Two snapshots, compared for those who call the package: what the hub has changed, and what overrides have."""

from collections.abc import Iterator
from dataclasses import replace

from aki_runtime.changes.compare import Change, compare_hubs
from aki_runtime.changes.differences import readable
from aki_runtime.changes.rules import RULES

from ..parsing.parse import SECTIONS
from ..parsing.settings import TABLE
from .snapshot import Snapshot

_COMES_OR_GOES = {
    f"{what} {how}": words
    for what in ("endpoint", "parameter", "required parameter", "field")
    for how, words in (
        ("added", f"[{TABLE}] skips it no longer"),
        ("removed", f"[{TABLE}] skips it"),
    )
}


def compare_snapshots(old: Snapshot, new: Snapshot) -> tuple[Change, ...]:
    """Compare what callers of two packages have, sorted; a change that overrides make says so."""
    of_hub = set(compare_hubs(old.offered(), new.offered()))
    changes = [
        change if change in of_hub else _settled(change)
        for change in compare_hubs(old.seen(), new.seen())
    ]
    return tuple(sorted([*changes, *_renamed(old, new)]))


def _settled(change: Change) -> Change:
    message = _COMES_OR_GOES.get(change.kind, f"{change.message} (as [{TABLE}] settles it)")
    return replace(change, message=message)


def _renamed(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    """Find what is called otherwise in Python: a name once given stays, unless an override gives another."""
    for wire in sorted(old.seen().keys() & new.seen().keys() & old.names.keys() & new.names.keys()):
        before, after = old.names[wire], new.names[wire]
        if before.name != after.name:
            yield _rename(wire, "", "", before.name, after.name)
        for section in SECTIONS:
            fields = after.fields.get(section, {})
            for field, name in before.fields.get(section, {}).items():
                if fields.get(field, name) != name:
                    yield _rename(wire, section, field, name, fields[field])


def _rename(wire: str, section: str, field: str, before: str, after: str) -> Change:
    what = "endpoint" if not section else "parameter" if section == "input" else "field"
    kind = f"{what} renamed"
    message = f"[{TABLE}] renames it: {readable(before)} → {readable(after)}"
    return Change(wire, section, field, kind, RULES[kind].severity, message)
