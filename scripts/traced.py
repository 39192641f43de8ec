"""Counts the own functions and modules that one use of the product passes through; CONTRIBUTING.md shows the figures.

A use runs once before it is watched, so that imports and what a process makes once are left out. A batch is counted
twice: as a whole run, whose options are read and whose report is written, and by what runs again for each further row.
"""

import contextlib
import io
import itertools
import os
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from aki_client import Aki, batch
from aki_client.celery import FolderStore, SqliteClaims, endpoint_task
from aki_codegen.cli import main as codegen
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from celery import Celery  # type: ignore[import-untyped]

OWN = ("aki_client", "aki_codegen", "aki_runtime")
ENDPOINT, PARAMETERS = "z_image_turbo", {"prompt": "a robot", "width": 128, "height": 128}


def watched(use: Callable[[], object]) -> set[CodeType]:
    """Return the code of own functions that runs during a use, in whatever thread."""
    use()
    return set(_calls(use))


def grown(run: Callable[[int], object]) -> set[CodeType]:
    """Return the code of own functions that is called, or resumed, more often where a run has more rows."""
    run(4)
    few, many = (_calls(partial(run, rows)) for rows in (4, 12))
    return {code for code in many if many[code] > few[code]}


def _calls(use: Callable[[], object]) -> Counter[CodeType]:
    calls: Counter[CodeType] = Counter()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            calls[frame.f_code] += 1

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        use()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return Counter({c: n for c, n in calls.items() if _is_own(c) and c.co_name != "<module>"})


def _is_own(code: CodeType) -> bool:
    return any(f"{os.sep}{package}{os.sep}" in code.co_filename for package in OWN)


def uses(folder: Path, server: str) -> dict[str, Callable[[], set[CodeType]]]:
    """Return what is counted, by its name."""
    os.environ.update(AKI_API_KEY="any-key", AKI_API_SERVER=server)
    aki = Aki()
    serial = map(str, itertools.count())
    (folder / "results").mkdir()
    app = Celery(broker="memory://", backend=f"file://{folder}/results", set_as_current=False)
    claims, store = SqliteClaims(folder / "claims"), FolderStore(folder / "media")
    task: Any = endpoint_task(app, ENDPOINT, claims=claims, store=store)

    def refresh() -> None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            codegen(["generate", "--out", str(folder / next(serial))])

    def run(rows: int) -> None:
        # As many jobs at a time whatever the number of rows, so that no further connections count as rows.
        output = folder / f"{next(serial)}.jsonl"
        batch.run(ENDPOINT, [PARAMETERS] * rows, output, concurrency=4)

    return {
        "a call": partial(watched, lambda: getattr(aki, ENDPOINT)(**PARAMETERS)),
        "a batch of one row": partial(watched, partial(run, 1)),
        "each further row of a batch": partial(grown, run),
        "a Celery task": partial(watched, lambda: task.apply(kwargs=PARAMETERS).get()),
        "a refresh": partial(watched, refresh),
    }


if __name__ == "__main__":
    settings = HubSettings(job_seconds=0.3)
    with tempfile.TemporaryDirectory() as name, SandboxServer(settings=settings) as hub:
        for use, count in uses(Path(name), hub.url).items():
            codes = count()
            if "-v" in sys.argv:
                print("\n".join(sorted(f"{c.co_filename} {c.co_qualname}" for c in codes)))
            print(f"{use}: {len(codes)} functions, {len({c.co_filename for c in codes})} modules")
