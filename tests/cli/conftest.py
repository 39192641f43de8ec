"""A sandbox hub, and the command line run within the test's own process."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings

pytest.importorskip("typer", reason="typer is missing: the command line needs the extra 'cli'")

from aki_cli.main import main
from support.metadata import details

KEY = "sk-secret/4711"
"""The key of these tests; no run may ever show it."""

PRICES = """
format = 1
currency = "EUR"
[[endpoint."*"]]
valid_from = 2026-01-01
output_per_million = 10000
"""

ODD = details(
    {
        "prompt": {"type": "string", "required": True},
        **{name: {"type": "string"} for name in ("help", "output", "json", "save_to", "server")},
        "detach": {"type": "bool"},
        "a b": {"type": "string"},
        "mode": {
            "type": "selection",
            "supported": [
                "$(touch pwned)",
                "[red]b\u001b[31m",
                "::error::x",
                "##[group]x",
                "plain",
            ],
            "default": "plain",
        },
    },
    {"text": {"type": "string"}},
)
"""An endpoint whose parameters are called like options of the command line, and whose choices are hostile."""


@dataclass(frozen=True)
class Ran:
    """What a run left: exit status, stdout and stderr."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON document on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Command:
    """The command `aki` in a folder of its own; a call runs it."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *words: str, stdin: str = "") -> Ran:
        """Run it with some words."""
        self.monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        status = main(words)
        told = self.capsys.readouterr()
        assert KEY not in told.out + told.err
        return Ran(int(status), told.out, told.err)


@pytest.fixture(scope="module")
def hub() -> Iterator[SandboxServer]:
    with SandboxServer(settings=HubSettings(job_seconds=0.02)) as server:
        yield server


@pytest.fixture
def aki(
    hub: SandboxServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Command:
    monkeypatch.setenv("AKI_API_SERVER", hub.url)
    monkeypatch.setenv("AKI_API_KEY", KEY)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return Command(tmp_path, capsys, monkeypatch)


@pytest.fixture(scope="module")
def odd_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """A hub with an endpoint that the package lacks."""
    folder = tmp_path_factory.mktemp("catalogue")
    document = {**ODD, "name": "odd", "title": "Odd [bold]\u001b[31mone"}
    (folder / "odd.json").write_text(json.dumps(document))
    with SandboxServer(settings=HubSettings(job_seconds=0.02), catalogue=folder) as server:
        yield server


@pytest.fixture
def odd(aki: Command, odd_hub: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command with that hub."""
    monkeypatch.setenv("AKI_API_SERVER", odd_hub.url)
    return aki
