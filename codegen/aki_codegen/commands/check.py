"""The `check` command: whether a package is what its snapshot makes, and how it stands to the live hub. Read-only."""

from pathlib import Path
from typing import Annotated

import typer
from aki_runtime.changes.compare import compare_hubs

from ..exits import Exit
from ..generation.generate import REPORT, report_of
from ..generation.package import make_package
from ..generation.seal import sealed_as
from ..naming import DEFAULT_OUT, DEFAULT_PACKAGE
from ..output.folder import differences, files_of, require_whole
from ..problems import GenerationError
from ..reports.diff import as_text, exit_of
from ..snapshot.files import read
from ..snapshot.refresh import doubt, refreshed
from ..snapshot.snapshot import Snapshot
from ..style import STATUSES, new_app
from ..terminal import say, tell
from .options import AllowHttp, HubOptions, KeyFile, Out, Package, Routes, Server

app = new_app()


@app.command(epilog=STATUSES)
def check(
    ctx: typer.Context,
    out: Out = Path(DEFAULT_OUT),
    package: Package = DEFAULT_PACKAGE,
    live: Annotated[bool, typer.Option("--live", help="compare the snapshot with the hub")] = False,
    server: Server = None,
    layout: Routes = None,
    api_key_file: KeyFile = None,
    allow_http: AllowHttp = False,
) -> Exit:
    """Tell whether a package is what its snapshot makes of it, or, with --live, how the snapshot stands to the hub.

    Nothing is written.
    """
    hub = HubOptions(server, layout, api_key_file, allow_http)
    if not live and hub:
        ctx.fail("without --live nobody is asked; leave out --server, --layout and --api-key-file")
    folder = out / package
    snapshot = read(folder)
    if snapshot is None:
        raise GenerationError(f"{folder} holds no snapshot; run `aki-codegen generate` first")
    if live:
        return _check_live(hub, snapshot)
    try:
        files = files_of(folder)
    except OSError as error:
        raise GenerationError(f"{folder} cannot be read: {error}") from None
    require_whole(files, folder)
    made = make_package(snapshot, package)
    told = differences(files, sealed_as(files, made.files))
    report = out / REPORT
    if not report.is_file() or report.read_text("utf-8") != report_of(made):
        told.append(f"{REPORT} is not what the generator makes of it")
    if told:
        raise GenerationError(
            f"{folder} is not what its snapshot makes; `aki-codegen generate --offline` makes it anew:",
            told,
        )
    tell(f"{folder}: as its snapshot makes it")
    return Exit.OK


def _check_live(hub: HubOptions, snapshot: Snapshot) -> Exit:
    with hub.target(snapshot.hub) as target:
        say(f"Asking {target.introduction}.")
        live = refreshed(target, snapshot, lambda done, total: None, force=True)
    changes = compare_hubs(snapshot.offered(), live.offered())
    tell(*as_text(changes))
    say(*doubt(target, live))
    tell(*(f"  {problem}" for problem in live.problems))
    return exit_of(changes)
