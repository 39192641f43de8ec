"""Many processes: a client that was used before a fork, and one that a spawned process makes for itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings

WORKERS = 4
CALLS = 5

FORK = """
import os, sys
from aki_client import Aki
from aki_client.endpoints import llama3_8b_chat

aki = Aki()

def work(name):
    for number in range({calls}):
        for call in (aki.llama3_8b_chat, llama3_8b_chat):
            text = call(prompt_input=f"{{name}}-{{number}} [[dur=0.02 steps=2]]").text
            assert f"{{name}}-{{number}}" in text, text

work("before")
children = []
for number in range({workers}):
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work(f"child {{number}}")
            status = 0
        finally:
            os._exit(status)
    children.append(child)
work("parent")
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""

SPAWN = """
import multiprocessing
from aki_client import Aki

aki = Aki()

def work(name):
    return [
        aki.llama3_8b_chat(prompt_input=f"{{name}}-{{number}} [[dur=0.02 steps=2]]").text
        for number in range({calls})
    ]

if __name__ == "__main__":
    work("before")
    with multiprocessing.get_context("{method}").Pool(2) as pool:
        for name, texts in zip("ab", pool.map(work, "ab"), strict=True):
            assert all(f"{{name}}-{{n}}" in text for n, text in enumerate(texts)), texts
"""

ASYNC_FORK = """
import asyncio, os, sys
from aki_client import AsyncAki

aki = AsyncAki()

async def work(name):
    texts = await asyncio.gather(
        *(aki.llama3_8b_chat(prompt_input=f"{{name}}-{{n}} [[dur=0.02 steps=2]]") for n in range({calls}))
    )
    assert all(f"{{name}}-{{n}}" in answer.text for n, answer in enumerate(texts))

asyncio.run(work("before"))
child = os.fork()
if child == 0:
    status = 1
    try:
        asyncio.run(work("child"))
        status = 0
    finally:
        os._exit(status)
asyncio.run(work("parent"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture(scope="module")
def hub():
    with SandboxServer(settings=HubSettings(worker_slots=100)) as server:
        yield server


def run(hub: SandboxServer, script: Path, text: str) -> None:
    script.write_text(text)
    environment = {**os.environ, "AKI_API_KEY": "test-key", "AKI_API_SERVER": hub.url}
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
@pytest.mark.parametrize("script", [FORK, ASYNC_FORK], ids=["sync", "async"])
def test_clients_that_were_used_before_a_fork_work_on_both_sides(hub, tmp_path, script):
    run(hub, tmp_path / "forks.py", script.format(calls=CALLS, workers=WORKERS))


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_client_of_the_main_module_works_in_processes_that_start_anew(hub, tmp_path, method):
    if method == "forkserver" and sys.platform == "win32":
        pytest.skip("this platform has no forkserver")
    run(hub, tmp_path / "spawns.py", SPAWN.format(calls=CALLS, method=method))


def test_no_job_was_polled_by_two_processes(hub):
    assert hub.hub.polls.overlapping == []
