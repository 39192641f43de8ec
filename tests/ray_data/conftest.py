"""A ledger on a clock of the test's own, and workers that reach it without Ray."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from aki_runtime.batch.rows import Row
from aki_runtime.ray.journal import RowJournal
from aki_runtime.ray.ledger import Ledger, Operation, Reply
from aki_runtime.ray.options import CallOptions
from aki_runtime.ray.worker import Worker
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings

LEASE = 10.0


class Clock:
    """Seconds, as a test has them."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rows.journal"


@pytest.fixture
def open_ledger(path: Path, clock: Clock) -> Iterator[Callable[[], Ledger]]:
    """Open the ledger; once more, it is the one that a restarted actor opens."""
    opened: list[Ledger] = []

    def open_it() -> Ledger:
        for ledger in opened:
            ledger.close()
        opened[:] = [Ledger(str(path), LEASE, survives_power_loss=False, now=clock)]
        return opened[0]

    yield open_it
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger: Callable[[], Ledger]) -> Ledger:
    return open_ledger()


@pytest.fixture
def hub() -> Iterator[SandboxServer]:
    with SandboxServer(settings=HubSettings(worker_slots=64, job_seconds=0.02)) as server:
        yield server


class Line:
    """The way of one worker to the ledger, which a test can cut."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.is_cut = False
        self.loses_answers = 0
        self.asked: list[Operation] = []

    def sender(self, worker: str) -> Any:
        async def send(operations: Sequence[Operation]) -> Sequence[Reply]:
            if self.is_cut:
                raise ConnectionResetError("the line is cut")
            self.asked += operations
            answers = self.ledger.carry_out(worker, operations)
            if operations and self.loses_answers:
                self.loses_answers -= 1
                raise ConnectionResetError("the answer was lost")
            return answers

        return send


@pytest.fixture
def line(ledger: Ledger) -> Line:
    return Line(ledger)


@pytest.fixture
def make_options(hub: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., CallOptions]:
    """Make options for the hub."""
    monkeypatch.setenv("AKI_API_KEY", "test-key")

    def make(**changes: Any) -> CallOptions:
        journal = RowJournal("rows", "aki", changes.pop("lease", LEASE))
        given = {"endpoint": "llama3_8b_chat", "journal": journal, "api_server": hub.url}
        return CallOptions(**{**given, **changes})

    return make


@pytest.fixture
def make_worker(make_options: Callable[..., CallOptions]) -> Iterator[Callable[..., Worker]]:
    """Make a worker on a line."""
    workers: list[Worker] = []

    def make(line: Line, **changes: Any) -> Worker:
        workers.append(Worker(make_options(**changes), line.sender))
        return workers[-1]

    yield make
    for worker in workers:
        worker.close()


def row(row_id: str, prompt: str | None = None) -> Row:
    """Make a row."""
    text = prompt or f"row {row_id};"
    return Row(1, row_id, {"prompt_input": text}, digest=text)
