"""The `generate` command: who is asked, how far it has come, and what came of it, in words."""

import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer
from aki_runtime.changes.compare import Change

from ..fetching.target import HubOptions, choose_target, is_settled
from ..generation.generate import Generated, already_made, prepare, publish, read_package
from ..generation.package import CHANGES, START, Package
from ..generation.version import has_other_modules, next_version
from ..literals import doc_text
from ..naming import DEFAULT_OUT, DEFAULT_PACKAGE
from ..output import (
    WINDOWS_LINES,
    edited_by_hand,
    manifest_of,
    only_run,
    uninterrupted,
)
from ..problems import GenerationError
from ..rendering.describe import endpoint_count
from ..snapshot.compare import compare_snapshots
from ..snapshot.refresh import refreshed, removal_warning
from ..snapshot.snapshot import Snapshot
from ..terminal import say, say_progress, tell
from . import options
from .changes import as_text, with_changes

app = options.new_app()


@app.command(epilog=options.STATUSES)
def generate(
    ctx: typer.Context,
    server: options.Server = None,
    layout: options.Routes = None,
    api_key_file: options.KeyFile = None,
    allow_http: options.AllowHttp = False,
    out: options.Out = Path(DEFAULT_OUT),
    package: options.PackageName = DEFAULT_PACKAGE,
    offline: Annotated[
        bool, typer.Option("--offline", help="render from the snapshot in the package, ask nobody")
    ] = False,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="fail on any problem, loosely typed parameters included"),
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="take an empty list, or one that removes more than half, for what it says",
        ),
    ] = False,
) -> options.ExitStatus:
    """Ask a hub for its endpoints and write a typed client.

    The hub is that of --server or AKI_API_SERVER; else that of [tool.aki-codegen]; else the one that the package was
    made from; else https://aki.io where there is a key, and the sandbox hub where there is none.
    """
    hub = HubOptions(server, layout, api_key_file, allow_http, ctx.obj.of(package))
    if offline and hub:
        ctx.fail("--offline asks nobody; leave out --server, --layout and --api-key-file")
    folder = out / package
    with only_run(folder):
        before, previous = read_package(folder)
        snapshot = _snapshot(hub, folder, previous, offline=offline, force=force)
        # Where the project says nothing, what the snapshot keeps of it still holds.
        settled = hub.project.table
        snapshot = replace(
            snapshot,
            overrides=snapshot.overrides if settled is None else settled.overrides(),
            command=_command_for(snapshot, out, package, hub),
        )
        result = already_made(package, before, previous, snapshot)
        if result is not None and not (strict and result.problems):
            _summarize(result, folder, ())
        else:
            made = prepare(snapshot, package, strict=strict, previous=previous)
            _warn_of_edits(before, made)
            changes = history = version = None
            if previous is not None and previous.documents:
                changes = compare_snapshots(previous, made.snapshot)
            if before and (changes or has_other_modules(before, made)):
                version = next_version(before, changes or (), hub.project.settings.version, folder)
            if changes:
                past = before.get(str(CHANGES), b"")
                history = with_changes(past, made, version or START, changes)
            # The folder is swapped and summed up in one go: Ctrl-C between would say that nothing was changed.
            with uninterrupted():
                result = publish(made, out, before, changes=history, version=version)
                is_raised = version is not None and hub.project.settings.version != "fixed"
                _summarize(result, folder, changes, version if is_raised else None)
    return options.ExitStatus.OK if result.complete else options.ExitStatus.INCOMPLETE


def _snapshot(
    hub: HubOptions, folder: Path, previous: Snapshot | None, *, offline: bool, force: bool
) -> Snapshot:
    if offline:
        if previous is None:
            raise GenerationError(
                f"{folder} holds no snapshot to render from; run once without --offline"
            )
        say(f"Rendering from the snapshot of {previous.server}, nobody is asked.")
        return previous
    with choose_target(hub, previous.hub if previous is not None else None) as target:
        say(f"Asking {target.introduction}.")
        snapshot = refreshed(
            target,
            previous,
            _show_progress,
            force=force,
            for_calls=True,
            tombstone_days=hub.project.settings.tombstone_days,
        )
        if snapshot.layout != target.recorded.layout:
            say(f"Its routes have the layout {snapshot.layout!r}.")
        say(*removal_warning(target, previous, snapshot))
    return snapshot


def _command_for(snapshot: Snapshot, out: Path, package: str, hub: HubOptions) -> str:
    """Return the command that makes a package anew, as a shell takes it: what the project settles it need not say."""
    words, settings = ["aki-codegen", "generate"], hub.project.settings
    place = _as_named(out, hub.project.folder)
    if not snapshot.is_sandbox and not (settings.server and is_settled(snapshot.server, settings)):
        # What only a shell or a reader of Markdown would make something of has a form without it.
        server = quote(snapshot.server, safe=":/[]-._~%")
        words += ["--server", server, "--layout", snapshot.layout]
    if settings.out is None and place != DEFAULT_OUT:
        words += ["--out", place]
    if (settings.package or DEFAULT_PACKAGE) != package:
        words += ["--package", package]
    return shlex.join(words)


def _as_named(out: Path, project: Path) -> str:
    """Return a folder as anybody names it who is in the project's."""
    place, here = Path(os.path.abspath(out)), project.absolute()  # noqa: PTH100 - links are not followed
    return (place.relative_to(here) if place.is_relative_to(here) else out).as_posix()


def _warn_of_edits(before: Mapping[str, bytes], made: Package) -> None:
    if manifest_of(before) is None:
        say(
            "manifest.json cannot be read, so that files edited by hand cannot be named; it is made anew, "
            "and `aki-codegen check` names what no longer belongs there."
        )
        return
    edited, has_windows_lines = edited_by_hand(before, {str(p): c for p, c in made.files.items()})
    if has_windows_lines:
        say(f"Files {WINDOWS_LINES}.")
    if edited:
        say(f"Overwriting files that were edited by hand: {', '.join(edited)}.")


def _show_progress(done: int, total: int) -> None:
    say_progress(f"  {done} of {total} endpoints looked up", last=done == total)


def _summarize(
    result: Generated, folder: Path, changes: Iterable[Change] | None, version: str | None = None
) -> None:
    by_change = result.endpoints
    counts = ", ".join(f"{len(names)} {kind}" for kind, names in by_change.items() if names)
    offered = len(result.snapshot.offered())
    tell(f"{folder}: {endpoint_count(offered)} ({counts})")
    for kind in ("new", "changed", "removed"):
        if by_change[kind] and by_change["unchanged"]:
            tell(f"  {kind}: {', '.join(map(doc_text, by_change[kind]))}")
    if version is not None:
        tell(f"  version: {version}")
    tell(*(f"  {problem}" for problem in result.problems))
    if changes is not None:
        tell(*as_text(changes))
