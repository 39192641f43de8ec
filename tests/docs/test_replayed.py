"""Examples, and the Python of pages, recorded from the sandbox and replayed with no hub to reach.

Not replayed are blocks for a shell, which start programs of their own, the notebook, background_jobs/, and the pages in
`NOT_REPLAYED`.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings

from docs.blocks import TOP, Block, blocks_of
from docs.pasting import is_output, run_page
from docs.reader import Reader
from docs.test_pages import NEEDS, PAGES, PROJECTS

PRINTED = sorted((TOP / "examples" / "printed").glob("*.txt"))
NOT_REPLAYED = {
    "docs/frameworks.md": "needs frameworks that are installed for it alone",
    "docs/interfaces.md": "shows other programs' clients",
    "docs/self-hosted.md": "calls nothing",
    "docs/testing.md": "records and replays by itself",
    **dict.fromkeys(NEEDS, "shows servers, or what a small environment lacks"),
    **dict.fromkeys(PROJECTS, "shows commands"),
}
WITH_PYTHON = [
    page
    for page in PAGES
    if page not in NOT_REPLAYED and any(block.language == "python" for block in blocks_of(page))
]
NOWHERE = "http://127.0.0.1:9"
"""Where nobody listens."""
_RUN = """
import runpy, sys
from aki_runtime.testing import cassette
def refuse(event, arguments):
    if event == "socket.connect":
        raise RuntimeError(f"a connection to {arguments[1]}")
path, how, script, *arguments = sys.argv[1:]
sys.argv = [script, *arguments]
if how == "replay":
    sys.addaudithook(refuse)
with cassette(path, record=how == "record"):
    runpy.run_path(script, run_name="__main__")
"""


def run_example(folder: Path, how: str, commands: list[list[str]], hub: dict[str, str]) -> str:
    """Run what the page of an example shows, each command with a cassette of its own; return what was printed."""
    folder.mkdir()
    usual = {name: value for name, value in os.environ.items() if not name.startswith("AKI_")}
    printed = ""
    for number, (script, *arguments) in enumerate(commands):
        tape = folder.parent / f"{number}.json"
        done = subprocess.run(
            [sys.executable, "-c", _RUN, tape, how, TOP / "examples" / script, *arguments],
            cwd=folder,
            env={**usual, **hub},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        printed += done.stdout
    return re.sub(r"\d+\.\d s\b", "… s", printed)


@pytest.mark.parametrize("page", PRINTED, ids=lambda path: path.stem)
def test_an_example_prints_the_same_without_a_hub(page: Path, tmp_path: Path) -> None:
    commands = re.findall(r"^\$ python (.+)\n", page.read_text("utf-8"), flags=re.MULTILINE)
    words = [shlex.split(command) for command in commands]
    with SandboxServer(settings=HubSettings(job_seconds=0.4)) as hub:
        there = {"AKI_API_SERVER": hub.url, "AKI_API_KEY": "a-key-of-the-tests"}
        first = run_example(tmp_path / "recorded", "record", words, there)
    again = run_example(tmp_path / "replayed", "replay", words, {})
    # Which of several tasks is the first to end is up to them.
    lines = sorted if page.stem == "async_chat" else list
    assert lines(again.splitlines()) == lines(first.splitlines())
    made = [
        {
            path.name: path.read_bytes()
            for path in (tmp_path / how).iterdir()
            if path.suffix != ".txt"
        }
        for how in ("recorded", "replayed")
    ]
    assert made[0] == made[1]


def in_python(page: str) -> list[Block]:
    """Return a page's blocks but those for a shell, and what these print."""
    blocks = blocks_of(page)
    before = [None, *blocks]
    return [
        block
        for block, last in zip(blocks, before, strict=False)
        if block.language != "sh" and not (last and last.language == "sh" and is_output(block))
    ]


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_PYTHON)
def test_a_page_does_what_it_says_without_a_hub(page: str, reader: Reader, tmp_path: Path) -> None:
    tape = str(tmp_path / "cassette.json")
    usual = {**reader.environment, "AKI_DOCS_CASSETTE": tape}
    with reader:
        reader.environment = {**usual, "AKI_RECORD": "1"}
        run_page(in_python(page), reader)
    (tmp_path / "again").mkdir()
    with Reader(tmp_path / "again", {**usual, "AKI_API_SERVER": NOWHERE}) as again:
        run_page(in_python(page), again)
