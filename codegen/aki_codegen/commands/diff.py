"""The `diff` command: which two states are compared, and how the difference is shown. It writes nothing.

Owns how a state is named on the command line. Must not know how changes are found or classed.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import typer
from aki_runtime.changes.compare import compare_hubs

from ..naming import DEFAULT_OUT, DEFAULT_PACKAGE
from ..problems import GenerationError, Problem
from ..snapshot.files import read
from ..snapshot.refresh import refreshed, removal_warning
from ..snapshot.revisions import snapshot_of_folder, snapshot_of_revision
from ..snapshot.snapshot import Snapshot
from ..terminal import hand_out, say, tell
from .changes import PULL_REQUEST_CHARACTERS, as_json, as_markdown, as_text, exit_of
from .options import (
    STATUSES,
    AllowHttp,
    ExitStatus,
    HubOptions,
    KeyFile,
    Out,
    PackageName,
    Routes,
    Server,
    new_app,
)

app = new_app()

GIT = "git:"


@dataclass(frozen=True)
class State:
    """A state of a hub's metadata.

    Attributes:
        words: What it is, in words.
        snapshot: Asks for it; where details cannot be had, those of the other state stand for them.
        is_live: Whether a hub is asked.
    """

    words: str
    snapshot: Callable[[Snapshot | None], Snapshot]
    is_live: bool = False


@dataclass(frozen=True)
class _Choice:
    """What the command line says of the states.

    Attributes:
        out: The output folder.
        package: The package in it.
        hub: The hub that is asked.
    """

    out: Path
    package: str
    hub: HubOptions

    @property
    def folder(self) -> Path:
        return self.out / self.package


@app.command(epilog=STATUSES)
def diff(
    ctx: typer.Context,
    old: Annotated[
        str | None,
        typer.Argument(metavar="[OLD]", help="the state before (the package's snapshot)"),
    ] = None,
    new: Annotated[
        str | None, typer.Argument(metavar="[NEW]", help="the state after (the live hub)")
    ] = None,
    out: Out = Path(DEFAULT_OUT),
    package: PackageName = DEFAULT_PACKAGE,
    form: Annotated[
        Literal["text", "json", "markdown"],
        typer.Option("--format", help="how the changes are shown"),
    ] = "text",
    server: Server = None,
    layout: Routes = None,
    api_key_file: KeyFile = None,
    allow_http: AllowHttp = False,
) -> ExitStatus:
    """Compare two states of a hub's metadata and class each change for those who call it.

    A state is a folder (package, spec or output folder), a git revision (git:REV where a folder is called the same)
    or the URL of a live hub, which gets AKI_API_KEY only where it is the package's hub or AKI_API_SERVER. Without NEW,
    the package's snapshot; with neither, the snapshot and the live hub. Nothing is written.
    """
    if server and old is not None:
        ctx.fail("--server names the hub where no states are named; leave one out")
    choice = _Choice(out, package, HubOptions(server, layout, api_key_file, allow_http))
    with ExitStack() as opened:
        first, second = _states(old, new, choice, opened)
        say(f"Comparing {first.words} with {second.words}.")
        before, after = _snapshots(first, second)
    problems = tuple(sorted({*_problems(first, before), *_problems(second, after)}))
    say(*(f"  {problem}" for problem in problems))
    changes = compare_hubs(before.offered(), after.offered())
    match form:
        case "json":
            hand_out(as_json(changes, first.words, second.words, problems))
        case "markdown":
            hand_out(as_markdown(changes, PULL_REQUEST_CHARACTERS))
        case _:
            tell(*as_text(changes))
    return exit_of(changes)


def _states(
    old: str | None, new: str | None, choice: _Choice, opened: ExitStack
) -> tuple[State, State]:
    before = _of_package(choice) if old is None else _named(old, choice, opened)
    if new is not None:
        return before, _named(new, choice, opened)
    return before, _of_package(choice) if old is not None else _live(choice, choice.hub, opened)


def _named(name: str, choice: _Choice, opened: ExitStack) -> State:
    if name.startswith(GIT):
        return _of_revision(name.removeprefix(GIT), choice)
    if "://" in name:
        return _live(choice, replace(choice.hub, server=name), opened, is_state=True)
    folder = Path(name)
    if folder.is_dir():
        return State(str(folder), lambda _: snapshot_of_folder(folder, choice.package))
    return _of_revision(name, choice)


def _of_package(choice: _Choice) -> State:
    folder = choice.folder

    def snapshot(_: Snapshot | None) -> Snapshot:
        found = read(folder)
        if found is None:
            raise GenerationError(
                f"{folder} holds no snapshot to compare; run `aki-codegen generate` first, "
                "or name two states"
            )
        return found

    return State(str(folder), snapshot)


def _of_revision(revision: str, choice: _Choice) -> State:
    folder = choice.folder
    return State(
        f"{folder} at git revision {revision!r}", lambda _: snapshot_of_revision(revision, folder)
    )


def _live(choice: _Choice, hub: HubOptions, opened: ExitStack, *, is_state: bool = False) -> State:
    package = read(choice.folder)
    own = package.hub if package is not None else None
    target = opened.enter_context(hub.target(own, is_state=is_state))

    def snapshot(other: Snapshot | None) -> Snapshot:
        # Nothing is written, so that a list that removes everything may say so.
        found = refreshed(target, other, lambda done, total: None, force=True)
        say(*removal_warning(target, found))
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
