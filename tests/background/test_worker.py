"""A task on a real worker with a real Redis: its states, its result, and every way to stop it."""

import json
import time
from pathlib import Path

import pytest
from aki_sandbox.faults.effects import Status
from background.conftest import KEY
from support.patience import until

pytestmark = [
    pytest.mark.slow,
    # Celery uses what the newest redis package would have it leave.
    pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning"),
]


def jobs(hub, prompt):
    """The jobs on the hub that a prompt led to, as they stand now."""
    found = [job for job in hub.hub.jobs if job.work.prompt == prompt]
    return [hub.hub.jobs.find(job.id, time.time()) for job in found]


def states_until_ready(result):
    """Return what a task told of itself: each state with its meta, without repetitions."""
    seen = []

    def look():
        meta = result.backend.get_task_meta(result.id)  # both at once
        told = (meta["status"], meta["result"])
        if not seen or seen[-1] != told:
            seen.append(told)
        # What the same reading says: the task may end between two.
        return meta["status"] in result.backend.READY_STATES

    until(look, "the task ends")
    return seen


class TestStates:
    """What a task tells of itself while it runs."""

    def test_the_hubs_job_id_is_in_the_backend_before_the_end(self, worker, tasks, hub):
        result = tasks.chat.delay(prompt_input="a [[dur=1.5 steps=20]]")
        seen = states_until_ready(result)
        (job,) = jobs(hub, "a")
        running = [meta for state, meta in seen if state in {"SUBMITTED", "PROGRESS"}]
        assert running
        assert {meta["job_id"] for meta in running} == {job.id}
        assert seen[-1][0] == "SUCCESS"
        assert seen[-1][1]["meta"]["job_id"] == job.id

    def test_progress_tells_figures_and_the_text_so_far(self, worker, tasks):
        result = tasks.chat.delay(prompt_input="b [[dur=2 steps=20]]")
        told = [meta for state, meta in states_until_ready(result) if state == "PROGRESS"]
        texts = [meta["text"] for meta in told if meta.get("text")]
        assert texts
        assert result.result["outputs"]["text"].startswith(texts[0])
        assert [meta["progress"] for meta in told] == sorted(meta["progress"] for meta in told)

    def test_media_go_through_the_storage(self, worker, tasks, environment):
        result = tasks.paint.delay(prompt="c", width=256, height=256).get(timeout=60)
        (name,) = result["outputs"]["images"]
        picture = Path(environment["TEST_MEDIA"]) / name
        assert picture.read_bytes()[:2] == b"\xff\xd8"
        json.dumps(result)

    def test_the_key_is_in_no_log_state_or_result(self, worker, tasks, redis):
        tasks.paint.delay(prompt="d").get(timeout=60)
        client = pytest.importorskip("redis").Redis.from_url(redis.url)
        kept = [client.dump(name) for name in client.keys("*")]
        assert kept
        assert not [value for value in kept if value and KEY.encode() in value]
        assert KEY not in worker.told()


class TestFaults:
    """How a task fails."""

    def test_invalid_parameters_fail_with_the_clients_sentences_and_no_job(
        self, worker, tasks, hub
    ):
        errors = pytest.importorskip("aki_client.celery")
        before = hub.hub.jobs_submitted
        result = tasks.paint.delay(promt="e", width=250)
        with pytest.raises(errors.TaskError) as failed:
            result.get(timeout=60)
        assert failed.value.kind == "InvalidParametersError"
        assert "prompt is required" in failed.value.problems
        assert (
            "width=250 must be a multiple of 32 (nearest allowed: 224, 256)"
            in failed.value.problems
        )
        assert hub.hub.jobs_submitted == before

    def test_a_worker_that_fails_is_a_failed_task(self, worker, tasks):
        result = tasks.chat.delay(prompt_input="f [[error=out_of_memory]]")
        with pytest.raises(Exception, match="the job failed: out of memory"):
            result.get(timeout=60)

    def test_a_task_that_has_a_job_does_not_expire(self, worker, tasks, hub):
        hub.faults.add(Status(404), on="poll", times=3)  # three pauses: longer than two seconds
        result = tasks.chat.apply_async(kwargs={"prompt_input": "x"}, expires=2)
        assert result.get(timeout=60)["outputs"]["text"]
        assert len(jobs(hub, "x")) == 1


class TestCancelling:
    """Every way to stop a task cancels its job on the hub."""

    def canceled(self, hub, prompt):
        until(lambda: [job.state.value for job in jobs(hub, prompt)] == ["canceled"], "canceled")

    def started(self, tasks, hub, prompt):
        result = tasks.chat.delay(prompt_input=f"{prompt} [[dur=60 steps=600]]")
        until(lambda: result.state == "PROGRESS", "the task runs")
        return result

    def test_abort(self, worker, tasks, hub):
        result = self.started(tasks, hub, "g")
        tasks.chat.abort(result.id)
        self.canceled(hub, "g")
        until(lambda: result.state == "REVOKED", "the task is revoked")
        with pytest.raises(Exception, match="cancelled on the hub"):
            result.get(timeout=60)

    def test_celerys_own_abort(self, worker, tasks, hub):
        result = self.started(tasks, hub, "h")

        def revoked():
            # A report may come between Celery's writing of the state and the next look at it. Only then is it written
            # again: Celery would write over the end of the task, too.
            if result.state == "PROGRESS":
                result.abort()
            return result.state == "REVOKED"

        until(revoked, "the task is revoked")
        self.canceled(hub, "h")

    def test_revoke_with_terminate(self, worker, tasks, hub):
        result = self.started(tasks, hub, "i")
        tasks.app.control.revoke(result.id, terminate=True)
        self.canceled(hub, "i")
        assert result.state == "REVOKED"

    def test_a_soft_time_limit(self, worker, tasks, hub):
        message = {"prompt_input": "limited [[dur=60 steps=600]]"}
        result = tasks.chat.apply_async(kwargs=message, soft_time_limit=2)
        self.canceled(hub, "limited")
        with pytest.raises(Exception, match="SoftTimeLimitExceeded"):
            result.get(timeout=60)

    def test_an_abort_before_the_start_makes_no_job(self, worker, tasks, hub):
        tasks.chat.abort("j-task")
        result = tasks.chat.apply_async(kwargs={"prompt_input": "j"}, task_id="j-task")
        until(lambda: result.state == "REVOKED", "the task is revoked")
        assert jobs(hub, "j") == []

    def test_a_process_that_was_terminated_is_replaced(self, worker, tasks):
        assert tasks.chat.delay(prompt_input="k").get(timeout=60)
