"""A hub of its own for each test of batches, and folders for their files."""

import json
from collections.abc import Iterator

import pytest
from aki_codegen.sandbox.server import SandboxServer
from aki_codegen.sandbox.settings import HubSettings


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
