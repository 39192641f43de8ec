"""`aki` and `aki-codegen` where standard streams are closed, as services and schedulers close them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aki_sandbox.server import SandboxServer

from .conftest import KEY

pytestmark = pytest.mark.skipif(os.name != "posix", reason="it takes a shell to close a stream")

CHAT = ("call", "llama3_8b_chat", "--prompt-input", "Tell me a joke")
IMAGE = ("call", "z_image_turbo", "--prompt", "a lake")
ANSWER = 'You wrote: "Tell me a joke"'
ALL = ">&- 2>&- <&-"


def run(closed: str, *words: str, folder: Path, url: str) -> "subprocess.CompletedProcess[str]":
    """Run a module with some streams closed."""
    command = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", *words]
    environment = {**os.environ, "AKI_API_KEY": KEY, "AKI_API_SERVER": url}
    return subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=environment, timeout=120
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", ALL])
def test_a_paid_picture_is_saved_whatever_is_closed(
    hub: SandboxServer, tmp_path: Path, closed: str
) -> None:
    assert run(closed, "aki_cli", *IMAGE, folder=tmp_path, url=hub.url).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["image-1.jpg"]


def test_an_answer_goes_to_stderr_where_stdout_is_closed(
    hub: SandboxServer, tmp_path: Path
) -> None:
    ran = run(">&-", "aki_cli", *CHAT, folder=tmp_path, url=hub.url)
    assert (ran.returncode, ran.stdout) == (0, "")
    assert ANSWER in ran.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="it takes a disk that is full")
@pytest.mark.parametrize("form", ["text", "json"])
def test_an_answer_goes_to_stderr_where_stdout_is_full(
    hub: SandboxServer, tmp_path: Path, form: str
) -> None:
    words = ("aki_cli", "call", "-o", form, *CHAT[1:])
    done = run(">/dev/full", *words, folder=tmp_path, url=hub.url)
    assert done.returncode == 1
    assert "Tell me a joke" in done.stderr
    assert "stdout cannot be written to (No space left on device)" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="it takes a disk that is full")
def test_the_id_of_a_job_goes_to_stderr_where_stdout_is_full(
    hub: SandboxServer, tmp_path: Path
) -> None:
    words = ("aki_cli", "call", "-d", *CHAT[1:])
    done = run(">/dev/full", *words, folder=tmp_path, url=hub.url)
    _, job_id, said, _ = done.stderr.splitlines()
    assert "this fetches it" in said
    fetched = run("", "aki_cli", "job", CHAT[1], job_id, folder=tmp_path, url=hub.url)
    assert ANSWER in fetched.stdout


@pytest.mark.parametrize("closed", ["2>&-", "2>&- <&-"])
def test_an_answer_goes_to_stdout_whatever_else_is_closed(
    hub: SandboxServer, tmp_path: Path, closed: str
) -> None:
    ran = run(closed, "aki_cli", *CHAT, folder=tmp_path, url=hub.url)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ANSWER in ran.stdout


@pytest.mark.parametrize("closed", [">&-", "2>&-", ALL])
def test_a_batch_writes_its_files_whatever_is_closed(
    hub: SandboxServer, tmp_path: Path, closed: str
) -> None:
    (tmp_path / "rows.csv").write_text("prompt_input\nhello\ngoodbye\n")
    words = ("aki_cli", "batch", "llama3_8b_chat", "rows.csv", "-o", "out.jsonl")
    assert run(closed, *words, folder=tmp_path, url=hub.url).returncode == 0
    outcomes = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [outcome["status"] for outcome in outcomes] == ["done", "done"]


def test_a_chat_without_stdin_ends_at_once(hub: SandboxServer, tmp_path: Path) -> None:
    ran = run("<&-", "aki_cli", "chat", "llama3_8b_chat", folder=tmp_path, url=hub.url)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("closed", ["2>&-", ALL])
def test_the_generator_works_whatever_is_closed(
    hub: SandboxServer, tmp_path: Path, closed: str
) -> None:
    words = ("aki_codegen", "generate", "--server", hub.url, "--out", "made", "--package", "made")
    assert run(closed, *words, folder=tmp_path, url=hub.url).returncode == 0
    assert list(tmp_path.glob("made/**/client.py"))
