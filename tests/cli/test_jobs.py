"""Which jobs `aki jobs` lists, how they are kept, and that a job is in the list whatever becomes of its command."""

import json
import os
import shlex
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aki_sandbox.faults.effects import Status
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from support.jobs import last_job
from support.patience import until
from support.stub_hub import StubHub

from .conftest import KEY, Command

LONG = "a lake [[dur=60 steps=600]]"


@pytest.fixture(scope="module")
def hub() -> Iterator[SandboxServer]:
    # Jobs that a test leaves must not stand in the way of the next one's.
    with SandboxServer(settings=HubSettings(worker_slots=64)) as server:
        yield server


def noted(folder: Path) -> list[Path]:
    return sorted((folder / "state").rglob("*.json"))


def submit(aki: Command, *before: str) -> str:
    ran = aki(*before, "call", "flux_dev", LONG, "--detach"[1:3])
    assert ran.status == 0, ran.err
    return ran.out.strip()


def test_the_line_that_is_printed_fetches_the_result_once(aki: Command) -> None:
    ran = aki("call", "llama3_chat", "Hello", "-d")
    *_, line = ran.err.splitlines()
    assert "a finished result lapses about 6 minutes after the job's end" in ran.err
    program, *words = shlex.split(line)
    assert (program, ran.out.strip() in words) == ("aki", True)
    assert "Hello" in aki(*words).out
    assert aki("jobs").out == ""


def test_jobs_are_listed_with_the_time_that_is_left(aki: Command) -> None:
    job_id = submit(aki)
    ran = aki("jobs")
    first, line = ran.out.splitlines()
    assert first.startswith("flux_dev on http://127.0.0.1:")
    assert "its result can be had for 5 min " in first
    assert line == f"  aki job flux_dev {shlex.quote(job_id)}"
    assert "lapses about 6 minutes" in ran.err


def test_a_job_that_may_have_lapsed_is_listed_as_such(aki: Command) -> None:
    submit(aki)
    (path,) = noted(aki.folder)
    note = json.loads(path.read_text())
    path.write_text(json.dumps({**note, "alive": note["alive"] - 341}))
    assert "it may have lapsed" in aki("jobs").out
    path.write_text(json.dumps({**note, "alive": note["alive"] - 90_000}))
    assert aki("jobs").out == ""


def test_what_a_hub_calls_a_job_stays_within_the_line_that_fetches_it(aki: Command) -> None:
    submit(aki)
    (path,) = noted(aki.folder)
    note = json.loads(path.read_text())
    path.write_text(json.dumps({**note, "endpoint": "a b;c", "job_id": "x\n::error ::\x1b[2Jé"}))
    first, line = aki("jobs").out.splitlines()
    assert first.startswith("a b;c on ")
    escaped = r"x\x0A\x3A\x3Aerror\x20\x3A\x3A\x1B\x5B2J\xC3\xA9"
    assert line == f"  aki job 'a b;c' $'{escaped}'"


def test_jobs_of_several_hubs_and_packages_are_in_one_list(
    aki: Command, odd_hub: SandboxServer, hub: SandboxServer
) -> None:
    here = submit(aki)
    there = aki("--server", odd_hub.url, "call", "odd", "--prompt", LONG, "-d").out.strip()
    fetch = {job["job_id"]: job["fetch"] for job in aki("jobs", "-o", "json").document}
    assert fetch[here] == shlex.join(["aki", "job", "flux_dev", here])
    assert fetch[there] == shlex.join(["aki", "--server", odd_hub.url, "job", "odd", there])


def test_a_job_with_the_id_of_an_earlier_one_is_noted_as_the_job_that_it_is(aki: Command) -> None:
    accepted = {"success": True, "job_id": "7", "ep_version": 1}
    with StubHub({}) as restarted:
        for name in ("kimi_k2", "llama3_chat"):
            restarted.answers_to_post[f"/api/call/{name}"] = accepted
            aki("--server", restarted.url, "call", name, "hi", "-d")
            (path,) = noted(aki.folder)
            note = json.loads(path.read_text())
            path.write_text(json.dumps({**note, "alive": note["alive"] - 90_000}))
    assert note["endpoint"] == "llama3_chat"
    assert note["alive"] - time.time() > -60


def test_a_result_that_was_delivered_is_not_in_the_list(aki: Command) -> None:
    assert aki("call", "flux_dev", "a lake").status == 0
    assert aki("call", "flux_dev", "a lake [[error=bad]]").status == 13
    assert aki("chat", "llama3_chat", "Hello").status == 0
    assert noted(aki.folder) == []


def test_a_job_that_is_canceled_is_not_in_the_list(aki: Command) -> None:
    job_id = submit(aki)
    assert aki("cancel", "flux_dev", job_id).out == "canceled\n"
    assert noted(aki.folder) == []


def test_a_command_that_is_killed_leaves_its_job_in_the_list(
    aki: Command, hub: SandboxServer
) -> None:
    child = subprocess.Popen([sys.executable, "-m", "aki_cli", "call", "flux_dev", LONG])
    until(lambda: len(noted(aki.folder)) == 1, "the job is noted")
    child.kill()
    child.wait(60)
    assert last_job(hub).id in aki("jobs").out


@pytest.mark.skipif(os.name != "posix", reason="it takes signals")
def test_whoever_stops_watching_is_shown_the_line_that_fetches(aki: Command) -> None:
    job_id = submit(aki)
    (path,) = noted(aki.folder)
    before = path.stat().st_mtime_ns
    child = subprocess.Popen(
        [sys.executable, "-m", "aki_cli", "job", "flux_dev", job_id],
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: path.stat().st_mtime_ns != before, "it watches")
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "stopped watching; the job goes on; a finished result lapses about 6 minutes" in said
    assert said.splitlines()[-1] == f"  aki job flux_dev {shlex.quote(job_id)}"
    assert job_id in aki("jobs").out


def test_a_look_at_a_job_leaves_it_in_the_list(aki: Command) -> None:
    job_id = submit(aki)
    ran = aki("job", "flux_dev", job_id, "--state")
    assert ran.out in ("queued\n", "processing\n")
    assert "the job goes on; a finished result lapses" in ran.err
    assert job_id in aki("jobs").out


def test_a_hub_that_cannot_be_asked_any_more_leaves_the_job_in_the_list(
    aki: Command, hub: SandboxServer
) -> None:
    hub.faults.add(Status(500), on="progress", times=None)
    ran = aki("--timeout", "2", "call", "flux_dev", LONG)
    hub.faults.clear()
    assert ran.status == 9
    assert "the job may go on; a finished result lapses" in ran.err
    assert last_job(hub).id in aki("jobs").out


@pytest.mark.skipif(os.name != "posix", reason="modes are those of Unix")
def test_others_cannot_read_which_jobs_there_are(aki: Command) -> None:
    job_id = submit(aki)
    (path,) = noted(aki.folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert job_id not in path.name


def test_a_list_of_another_format_is_named_and_left_alone(aki: Command) -> None:
    submit(aki)
    (path,) = noted(aki.folder)
    other = json.dumps({**json.loads(path.read_text()), "format": 2, "more": 1})
    assert json.loads(path.read_text())["format"] == 1
    path.write_text(other)
    ran = aki("jobs")
    assert (ran.status, ran.out) == (0, "")
    assert "jobs in another format (2), which another version of aki lists" in ran.err
    assert path.read_text() == other


def test_processes_that_note_jobs_at_once_lose_none(aki: Command) -> None:
    command = [sys.executable, "-m", "aki_cli", "call", "flux_dev", LONG, "-d"]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    made = {child.communicate(timeout=120)[0].strip() for child in children}
    assert len(made) == 6
    assert {job["job_id"] for job in aki("jobs", "-o", "json").document} == made


def test_a_folder_that_cannot_be_written_fails_no_call(aki: Command) -> None:
    (aki.folder / "state").write_text("in the way")
    ran = aki("call", "llama3_chat", "Hello")
    assert ran.status == 0
    assert "Hello" in ran.out
    assert "`aki jobs` will not list this job" in ran.err


def test_nothing_to_fetch_is_said(aki: Command) -> None:
    ran = aki("jobs")
    assert (ran.status, ran.out, ran.err) == (0, "", "aki: no job is left to be fetched\n")


def test_the_key_is_in_no_note(aki: Command) -> None:
    submit(aki)
    assert KEY not in noted(aki.folder)[0].read_text()
