"""What the README shows runs as it stands there, against the sandbox hub."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from aki_sandbox.server import SandboxServer

README = Path(__file__).parents[2] / "README.md"
PYTHON = re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def run(code: str, hub: SandboxServer, folder: Path) -> str:
    environment = {**os.environ, "AKI_API_SERVER": hub.url, "AKI_API_KEY": "test-key"}
    done = subprocess.run(
        [sys.executable, "-"],
        input=code,
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_examples_run_one_after_another(hub: SandboxServer, tmp_path: Path) -> None:
    assert len(PYTHON) > 3
    run("\n".join(PYTHON), hub, tmp_path)
    assert (tmp_path / "robot.jpg").stat().st_size > 0


@pytest.mark.parametrize(
    "text", re.findall(r"^```text\n(prompt is.*?)^```", README.read_text(), re.M | re.S)
)
def test_the_shown_error_is_what_is_printed(text: str, hub: SandboxServer, tmp_path: Path) -> None:
    example = next(code for code in PYTHON if "promt" in code)
    setup = "from aki_client import Aki\naki = Aki()\n"
    assert run(setup + example, hub, tmp_path) == text


def test_the_quickstart_prints_what_it_shows(hub: SandboxServer, tmp_path: Path) -> None:
    shown = re.search(r"^```text\n(Hello from.*?)^```", README.read_text("utf-8"), re.M | re.S)
    assert shown is not None
    assert run(PYTHON[0], hub, tmp_path) == shown[1]


def test_the_readme_can_be_read_in_one_go() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= 200


def test_every_page_that_the_readme_names_is_there() -> None:
    pages = re.findall(r"\]\(((?!http)[^)#]+)\)", README.read_text("utf-8"))
    assert len(pages) > 8
    assert [page for page in pages if not (README.parent / page).exists()] == []
