"""From a hub and the snapshot before to the new snapshot: nothing is lost by accident.

An endpoint whose details cannot be had keeps its last known ones. One that is missing from the list is
removed only where the hub does not know it any more either, and stays a tombstone for some days. The day is the
refresh's, and part of the snapshot: rendering asks no clock.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from aki_runtime.metadata import missing_sections, why_unreadable
from aki_runtime.shapes import is_array, is_object

from ..fetching.source import Fetched, fetch
from ..fetching.target import Target
from ..literals import doc_list
from ..problems import GenerationError, Problem
from .snapshot import Snapshot, canonical, is_same

ASK = "ask the hub's administrator"
_CHOICES = ("support", "supported")


def refreshed(
    target: Target,
    previous: Snapshot | None,
    on_document: Callable[[int, int], None],
    *,
    force: bool,
    for_calls: bool = False,
    tombstone_days: int = 0,
) -> Snapshot:
    """Ask a hub, and keep what would be lost by accident.

    Args:
        target: The hub.
        previous: The snapshot before, if there is one.
        on_document: Called with the number of details that are here, and of all.
        force: Take an empty list, or one that removes more than half, for what it says.
        for_calls: Whether a client is made of it.
        tombstone_days: Days for which an endpoint that was removed stays a tombstone, from the refresh that finds it.

    Raises:
        GenerationError: The list could not be had, is empty, or would remove more than half; or calls would not
            find the hub's routes.
    """
    server = target.recorded.server
    before = previous if previous is not None else Snapshot(server, target.recorded.layout, {})
    if before.is_sandbox and not target.is_sandbox:
        # What the sandbox hub offers is nothing that a real one could lose.
        before = replace(before, documents={}, removed={})
    # What the sandbox hub stands in for may have the other layout.
    for_calls = for_calls and not target.is_sandbox
    known = before.offered()
    fetched = asyncio.run(fetch(target, on_document, known=known, for_calls=for_calls))
    if not fetched.listed and not (force and known):
        raise GenerationError(
            f"{target.address.server} lists no endpoints; with a key it may list more (AKI_API_KEY)"
            + ("; --force takes that for true and removes all" if known else "")
        )
    removed, kept = _missing(fetched)
    if len(removed) * 2 > len(known) and not force:
        raise GenerationError(
            f"{target.address.server} would remove {len(removed)} of {len(known)} endpoints "
            f"({doc_list(removed, 5)}); nothing was changed. Is it the hub that the package "
            f"was made from, {before.server}? --force takes it for true"
        )
    documents, problems = _with_last_known(fetched, before.documents)
    problems += [Problem(name, "", why, ASK, "kept") for name, why in sorted(kept.items())]
    today = _today()
    gone = {name: day for name, day in before.removed.items() if name not in documents}
    over = {name: day for name, day in gone.items() if _is_over(day, today, tombstone_days)}
    tombstones = {name: day for name, day in gone.items() if name not in over}
    tombstones |= dict.fromkeys(removed, today.isoformat())
    kept_as_they_were = {name: before.documents[name] for name in (*tombstones, *kept)}
    # Whoever asks for one later is still answered when it went.
    names = {
        name: replace(given, removed=over.get(name, given.removed))
        for name, given in before.names.items()
    }
    return replace(
        before,
        server=server,
        layout=target.recorded.layout if target.is_sandbox else fetched.layout,
        documents={**documents, **kept_as_they_were},
        names=names,
        removed=tombstones,
        problems=tuple(sorted(problems)),
        is_sandbox=target.is_sandbox,
    )


def _today() -> date:
    """Return the day of this refresh, which the environment can settle as for any build."""
    with suppress(ValueError, OverflowError, OSError):
        seconds = int(os.environ.get("SOURCE_DATE_EPOCH", ""))
        return datetime.fromtimestamp(seconds, UTC).date()
    return datetime.now(UTC).date()


def _is_over(day: str, today: date, days: int) -> bool:
    try:
        return today >= date.fromisoformat(day) + timedelta(days)
    except (ValueError, OverflowError):
        return True


def removal_warning(target: Target, before: Snapshot | None, snapshot: Snapshot) -> list[str]:
    """Say in a line why endpoints that a refresh removes may still be there; nothing where it removes none."""
    found = snapshot.removed.keys() - (before.removed.keys() if before is not None else ())
    if not found or target.is_sandbox:
        return []
    names = doc_list(found, 5)
    asked = "with this key" if target.key is not None else "without a key"
    return [
        f"The hub neither lists nor describes {names} {asked}; one with more rights may see more."
    ]


def _missing(fetched: Fetched) -> tuple[frozenset[str], dict[str, str]]:
    """Return the endpoints that the hub does not know any more, and why others that it does not list are kept."""
    # An entry that could not be read may have been the very endpoint.
    list_is_sound = all(p.endpoint in fetched.listed for p in fetched.problems)
    kept: dict[str, str] = {}
    for name, answer in fetched.unlisted.items():
        if answer:
            why = f"whether it is gone could not be seen: {answer}"
            kept[name] = f"it is not on the list, and {why}"
        elif answer is not None:
            kept[name] = (
                "it is not on the list, but the hub still describes it; "
                "the key may have fewer rights than the one before"
            )
        elif not list_is_sound:
            kept[name] = "it is not on the list, but the list itself is not sound"
    return frozenset(fetched.unlisted) - kept.keys(), kept


def _with_last_known(
    fetched: Fetched, known: Mapping[str, object]
) -> tuple[dict[str, object], list[Problem]]:
    documents: dict[str, object] = {}
    problems = {problem.endpoint: problem for problem in fetched.problems}
    for name in fetched.listed:
        document = canonical(name, fetched.documents.get(name))
        if name in known and is_same(document, known[name]):
            # Thousands are as they were, and nothing of what was read before is lost.
            documents[name] = known[name]
            continue
        why = why_unreadable(document) or _lost_section(document, known.get(name))
        if not why:
            is_shuffled = is_same(_without_order(document), _without_order(known.get(name)))
            documents[name] = known[name] if is_shuffled else document
            continue
        problem = problems.get(name) or Problem(name, "", why, ASK, "skipped")
        if name in known:
            documents[name] = known[name]
            problem = replace(problem, effect="kept")
        problems[name] = problem
    return documents, list(problems.values())


def _without_order(document: object) -> object:
    """Return a document with its choices sorted: their order flaps where a hub keeps them as a set."""
    if is_array(document):
        return [_without_order(value) for value in document]
    if not is_object(document):
        return document
    return {
        key: sorted(value, key=repr)
        if key in _CHOICES and is_array(value)
        else _without_order(value)
        for key, value in document.items()
    }


def _lost_section(document: object, known: object) -> str:
    """Say which section is gone; every description of an endpoint has both, be they empty."""
    if why_unreadable(known):
        return ""
    had = missing_sections(known)
    lost = [name for name in missing_sections(document) if name not in had]
    return f"its details have lost the section {lost[0]!r}" if lost else ""
