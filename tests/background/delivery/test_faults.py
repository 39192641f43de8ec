"""What goes wrong between a worker and the hub: how the task ends, and that nothing is paid twice."""

import pytest
from aki_client import Aki
from aki_sandbox.faults.effects import Reset, Status
from aki_sandbox.faults.job_effects import QueueFull
from background.delivery.delivering import run

pytest.importorskip("celery", reason="Celery is not installed: make full")
jobs = pytest.importorskip("aki_client.celery")


class TestFaults:
    """What goes wrong between the worker and the hub."""

    @pytest.mark.parametrize("effect", [Reset(reached=True), Status(503, reached=True)])
    def test_a_submit_whose_answer_is_lost_is_uncertain(self, chat, hub, effect):
        hub.faults.add(effect, on="submit")
        result = run(chat)
        assert isinstance(result.result, jobs.UncertainSubmitError)
        assert hub.hub.jobs_submitted == 1

    def test_a_full_queue_is_waited_for(self, chat, hub):
        hub.faults.add(QueueFull(), on="submit", times=4)
        assert run(chat).state == "SUCCESS"
        assert hub.hub.jobs_submitted == 1

    def test_claims_that_can_not_be_asked_are_asked_again(self, task_of, claims, hub, monkeypatch):
        take, asked = claims.take, []

        def fail_once(*arguments):
            asked.append(arguments)
            if len(asked) == 1:
                raise ConnectionError("Redis is away")
            return take(*arguments)

        monkeypatch.setattr(claims, "take", fail_once)
        assert run(task_of()).state == "SUCCESS"
        assert hub.hub.jobs_submitted == 1

    def test_a_queue_that_stays_full_ends_in_a_sentence(self, task_of, hub):
        hub.faults.add(QueueFull(), on="submit", times=None)
        result = run(task_of(max_retries=1))
        assert result.result.kind == "QueueFullError"
        assert hub.hub.jobs_submitted == 0

    def test_a_result_that_is_lost_on_the_way_is_named(self, chat, hub):
        hub.faults.add(Reset(reached=True), on="final")
        assert run(chat).result.kind == "ResultGoneError"

    def test_a_bad_key_fails_without_a_word_of_it(self, task_of, hub):
        with Aki("bad-key", api_server=hub.url) as stranger:
            result = run(task_of(client=lambda: stranger))
        assert result.result.kind == "AuthenticationError"
        assert "bad-key" not in f"{result.result!r} {result.traceback}"

    def test_a_job_that_takes_too_long_is_cancelled(self, task_of, hub):
        result = run(task_of(timeout=0.5), prompt_input="[[dur=60 steps=600]]")
        assert result.result.kind == "DeadlineExceededError"
        (job,) = hub.hub.jobs
        assert job.cancel_asked

    def test_a_backend_that_refuses_a_report_does_not_cost_the_job(self, chat, monkeypatch):
        def refuse(*_, **__):
            raise OSError("the disk is full")

        monkeypatch.setattr(chat, "update_state", refuse)
        assert run(chat).state == "SUCCESS"
