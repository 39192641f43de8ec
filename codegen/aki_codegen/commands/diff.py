"""The `diff` command: which two states are compared, and how the difference is shown. It writes nothing.

Owns how a state is named on the command line. Must not know how changes are found or classed.
"""

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from aki_runtime.changes.compare import compare_hubs

from ..exits import Exit
from ..fetching.target import choose_target
from ..problems import GenerationError, Problem
from ..reports.diff import PULL_REQUEST_CHARACTERS, as_json, as_markdown, as_text, exit_of
from ..snapshot.files import read
from ..snapshot.refresh import doubt, refreshed
from ..snapshot.revisions import snapshot_of_folder, snapshot_of_revision
from ..snapshot.snapshot import Snapshot
from ..terminal import hand_out, say, tell

GIT = "git:"


@dataclass(frozen=True)
class State:
    """A state of a hub's metadata.

    Attributes:
        words: What it is, in words.
        snapshot: Asks for it; where details can not be had, those of the other state stand for them.
        is_live: Whether a hub is asked.
    """

    words: str
    snapshot: Callable[[Snapshot | None], Snapshot]
    is_live: bool = False


def run(options: argparse.Namespace) -> Exit:
    """Compare two states as the options say, and return the class of the worst change.

    Raises:
        GenerationError: One of them can not be had.
    """
    with ExitStack() as opened:
        old, new = _states(options, opened)
        say(f"Comparing {old.words} with {new.words}.")
        before, after = _snapshots(old, new)
    problems = tuple(sorted({*_problems(old, before), *_problems(new, after)}))
    say(*(f"  {problem}" for problem in problems))
    changes = compare_hubs(before.offered(), after.offered())
    match options.format:
        case "json":
            hand_out(as_json(changes, old.words, new.words, problems))
        case "markdown":
            hand_out(as_markdown(changes, PULL_REQUEST_CHARACTERS))
        case _:
            tell(*as_text(changes))
    return exit_of(changes)


def _states(options: argparse.Namespace, opened: ExitStack) -> tuple[State, State]:
    if options.new is not None:
        return _named(options.old, options, opened), _named(options.new, options, opened)
    if options.old is not None:
        return _named(options.old, options, opened), _of_package(options)
    return _of_package(options), _live(options.server, options, opened)


def _named(name: str, options: argparse.Namespace, opened: ExitStack) -> State:
    if name.startswith(GIT):
        return _of_revision(name.removeprefix(GIT), options)
    if "://" in name:
        return _live(name, options, opened)
    folder = Path(name)
    if folder.is_dir():
        return State(str(folder), lambda _: snapshot_of_folder(folder, options.package))
    return _of_revision(name, options)


def _of_package(options: argparse.Namespace) -> State:
    folder = options.out / options.package

    def snapshot(_: Snapshot | None) -> Snapshot:
        found = read(folder)
        if found is None:
            raise GenerationError(
                f"{folder} holds no snapshot to compare; run `aki-codegen generate` first, "
                "or name two states"
            )
        return found

    return State(str(folder), snapshot)


def _of_revision(revision: str, options: argparse.Namespace) -> State:
    folder = options.out / options.package
    return State(
        f"{folder} at git revision {revision!r}", lambda _: snapshot_of_revision(revision, folder)
    )


def _live(server: str | None, options: argparse.Namespace, opened: ExitStack) -> State:
    package = read(options.out / options.package)
    target = opened.enter_context(
        choose_target(
            server,
            options.layout,
            options.api_key_file,
            package.hub if package is not None else None,
            allow_http=options.allow_http,
        )
    )

    def snapshot(other: Snapshot | None) -> Snapshot:
        # Nothing is written, so that a list that removes everything may say so.
        found = refreshed(target, other, lambda done, total: None, force=True)
        say(*doubt(target, found))
        return found

    return State(target.introduction, snapshot, is_live=True)


def _snapshots(old: State, new: State) -> tuple[Snapshot, Snapshot]:
    if old.is_live and not new.is_live:
        after = new.snapshot(None)
        return old.snapshot(after), after
    before = old.snapshot(None)
    return before, new.snapshot(before)


def _problems(state: State, snapshot: Snapshot) -> tuple[Problem, ...]:
    """Return what could not be compared; what was wrong when a snapshot was made is no news."""
    return snapshot.problems if state.is_live else ()
