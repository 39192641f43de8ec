"""Runs `aki-codegen generate` within the test's own process, and looks at what it did to a folder."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from aki_codegen.cli import main
from support.metadata import details
from support.stub_hub import StubHub

KEY = "sk-secret-4711"
"""The key of these tests; no run may ever show it."""

PACKAGE = "hub_client"
PAINTER = details({"prompt": {"required": True}}, {"text": {}})


def two_endpoints() -> StubHub:
    """Return a hub that is in order."""
    return StubHub.offering({"painter": PAINTER, "singer": PAINTER})


@dataclass(frozen=True)
class Generate:
    """The command, writing into one folder; a call returns exit status, output and errors."""

    out: Path
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str, **names: str) -> tuple[int, str, str]:
        """Run it; `package` and `out` may be given by name."""
        options = {"out": str(self.out), "package": PACKAGE, **names}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        try:
            status = main(["generate", *words, *arguments])
        except SystemExit as stopped:
            status = int(stopped.code or 0)
        told = self.capsys.readouterr()
        assert KEY not in told.out + told.err
        return status, told.out, told.err

    @property
    def package(self) -> Path:
        """The folder of the package."""
        return self.out / PACKAGE

    def content(self) -> dict[str, bytes]:
        """Return the bytes of every file in the output folder."""
        files = (
            path
            for path in self.out.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        )
        return {path.relative_to(self.out).as_posix(): path.read_bytes() for path in files}


def without_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the settings of whoever runs the tests."""
    for name in ("AKI_API_KEY", "AKI_API_SERVER", "AKI_ALLOW_HTTP"):
        monkeypatch.delenv(name, raising=False)


def on_day(monkeypatch: pytest.MonkeyPatch, day: str) -> None:
    """Let refreshes happen on a day, as in "2026-01-31"."""
    seconds = datetime.fromisoformat(f"{day}T12:00+00:00").timestamp()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(seconds)))
