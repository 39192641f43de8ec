"""What happens to a task whose worker dies, and to one that the broker delivers twice: one job, one outcome."""

import os
import signal
import time
from pathlib import Path

import pytest
from background.stack import Worker
from support.patience import until

pytestmark = [
    pytest.mark.slow,
    # Celery uses what the newest redis package would have it leave.
    pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning"),
]


@pytest.fixture
def log(tmp_path):
    return tmp_path / "worker.log"


def job_ids(hub, prompt):
    """The ids of the jobs on the hub that a prompt led to."""
    return [job.id for job in hub.hub.jobs if job.work.prompt == prompt]


def running(result):
    until(lambda: result.state == "PROGRESS", "the task runs")
    return result.info["job_id"]


def test_the_job_of_a_worker_that_was_killed_is_picked_up(environment, tasks, hub, log):
    with Worker(environment, log) as first:
        result = tasks.chat.delay(prompt_input="killed [[dur=8 steps=80]]")
        job_id = running(result)
        first.kill()
    with Worker(environment, log):
        assert result.get(timeout=60)["meta"]["job_id"] == job_id
    assert job_ids(hub, "killed") == [job_id]


def test_the_job_of_a_pool_process_that_was_killed_is_picked_up(environment, tasks, hub, log):
    with Worker(environment, log, concurrency=1) as worker:
        result = tasks.chat.delay(prompt_input="child [[dur=4 steps=40]]")
        job_id = running(result)
        os.kill(worker.child, signal.SIGKILL)
        assert result.get(timeout=60)["meta"]["job_id"] == job_id
    assert job_ids(hub, "child") == [job_id]


def test_a_message_that_comes_again_while_the_task_runs_submits_nothing(
    environment, tasks, hub, log
):
    with Worker(environment, log, 4), Worker(environment, Path(f"{log}.2"), 4):
        result = tasks.chat.delay(prompt_input="twice [[dur=10 steps=100]]")
        told = result.get(timeout=60)
        received = "".join(Path(path).read_text() for path in (log, f"{log}.2"))
    assert received.count(f"[{result.id}] received") > 1
    assert job_ids(hub, "twice") == [told["meta"]["job_id"]]
    assert told["meta"]["job_id"] not in hub.hub.polls.overlapping


def test_a_delivery_that_comes_after_the_outcome_does_nothing(environment, tasks, hub, log):
    with Worker(environment, log) as worker:
        for prompt, state in (("late", "SUCCESS"), ("failed [[error=out_of_memory]]", "FAILURE")):
            result = tasks.chat.delay(prompt_input=prompt)
            until(result.ready, "the task ends")
            before = result.info
            tasks.chat.apply_async(kwargs={"prompt_input": prompt}, task_id=result.id)
            line = f"[{result.id}] ignored"
            until(lambda line=line: worker.told().count(line) == 1, "it is ignored")
            assert (result.state, str(result.info)) == (state, str(before))
    assert len(job_ids(hub, "late")) == 1


def test_a_worker_that_is_shut_down_cold_leaves_the_job_to_the_next(environment, tasks, hub, log):
    with Worker(environment, log) as first:
        result = tasks.chat.delay(prompt_input="cold [[dur=8 steps=80]]")
        job_id = running(result)
        os.kill(first.pid, signal.SIGQUIT)
        until(lambda: not first.runs, "the worker ends")
    began = time.monotonic()
    with Worker(environment, log):
        assert result.get(timeout=60)["meta"]["job_id"] == job_id
    assert job_ids(hub, "cold") == [job_id]
    assert time.monotonic() - began < 60
