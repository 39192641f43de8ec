"""A project whose package is the tests' own, and `aki lint` run on it within the test's process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.package import made_package

pytest.importorskip("typer", reason="typer is missing: the command line needs the extra 'cli'")

from aki_cli.main import main


@dataclass(frozen=True)
class Linted:
    """What a run left."""

    status: int
    out: str
    err: str

    @property
    def findings(self) -> list[dict[str, Any]]:
        """The findings of a run with `--format json`."""
        return list(json.loads(self.out))


@dataclass(frozen=True)
class Project:
    """A folder with a pyproject.toml."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def write(self, text: str | bytes, name: str = "app.py") -> Path:
        """Write a source file."""
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def lint(self, *arguments: str | Path) -> Linted:
        """Run `aki lint`; a traceback fails the test."""
        self.capsys.readouterr()
        status = main(["lint", *map(str, arguments)])
        out, err = self.capsys.readouterr()
        assert "Traceback" not in err
        assert "should not happen" not in err
        return Linted(status, out, err)

    def findings(self, text: str | bytes) -> list[dict[str, Any]]:
        """Return what is found in a text."""
        return self.lint(self.write(text), "--format", "json").findings

    def add_package(self, name: str, endpoints: Mapping[str, object], **files: object) -> None:
        """Write the snapshot of a package, which is all that is read of one."""
        spec = self.folder / name / "spec"
        (spec / "endpoints").mkdir(parents=True)
        names: dict[str, object] = {}
        for endpoint, inputs in endpoints.items():
            fields = {"input": {wire: wire for wire in inputs}}  # type: ignore[attr-defined]
            names[endpoint] = {"name": endpoint, "models": endpoint.title(), "fields": fields}
            described = {"input": inputs, "output": {"text": {"type": "string"}}}
            document = {"name": endpoint, "parameter_description": described}
            (spec / "endpoints" / f"{endpoint}.json").write_text(json.dumps(document))
        for file, content in {"hub": {}, "names": names, **files}.items():
            (spec / f"{file}.json").write_text(json.dumps(content))


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    """Return a project that uses the tests' package."""
    package = json.dumps(str(made_package() / "aki_client"))
    (tmp_path / "pyproject.toml").write_text(f"[tool.aki]\npackages = [{package}]\n")
    return Project(tmp_path, capsys)


@pytest.fixture
def bare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    """Return a project without settings."""
    (tmp_path / "pyproject.toml").write_text("")
    return Project(tmp_path, capsys)


def fixed(text: str, finding: Mapping[str, Any], choice: int = 0) -> str:
    """Return a text with a fix of a finding applied."""
    fix = finding["fixes"][choice]
    lines = text.split("\n")
    assert fix["startLine"] == fix["endLine"]
    line = lines[fix["startLine"] - 1]
    lines[fix["startLine"] - 1] = (
        line[: fix["startColumn"] - 1] + fix["text"] + line[fix["endColumn"] - 1 :]
    )
    return "\n".join(lines)
