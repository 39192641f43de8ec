"""Ctrl-C, as a real signal to a real process, and limits raised in a thread: the hub's job is cancelled."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from aki_client import Aki
from aki_sandbox.faults.effects import Delay
from aki_sandbox.server import SandboxServer
from faults.modes import KEY
from faults.running import states
from faults.table.case import LONG
from support.patience import soon, until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are another matter there")

PATIENCE = 2.0
PRELUDE = f"""
from aki_runtime.http import drive
from aki_runtime.protocol import flows
for module in (drive, flows):
    module.CANCEL_SECONDS = {PATIENCE}
PROMPT = {LONG!r}
"""
SYNC = """
from aki_client import Aki
with Aki() as aki:
    {use}
"""
ASYNC = """
import asyncio
from aki_client import AsyncAki

async def main():
    async with AsyncAki() as aki:
        {use}

asyncio.run(main())
"""
USES = {
    "call-sync": (SYNC, "aki.llama3_8b_chat(prompt_input=PROMPT)"),
    "stream-sync": (SYNC, "list(iter(aki.llama3_8b_chat.stream(prompt_input=PROMPT).__enter__()))"),
    "call-async": (ASYNC, "await aki.llama3_8b_chat(prompt_input=PROMPT)"),
    "gather-async": (
        ASYNC,
        "await asyncio.gather(aki.llama3_8b_chat(prompt_input=PROMPT), asyncio.sleep(60))",
    ),
}


class Script:
    """A script in a process of its own."""

    def __init__(self, hub, use):
        frame, line = USES[use]
        code = PRELUDE + frame.format(use=line)
        self.process = subprocess.Popen(
            [sys.executable, "-W", "default", "-c", code],
            env={**os.environ, "AKI_API_KEY": KEY, "AKI_API_SERVER": hub.url},
            stderr=subprocess.PIPE,
            text=True,
        )

    def interrupt(self):
        """Send Ctrl-C, and return what the process wrote when it has ended."""
        self.process.send_signal(signal.SIGINT)
        try:
            written = self.process.communicate(timeout=60)[1]
        finally:
            self.process.kill()  # it would go on beside other tests
            self.process.wait()
        assert self.process.returncode == -signal.SIGINT
        assert "\nKeyboardInterrupt\n" in written, written
        assert "ResourceWarning" not in written, written
        assert KEY not in written
        return written


def interrupt_all(effect, on, is_ready, then, uses=tuple(USES)):
    """Interrupt each use at the same moment of its life, side by side; return the longest time it took."""

    def interrupt(use):
        with SandboxServer() as hub:
            if effect:
                hub.faults.add(effect, on=on)
            script = Script(hub, use)
            until(lambda: is_ready(hub.hub), "the job is there")
            time.sleep(then)
            began = time.monotonic()
            script.interrupt()
            seconds = time.monotonic() - began
            return use, states(hub), hub.hub.jobs_submitted, hub.connections.open, seconds

    with ThreadPoolExecutor() as pool:
        found = list(pool.map(interrupt, uses))
    return {use: rest for use, *rest, _ in found}, max(seconds for *_, seconds in found)


def canceled():
    return {use: [["canceled"], 1, 0] for use in USES}


def polled(hub):
    return bool(hub.polls.by_job)


def submitted(hub):
    return hub.jobs_submitted == 1


def test_while_the_job_runs():
    assert interrupt_all(None, "", polled, 0.3)[0] == canceled()


def test_while_a_poll_is_under_way():
    assert interrupt_all(Delay(60), "poll", polled, 0.1)[0] == canceled()


def test_while_a_slow_submit_is_under_way():
    assert interrupt_all(Delay(1.0), "submit", submitted, 0.0)[0] == canceled()


def test_a_submit_that_is_never_answered_is_waited_for_in_bounds():
    # What becomes of its job, nobody can tell the hub: the job's id has not come.
    _, seconds = interrupt_all(Delay(60), "submit", submitted, 0.1, ("call-sync", "call-async"))
    assert PATIENCE - 0.5 < seconds < 50


class TaskLimitError(Exception):
    """What a task queue raises in the thread of a task whose time is over."""


class GreenletLimitError(BaseException):
    """What gevent raises in a greenlet whose time is over."""


def call(aki):
    aki.llama3_8b_chat(prompt_input=LONG)


def stream(aki):
    with aki.llama3_8b_chat.stream(prompt_input=LONG) as events:
        list(events)


def submit_alone(aki):
    aki.llama3_8b_chat.submit(prompt_input=LONG)


@pytest.mark.parametrize("use", [call, stream, submit_alone])
@pytest.mark.parametrize("limit", [TaskLimitError, GreenletLimitError, TimeoutError, RuntimeError])
def test_a_limit_that_is_raised_in_a_thread_waits_for_the_submit_and_cancels_the_job(limit, use):
    raised = []
    with SandboxServer() as hub, Aki(KEY, api_server=hub.url) as aki:
        hub.faults.add(Delay(0.5), on="submit")

        def work():
            try:
                use(aki)
            except BaseException as error:
                raised.append(type(error))

        worker = threading.Thread(target=work)
        worker.start()
        assert soon(lambda: submitted(hub.hub))
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(worker.ident), ctypes.py_object(limit)
        )
        worker.join(60)
        assert (raised, states(hub)) == ([limit], ["canceled"])
