"""The `diff` command: which two states are compared, and how the difference is shown. It writes nothing.

Owns how a state is named on the command line. Must not know how changes are found or classed.
"""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from ..fetching.target import HubOptions, Target, choose_target
from ..naming import DEFAULT_OUT, DEFAULT_PACKAGE
from ..snapshot.compare import compare_snapshots
from ..snapshot.revisions import snapshot_of_folder, snapshot_of_revision
from ..snapshot.snapshot import Snapshot, read, read_or_raise
from ..terminal import hand_out, say, tell
from . import options
from .changes import PULL_REQUEST_CHARACTERS, as_json, as_markdown, as_text, exit_of

app = options.new_app()

GIT = "git:"


@dataclass(frozen=True)
class State:
    """A state of a hub's metadata.

    Attributes:
        words: What it is, in words.
        source: What it holds, or the hub that has to be asked.
    """

    words: str
    source: Snapshot | Target


@app.command(epilog=options.STATUSES)
def diff(
    ctx: typer.Context,
    old: Annotated[
        str | None,
        typer.Argument(metavar="[OLD]", help="the state before (the package's snapshot)"),
    ] = None,
    new: Annotated[
        str | None, typer.Argument(metavar="[NEW]", help="the state after (the live hub)")
    ] = None,
    out: options.Out = Path(DEFAULT_OUT),
    package: options.PackageName = DEFAULT_PACKAGE,
    form: Annotated[
        Literal["text", "json", "markdown"],
        typer.Option("--format", help="how the changes are shown"),
    ] = "text",
    server: options.Server = None,
    layout: options.Routes = None,
    api_key_file: options.KeyFile = None,
    allow_http: options.AllowHttp = False,
) -> options.ExitStatus:
    """Compare two states of a hub's metadata and class each change for those who call it.

    A state is a folder (package, spec or output folder), a git revision (git:REV where a folder is called the same)
    or the URL of a live hub, which gets AKI_API_KEY only where it is the package's hub or AKI_API_SERVER. Without NEW,
    the package's snapshot; with neither, the snapshot and the live hub. Nothing is written.
    """
    if server and old is not None:
        ctx.fail("--server names the hub where no states are named; leave one out")
    with ExitStack() as opened:
        hub = HubOptions(server, layout, api_key_file, allow_http, ctx.obj.of(package))
        find = _States(out / package, hub, opened)
        first = find.of_package() if old is None else find.named(old)
        otherwise = find.live if old is None else find.of_package
        second = find.named(new) if new is not None else otherwise()
        say(f"Comparing {first.words} with {second.words}.")
        # Where details cannot be had of a hub, those of the other state stand for them.
        before = _snapshot(first, second.source if isinstance(second.source, Snapshot) else None)
        after = _snapshot(second, before)
    # What was wrong when a snapshot was made is old news.
    asked = [s for s in (before, after) if s is not first.source and s is not second.source]
    problems = sorted({problem for snapshot in asked for problem in snapshot.problems})
    say(*(f"  {problem}" for problem in problems))
    changes = compare_snapshots(before, after)
    match form:
        case "json":
            hand_out(as_json(changes, first.words, second.words, problems))
        case "markdown":
            hand_out(as_markdown(changes, PULL_REQUEST_CHARACTERS))
        case _:
            tell(*as_text(changes))
    return exit_of(changes)


def _snapshot(state: State, other: Snapshot | None) -> Snapshot:
    if isinstance(state.source, Snapshot):
        return state.source
    return options.snapshot_of_hub(state.source, other)


class _States:
    """Finds what the command line names.

    Args:
        folder: The package's folder.
        hub: The hub that is asked.
        opened: Keeps a sandbox hub running.
    """

    def __init__(self, folder: Path, hub: HubOptions, opened: ExitStack) -> None:
        self._folder = folder
        self._hub = hub
        self._opened = opened

    def named(self, name: str) -> State:
        if "://" in name:
            return self.live(name)
        folder = Path(name)
        if folder.is_dir() and not name.startswith(GIT):
            return State(str(folder), snapshot_of_folder(folder, self._folder.name))
        revision = name.removeprefix(GIT)
        snapshot = snapshot_of_revision(revision, self._folder)
        return State(f"{self._folder} at git revision {revision!r}", snapshot)

    def of_package(self) -> State:
        advice = "run `aki-codegen generate` first, or name two states"
        return State(str(self._folder), read_or_raise(self._folder, advice))

    def live(self, server: str | None = None) -> State:
        package = read(self._folder)
        own = package.hub if package is not None else None
        hub = self._hub if server is None else replace(self._hub, server=server)
        target = self._opened.enter_context(choose_target(hub, own, is_state=server is not None))
        return State(target.introduction, target)
