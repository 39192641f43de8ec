"""The `generate` command: who is asked, how far it has come, and what came of it, in words."""

import argparse
import asyncio
import os
from collections.abc import Container, Mapping
from dataclasses import replace
from pathlib import Path

from aki_runtime.changes.compare import Change, compare_hubs

from ..exits import Exit
from ..fetching.source import require_layout
from ..fetching.target import choose_target
from ..generation.generate import Outcome, Prepared, prepare, publish, read_package
from ..literals import doc_text
from ..output.folder import WINDOWS_LINES, edited_by_hand, has_windows_lines, manifest_of
from ..output.lock import only_run
from ..output.write import uninterrupted
from ..parsing.overrides import read_overrides
from ..problems import GenerationError
from ..rendering.describe import endpoint_count
from ..reports.diff import as_text
from ..reports.history import with_changes
from ..snapshot.refresh import doubt, refreshed
from ..snapshot.snapshot import Snapshot
from ..terminal import say, say_progress, tell


def run(options: argparse.Namespace) -> Exit:
    """Generate a package as the options say.

    Raises:
        GenerationError: Nothing was written, and why.
    """
    with only_run(options.out / options.package):
        return _run(options)


def _run(options: argparse.Namespace) -> Exit:
    before, previous = read_package(options.out / options.package)
    if options.offline:
        if previous is None:
            raise GenerationError(
                f"{options.out / options.package} holds no snapshot to render from; "
                "run once without --offline"
            )
        say(f"Rendering from the snapshot of {previous.server}, nobody is asked.")
        snapshot = previous
    else:
        with choose_target(
            options.server,
            options.layout,
            options.api_key_file,
            previous.hub if previous is not None else None,
            allow_http=options.allow_http,
        ) as target:
            say(f"Asking {target.introduction}.")
            snapshot = refreshed(target, previous, _show_progress, force=options.force)
            say(*doubt(target, snapshot))
            if snapshot.offered() and not target.is_sandbox:
                asyncio.run(require_layout(target.address, min(snapshot.offered())))
    settled = read_overrides(Path("pyproject.toml"))
    snapshot = replace(
        snapshot,
        overrides=snapshot.overrides if settled is None else settled,
        out=_as_named(options.out),
    )
    prepared = prepare(
        snapshot,
        options.out,
        options.package,
        strict=options.strict,
        before=before,
        previous=previous,
    )
    _warn_of_edits(prepared)
    changes = _changes(previous, prepared)
    history = with_changes(options.out, snapshot, options.package, changes or ())
    with uninterrupted():
        outcome = publish(prepared, options.out, changes=history, project=options.project)
        _summarize(outcome, options.out / options.package)
        if changes is not None:
            tell(*as_text(changes))
    return Exit.OK if outcome.complete else Exit.INCOMPLETE


def _as_named(out: Path) -> str:
    """Return a folder as anybody names it who is in the current one."""
    place, here = Path(os.path.abspath(out)), Path.cwd()  # noqa: PTH100 - links are not followed
    return (place.relative_to(here) if place.is_relative_to(here) else out).as_posix()


def _warn_of_edits(prepared: Prepared) -> None:
    before = prepared.before
    if manifest_of(before) is None:
        say(
            "manifest.json can not be read, so that what was edited by hand can not be told; it is made anew, "
            "and `aki-codegen check` names what no longer belongs there."
        )
        return
    if has_windows_lines(before):
        say(f"Files {WINDOWS_LINES}.")
    edited = edited_by_hand(before, {str(p): c for p, c in prepared.package.files.items()})
    if edited:
        say(f"Overwriting files that were edited by hand: {', '.join(edited)}.")


def _changes(previous: Snapshot | None, prepared: Prepared) -> tuple[Change, ...] | None:
    """Return what a refresh changes; None where there was nothing before."""
    if previous is None or not previous.documents:
        return None
    # What was taken over has not changed.
    unread = prepared.package.unread
    return compare_hubs(
        _without(previous.offered(), unread),
        _without(prepared.package.snapshot.offered(), unread),
    )


def _without(documents: Mapping[str, object], names: Container[str]) -> dict[str, object]:
    return {name: document for name, document in documents.items() if name not in names}


def _show_progress(done: int, total: int) -> None:
    say_progress(f"  {done} of {total} endpoints looked up", last=done == total)


def _summarize(outcome: Outcome, folder: Path) -> None:
    by_change = outcome.endpoints_by_change()
    counts = ", ".join(f"{len(names)} {kind}" for kind, names in by_change.items() if names)
    offered = len(outcome.package.snapshot.offered())
    tell(f"{folder}: {endpoint_count(offered)} ({counts})")
    for kind in ("new", "changed", "removed"):
        if by_change[kind] and by_change["unchanged"]:
            tell(f"  {kind}: {', '.join(map(doc_text, by_change[kind]))}")
    tell(*(f"  {problem}" for problem in outcome.problems))
