"""A hub of its own for each test of batches, files for them, a batch that runs, and a journal."""

import json
from collections.abc import Iterator

import pytest
from aki_client import batch
from aki_runtime.batch.journal import Journal
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from batch.rows import CHAT, write


@pytest.fixture
def settings() -> HubSettings:
    """How the hub behaves; a test overrides it where it needs another one."""
    return HubSettings(worker_slots=100, job_seconds=0.02)


@pytest.fixture
def hub(settings: HubSettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxServer]:
    """A sandbox hub that the environment names."""
    with SandboxServer(settings=settings) as server:
        monkeypatch.setenv("AKI_API_SERVER", server.url)
        monkeypatch.setenv("AKI_API_KEY", "test-key")
        yield server


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.fixture
def output(folder):
    return folder / "out.jsonl"


@pytest.fixture
def read(output):
    """Read the outcomes in the output."""
    return lambda: [json.loads(line) for line in output.read_text("utf-8").splitlines()]


@pytest.fixture
def prompts():
    """Make rows for a chat endpoint."""
    return lambda count: [{"prompt_input": f"row {n};", "id": n} for n in range(1, count + 1)]


@pytest.fixture
def source(folder, prompts):
    """A file of twenty rows."""
    return write(folder / "rows.jsonl", prompts(20))


@pytest.fixture
def run(hub, output):
    """Run a batch of a chat endpoint into the output."""

    def run_batch(rows, **settings):
        settings = {"keep": ["id"], "survives_power_loss": False, **settings}
        return batch.run(CHAT, rows, output, **settings)

    return run_batch


@pytest.fixture
def journal_path(folder):
    return folder / "run.journal"


@pytest.fixture
def journal(journal_path):
    """A journal that knows of no row yet."""
    with Journal.open(journal_path, survives_power_loss=False) as opened:
        yield opened
