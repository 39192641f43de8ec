"""The programs on the endpoints' pages, run as they stand there, against the sandbox."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agreement.compare import catalogue_documents
from agreement.inputs import media_samples
from aki_codegen.commands.export import offered_endpoints
from aki_codegen.export.pages import FILES, endpoint_pages
from aki_codegen.snapshot.snapshot import read
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from support.package import made_package

pytestmark = pytest.mark.slow

SNAPSHOT = read(made_package() / "aki_client")
assert SNAPSHOT is not None
PAGES = {
    path.stem: text
    for path, text in endpoint_pages(offered_endpoints(SNAPSHOT), SNAPSHOT, "aki_client").items()
    if path.stem != "index"
}
SAMPLES = {"image": "image_fine_png", "audio": "audio_wav", "video": "video_mp4"}
COMMAND = Path(sys.executable).with_name("aki")

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(settings=HubSettings(gated=frozenset())) as running:
        yield running


@pytest.fixture
def run(server: SandboxServer, tmp_path: Path) -> Any:
    """Run a command in a folder that holds the media of the snippets; gives what it printed."""
    for kind, name in FILES.items():
        (tmp_path / name).write_bytes(media_samples()[SAMPLES[kind]])
    inherited = {n: value for n, value in os.environ.items() if not n.startswith("AKI_")}
    inherited["PATH"] = f"{COMMAND.parent}{os.pathsep}{inherited['PATH']}"
    hub = {"AKI_API_KEY": "any-key", "AKI_API_SERVER": server.url}

    def run(*command: str, **variables: str) -> str:
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**inherited, **hub, **variables},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def snippets(name: str, heading: str) -> list[str]:
    """Return the programs under a heading of an endpoint's page."""
    section = re.search(
        rf"^### {heading}\n(.*?)(?=^### |\Z)", PAGES[name], re.DOTALL | re.MULTILINE
    )
    assert section is not None
    return re.findall(r"^```\w+\n(.*?)\n```$", section[1], re.DOTALL | re.MULTILINE)


def test_every_endpoint_of_the_catalogue_has_a_page() -> None:
    assert len(PAGES) == len(catalogue_documents())


@pytest.mark.parametrize("heading", ["Python", "Python, async"])
@pytest.mark.parametrize("name", sorted(PAGES))
def test_python(run: Any, server: SandboxServer, name: str, heading: str) -> None:
    before = server.hub.jobs_submitted
    (program,) = snippets(name, heading)
    assert run(sys.executable, "-W", "error", "-c", program).strip()
    assert server.hub.jobs_submitted == before + 1


@needs_curl
@pytest.mark.parametrize(
    ("name", "shell"), [*((name, "sh") for name in sorted(PAGES)), ("qwen_image_edit", "bash")]
)
def test_curl(run: Any, name: str, shell: str) -> None:
    call, progress = snippets(name, "curl")
    job = json.loads(run(shell, "-c", call))
    assert job["success"], job
    while True:
        answer = json.loads(run(shell, "-c", progress, JOB_ID=job["job_id"]))
        if "job_result" in answer:
            break
    assert answer["job_state"] == "done"


def has_call() -> bool:
    """Whether the command `aki call` is there."""
    asked = subprocess.run([COMMAND, "call", "--help"], capture_output=True, check=False)
    return asked.returncode == 0


@pytest.mark.skipif(not has_call(), reason="`aki call` is not there")
@pytest.mark.parametrize("name", sorted(PAGES))
def test_command_line(run: Any, server: SandboxServer, name: str) -> None:
    before = server.hub.jobs_submitted
    (command,) = snippets(name, "Command line")
    assert run("bash", "-c", command).strip()
    assert server.hub.jobs_submitted == before + 1
