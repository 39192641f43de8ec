"""The `check` command: whether a package is what its snapshot makes, and how it stands to the live hub. Read-only."""

import argparse

from aki_runtime.changes.compare import compare_hubs

from ..exits import Exit
from ..fetching.target import choose_target
from ..generation.generate import REPORT, report_of
from ..generation.package import make_package
from ..output.folder import differences, files_of, require_whole
from ..problems import GenerationError
from ..reports.diff import as_text, exit_of
from ..snapshot.files import read
from ..snapshot.refresh import doubt, refreshed
from ..snapshot.snapshot import Snapshot
from ..terminal import say, tell


def run(options: argparse.Namespace) -> Exit:
    """Compare a package with its snapshot, or its snapshot with the hub.

    Raises:
        GenerationError: It can not be compared, or differs from its snapshot.
    """
    folder = options.out / options.package
    snapshot = read(folder)
    if snapshot is None:
        raise GenerationError(f"{folder} holds no snapshot; run `aki-codegen generate` first")
    if options.live:
        return _check_live(options, snapshot)
    try:
        files = files_of(folder)
    except OSError as error:
        raise GenerationError(f"{folder} can not be read: {error}") from None
    require_whole(files, folder)
    package = make_package(snapshot, options.package)
    told = differences(files, package.files)
    report = options.out / REPORT
    if not report.is_file() or report.read_text("utf-8") != report_of(package):
        told.append(f"{REPORT} is not what the generator makes of it")
    if told:
        raise GenerationError(
            f"{folder} is not what its snapshot makes; `aki-codegen generate --offline` makes it anew:",
            told,
        )
    tell(f"{folder}: as its snapshot makes it")
    return Exit.OK


def _check_live(options: argparse.Namespace, snapshot: Snapshot) -> Exit:
    with choose_target(
        options.server,
        options.layout,
        options.api_key_file,
        snapshot.hub,
        allow_http=options.allow_http,
    ) as target:
        say(f"Asking {target.introduction}.")
        live = refreshed(target, snapshot, lambda done, total: None, force=True)
    changes = compare_hubs(snapshot.offered(), live.offered())
    tell(*as_text(changes))
    say(*doubt(target, live))
    tell(*(f"  {problem}" for problem in live.problems))
    return exit_of(changes)
