"""An endpoint that the hub has removed is struck through wherever it is called, with what can stand in for it."""

from dataclasses import replace

import pytest
from aki_codegen.generation.generate import generate
from support.lsp import Document
from support.metadata import details, snapshot_of

from .engines import ENGINES, environment

pytestmark = pytest.mark.slow

TEXT = """\
from aki_client import Aki, AsyncAki
from aki_client.endpoints import old

aki = Aki()
aki.old(prompt="a robot")
aki.old.stream(prompt="a robot")
aki.old.submit(prompt="a robot")
old(prompt="a robot")
AsyncAki().old.stream(prompt="a robot")
"""
CALLS = set(range(4, 9))
DEPRECATED = 2  # the protocol's tag, which editors strike through


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    painter = details(
        {"prompt": {"type": "string", "required": True}},
        {"images": {"type": "image_list"}},
        category="image",
    )
    snapshot = replace(snapshot_of({"old": painter, "new": painter}), removed={"old": "2026-01-31"})
    out = tmp_path_factory.mktemp("out")
    generate(snapshot, out, "aki_client")
    return environment(tmp_path_factory.mktemp("environment"), out / "aki_client")


@pytest.mark.parametrize("engine", ["pyright", "basedpyright", "ty", "pyrefly"])
def test_calls_are_struck_through(engine, python, tmp_path):
    if not ENGINES[engine].program:
        pytest.skip(f"{engine} is not installed beside this Python")
    (tmp_path / "pyrefly.toml").write_text('preset = "default"\n')
    with ENGINES[engine].running(tmp_path, python) as server:
        document = Document(server, tmp_path / "calls.py", TEXT)
        struck = {}
        while not struck.keys() >= CALLS:  # or the client gives up waiting for one more message
            said = server.await_notification("textDocument/publishDiagnostics")
            if said["uri"] == document.uri:
                struck = {
                    found["range"]["start"]["line"]: found["message"]
                    for found in said["diagnostics"]
                    if DEPRECATED in found.get("tags", ())
                }
    assert all("new can stand in for it" in struck[line] for line in CALLS)
