"""Whatever ends a command early cancels its job on the hub, because nobody waits for it any more."""

import signal

import pytest
from aki_sandbox.server import SandboxServer
from support.jobs import last_job
from support.patience import until

from .conftest import Terminal

LONG = "a lake [[dur=60 steps=600]]"
TEXT = ("call", "llama3_8b_chat", "--prompt-input", LONG)
PICTURE = ("call", "flux_dev", "--prompt", LONG)


@pytest.mark.parametrize(("words", "shown"), [(TEXT, "Hello"), (PICTURE, "step")])
def test_ctrl_c_cancels_the_job_and_says_so(
    terminal: Terminal, hub: SandboxServer, words: tuple[str, ...], shown: str
) -> None:
    child = terminal.aki(*words)
    child.expect(shown)
    child.sendintr()
    screen = terminal.screen(child)
    assert "aki: interrupted; the hub was asked to cancel the job of" in screen
    assert "Traceback" not in screen
    assert child.exitstatus == 130
    until(lambda: last_job(hub).state == "canceled", "the job is cancelled")


@pytest.mark.slow
def test_sigterm_cancels_the_job_and_says_so(terminal: Terminal, hub: SandboxServer) -> None:
    child = terminal.aki(*PICTURE)
    child.expect("step")
    child.kill(signal.SIGTERM)
    assert "aki: terminated; the hub was asked to cancel" in terminal.screen(child)
    assert child.exitstatus == 143
    until(lambda: last_job(hub).state == "canceled", "the job is cancelled")


@pytest.mark.slow
def test_a_terminal_that_is_closed_cancels_the_job(terminal: Terminal, hub: SandboxServer) -> None:
    child = terminal.aki(*PICTURE)
    child.expect("step")
    child.kill(signal.SIGHUP)
    terminal.screen(child)
    until(lambda: last_job(hub).state == "canceled", "the job is cancelled")


def test_a_reader_that_goes_away_cancels_the_job_quietly(
    terminal: Terminal, hub: SandboxServer
) -> None:
    line = f"(aki call llama3_8b_chat --prompt-input '{LONG}'; echo status $? >&2) | head -c 5"
    child = terminal.start("/bin/sh", "-c", line)
    child.expect("status 141")
    screen = terminal.screen(child)
    assert "BrokenPipe" not in screen
    assert "aki:" not in screen
    until(lambda: last_job(hub).state == "canceled", "the job is cancelled")


@pytest.mark.slow
def test_a_deadline_cancels_the_job(terminal: Terminal, hub: SandboxServer) -> None:
    child = terminal.aki("--timeout", "1", *PICTURE)
    assert "the deadline passed" in terminal.screen(child)
    assert child.exitstatus == 9
    until(lambda: last_job(hub).state == "canceled", "the job is cancelled")


@pytest.mark.slow
def test_who_only_watches_a_job_leaves_it_alone(terminal: Terminal, hub: SandboxServer) -> None:
    terminal.screen(terminal.aki("call", "-d", *PICTURE[1:]))
    job = last_job(hub)
    child = terminal.aki("job", "flux_dev", job.id)
    child.expect("step")
    child.sendintr()
    assert "stopped watching; the job goes on" in terminal.screen(child)
    assert child.exitstatus == 130
    assert not job.cancel_asked
    assert "canceled" in terminal.screen(terminal.aki("cancel", "flux_dev", job.id))
