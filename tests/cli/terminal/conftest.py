"""`aki` in a pseudo terminal, driven by pexpect, against a sandbox hub."""

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings

pexpect: Any = pytest.importorskip("pexpect", reason="pexpect is missing: no terminal to drive")

KEY = "sk-secret/4711"
AKI = Path(sys.executable).with_name("aki")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
SECONDS = 20.0


@dataclass
class Terminal:
    """Starts programs in a pseudo terminal; `environment` is theirs."""

    folder: Path
    environment: dict[str, str]
    columns: int = 80
    children: list[Any] = field(default_factory=list)

    def start(self, program: str, *words: str) -> Any:
        """Start a program; the child keeps all that it wrote in `logfile_read`."""
        import io

        child = pexpect.spawn(
            program,
            list(words),
            cwd=str(self.folder),
            env=self.environment,
            dimensions=(40, self.columns),
            encoding="utf-8",
            codec_errors="replace",  # the terminal may write ^C into the middle of a letter
            timeout=SECONDS,
        )
        child.logfile_read = io.StringIO()
        self.children.append(child)
        return child

    def aki(self, *words: str) -> Any:
        """Start `aki`."""
        return self.start(str(AKI), *words)

    def screen(self, child: Any) -> str:
        """Wait for the end and return all that was written, escape sequences included."""
        child.expect(pexpect.EOF)
        child.close()
        written: str = child.logfile_read.getvalue()
        assert KEY not in written
        return written


@pytest.fixture(scope="module")
def hub() -> Iterator[SandboxServer]:
    with SandboxServer(settings=HubSettings(job_seconds=0.02, worker_slots=1)) as server:
        yield server


@pytest.fixture
def terminal(hub: SandboxServer, tmp_path: Path) -> Iterator[Terminal]:
    if not AKI.exists():
        pytest.skip("the console script aki is not installed beside this Python")
    environment = {
        "PATH": f"{AKI.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": os.environ["PYTHONPATH"],
        "HOME": str(tmp_path),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "AKI_API_SERVER": hub.url,
        "AKI_API_KEY": KEY,
    }
    made = Terminal(tmp_path, environment)
    yield made
    for child in made.children:
        child.close(force=True)
