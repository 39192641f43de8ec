"""The programs of the guide's pages run as they stand there, one after another, against the sandbox hub."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from aki_sandbox.server import SandboxServer

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^( *)```python\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


def programs(page: str) -> list[str]:
    """Return the Python programs of a page; those of tabs have their indentation taken off."""
    found = BLOCK.findall((DOCS / page).read_text("utf-8"))
    return [re.sub(rf"^{indent}", "", code, flags=re.MULTILINE) for indent, code in found]


def run(code: str, hub: SandboxServer, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-"],
        input=code,
        env={**os.environ, "AKI_API_SERVER": hub.url, "AKI_API_KEY": "test-key"},
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("page", "printed"),
    [
        ("guide/first-call.md", "unknown parameter 'promt'; did you mean 'prompt'?"),
        ("guide/chat.md", "thought: "),
        ("guide/tools.md", "Hello from the sandbox"),
        ("guide/pictures.md", "jpeg image/jpeg"),
        ("guide/speech.md", "hello.wav audio/wav"),
        ("guide/jobs.md", "canceled"),
    ],
)
def test_the_programs_of_a_page_run_one_after_another(
    page: str, printed: str, hub: SandboxServer, tmp_path: Path
) -> None:
    assert printed in run("\n".join(programs(page)), hub, tmp_path)


def test_the_loop_of_tools_calls_the_function_and_gives_its_result_back(
    hub: SandboxServer, tmp_path: Path
) -> None:
    before = hub.hub.jobs_submitted
    printed = run("\n".join(programs("guide/tools.md")), hub, tmp_path)
    assert 'You wrote: "find_price returned' in printed
    assert hub.hub.jobs_submitted == before + 2


def test_the_web_service_streams_an_answer_as_events(hub: SandboxServer, tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    (service,) = programs("guide/web-service.md")
    ask = """
from fastapi.testclient import TestClient

with TestClient(app) as browser:
    print(browser.post("/answers", json={"text": "Hi there [[dur=1 steps=8]]"}).text)
"""
    printed = run(service + ask, hub, tmp_path)
    assert printed.count("event: text\n") > 1
    assert printed.rstrip().rpartition("event: ")[2].startswith("end\n")
