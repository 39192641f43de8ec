"""The `check` command: whether a package is what its snapshot makes, and how it stands to the live hub. Read-only."""

from pathlib import Path
from typing import Annotated

import typer

from ..fetching.target import HubOptions, choose_target
from ..generation.package import make_package
from ..generation.seal import sealed_as
from ..naming import DEFAULT_OUT, DEFAULT_PACKAGE
from ..output import differences, files_of, require_whole
from ..parsing.settings import TABLE
from ..problems import GenerationError
from ..snapshot.compare import compare_snapshots
from ..snapshot.snapshot import Snapshot, read_or_raise
from ..terminal import say, tell
from . import options
from .changes import as_text, exit_of

app = options.new_app()


@app.command(epilog=options.STATUSES)
def check(
    ctx: typer.Context,
    out: options.Out = Path(DEFAULT_OUT),
    package: options.PackageName = DEFAULT_PACKAGE,
    live: Annotated[bool, typer.Option("--live", help="compare the snapshot with the hub")] = False,
    server: options.Server = None,
    layout: options.Routes = None,
    api_key_file: options.KeyFile = None,
    allow_http: options.AllowHttp = False,
) -> options.ExitStatus:
    """Tell whether a package is what its snapshot makes of it, or, with --live, how the snapshot stands to the hub.

    Nothing is written.
    """
    hub = HubOptions(server, layout, api_key_file, allow_http, ctx.obj.of(package))
    if not live and hub:
        ctx.fail("without --live nobody is asked; leave out --server, --layout and --api-key-file")
    folder = out / package
    snapshot = read_or_raise(folder)
    if live:
        return _check_live(hub, snapshot)
    files = files_of(folder)
    require_whole(files, folder)
    made = make_package(snapshot, package)
    faults = differences(files, sealed_as(files, made.files))
    settled = hub.project.table
    if settled is not None and settled.overrides() != snapshot.overrides:
        faults.append(f"the endpoints that [{TABLE}] settles are not those that it was made with")
    if faults:
        raise GenerationError(
            f"{folder} is not what its snapshot makes; `aki-codegen generate --offline` makes it anew:",
            faults,
        )
    tell(f"{folder}: as its snapshot makes it")
    return options.ExitStatus.OK


def _check_live(hub: HubOptions, snapshot: Snapshot) -> options.ExitStatus:
    with choose_target(hub, snapshot.hub) as target:
        say(f"Asking {target.introduction}.")
        live = options.snapshot_of_hub(target, snapshot)
    changes = compare_snapshots(snapshot, live)
    tell(*as_text(changes))
    tell(*(f"  {problem}" for problem in live.problems))
    return exit_of(changes)
