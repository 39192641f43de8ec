"""The `generate` command: who is asked, how far it has come, and what came of it, in words."""

import argparse
import sys
from collections.abc import Container, Mapping
from dataclasses import replace
from pathlib import Path

from ..exits import Exit
from ..fetching.target import choose_target
from ..generation.generate import Outcome, generate, read_package
from ..literals import doc_text
from ..output.folder import edited_by_hand
from ..output.lock import only_run
from ..parsing.overrides import read_overrides
from ..problems import GenerationError
from ..rendering.describe import endpoint_count
from ..reports.diff import as_text
from ..reports.history import note_changes, noted_changes
from ..runtime.changes.compare import compare_hubs
from ..snapshot.refresh import refreshed


def run(options: argparse.Namespace) -> Exit:
    """Generate a package as the options say.

    Raises:
        GenerationError: Nothing was written, and why.
    """
    with only_run(options.out / options.package):
        return _run(options)


def _run(options: argparse.Namespace) -> Exit:
    before, previous = read_package(options.out / options.package)
    noted = noted_changes(options.out)
    if options.offline:
        if previous is None:
            raise GenerationError(
                f"{options.out / options.package} holds no snapshot to render from; "
                "run once without --offline"
            )
        _say(f"Rendering from the snapshot of {previous.server}, nobody is asked.")
        snapshot = previous
    else:
        with choose_target(
            options.server, options.layout, options.api_key_file, allow_http=options.allow_http
        ) as target:
            _say(f"Asking {target.introduction}.")
            snapshot = refreshed(target, previous, _show_progress, force=options.force)
    settled = read_overrides(Path("pyproject.toml"))
    if settled is not None:
        snapshot = replace(snapshot, overrides=settled)
    edited = edited_by_hand(before)
    if edited:
        _say(f"Overwriting files that were edited by hand: {', '.join(edited)}.")
    outcome = generate(
        snapshot,
        options.out,
        options.package,
        strict=options.strict,
        project=options.project,
        before=before,
    )
    _summarize(outcome, options.out / options.package)
    if previous is not None and previous.documents:
        # What was taken over has not changed.
        unread = outcome.package.unread
        changes = compare_hubs(
            _without(previous.offered(), unread),
            _without(outcome.package.snapshot.offered(), unread),
        )
        note_changes(options.out, options.package, noted, changes)
        print(as_text(changes), end="")
    return Exit.OK if outcome.complete else Exit.INCOMPLETE


def _without(documents: Mapping[str, object], names: Container[str]) -> dict[str, object]:
    return {name: document for name, document in documents.items() if name not in names}


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\r  {done} of {total} endpoints looked up", end=end, file=sys.stderr, flush=True)
    elif done == total:
        _say(f"  {done} of {total} endpoints looked up")


def _summarize(outcome: Outcome, folder: Path) -> None:
    by_change = outcome.endpoints_by_change()
    counts = ", ".join(f"{len(names)} {kind}" for kind, names in by_change.items() if names)
    offered = len(outcome.package.snapshot.offered())
    print(f"{folder}: {endpoint_count(offered)} ({counts})")
    for kind in ("new", "changed", "removed"):
        if by_change[kind] and by_change["unchanged"]:
            print(f"  {kind}: {', '.join(map(doc_text, by_change[kind]))}")
    for problem in outcome.problems:
        print(f"  {problem}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
