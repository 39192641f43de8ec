"""Counts the own functions and modules that one use of the product passes through; CONTRIBUTING.md shows the figures.

A use runs once before it is watched, so that imports and what a process makes once are left out.
"""

import contextlib
import io
import itertools
import os
import sys
import tempfile
import threading
from collections.abc import Callable
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
    seen: set[CodeType] = set()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            seen.add(frame.f_code)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        use()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return {code for code in seen if _is_own(code) and code.co_name != "<module>"}


def _is_own(code: CodeType) -> bool:
    return any(f"{os.sep}{package}{os.sep}" in code.co_filename for package in OWN)


def uses(folder: Path, server: str) -> dict[str, Callable[[], object]]:
    """Return what is watched, by its name: functions that can be called twice."""
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

    return {
        "a call": lambda: getattr(aki, ENDPOINT)(**PARAMETERS),
        "a batch of one row": lambda: batch.run(
            ENDPOINT, [PARAMETERS], folder / f"{next(serial)}.jsonl"
        ),
        "a Celery task": lambda: task.apply(kwargs=PARAMETERS).get(),
        "a refresh": refresh,
    }


if __name__ == "__main__":
    settings = HubSettings(job_seconds=0.3)
    with tempfile.TemporaryDirectory() as name, SandboxServer(settings=settings) as hub:
        for use, run in uses(Path(name), hub.url).items():
            codes = watched(run)
            if "-v" in sys.argv:
                print("\n".join(sorted(f"{c.co_filename} {c.co_qualname}" for c in codes)))
            print(f"{use}: {len(codes)} functions, {len({c.co_filename for c in codes})} modules")
