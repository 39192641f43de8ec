"""openapi-python-client makes a client of the OpenAPI document without a warning, and the client can call."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agreement.compare import catalogue_documents
from aki_sandbox.server import SandboxServer
from support.package import importable

from .documents import openapi_of

OTHER = Path(sys.prefix, "openapi", "bin", "openapi-python-client")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not OTHER.exists(), reason="needs openapi-python-client: make full"),
]


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    folder = tmp_path_factory.mktemp("generated")
    (folder / "hub.json").write_text(json.dumps(openapi_of(catalogue_documents())))
    (folder / "config.yaml").write_text("package_name_override: other_client\n")
    tools = str(Path(sys.executable).parent)
    command = [OTHER, "generate", "--fail-on-warning", "--meta", "none"]
    return subprocess.run(
        [
            *command,
            "--path",
            "hub.json",
            "--config",
            "config.yaml",
            "--output-path",
            "other_client",
        ],
        cwd=folder,
        env={**os.environ, "PATH": tools + os.pathsep + os.environ["PATH"]},  # it calls ruff
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture
def other_client(generated: Any, tmp_path_factory: Any) -> Iterator[Any]:
    with importable(tmp_path_factory.getbasetemp() / "generated0", "other_client"):
        yield importlib.import_module("other_client")


def test_it_generates_without_a_warning(generated: subprocess.CompletedProcess[str]) -> None:
    said = generated.stdout + generated.stderr
    assert generated.returncode == 0, said
    assert "WARNING" not in said.upper()


def test_its_client_submits_a_job_and_gets_the_result(other_client: Any) -> None:
    submit = importlib.import_module("other_client.api.image.call_z_image_turbo")
    progress = importlib.import_module("other_client.api.image.progress_z_image_turbo")
    models = importlib.import_module("other_client.models")
    with SandboxServer() as server, other_client.Client(base_url=server.url) as client:
        call = models.ZImageTurboCall(prompt="a robot", key="any-key", wait_for_result=False)
        job = submit.sync(client=client, body=call)
        while True:
            question = models.PollQuestion(job_id=job.job_id, key="any-key")
            answer = progress.sync(client=client, body=question)
            if answer.job_state == "done":
                break
    assert answer.job_result.images[0].startswith("data:image/")
