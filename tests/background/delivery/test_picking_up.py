"""What an earlier delivery of a task left behind, or this one leaves, decides what the next one does."""

import os
import signal
import sys
import threading
import time

import pytest
from aki_sandbox.faults.effects import Delay, Forget, Lapse, Reset, Status
from background.delivery.delivering import left_behind, run
from support.patience import until

pytest.importorskip("celery", reason="Celery is not installed: make full")
jobs = pytest.importorskip("aki_client.celery")
Record = jobs.Record


class TestPickingUp:
    """What an earlier delivery left behind decides what this one does."""

    def test_a_job_that_was_submitted_is_followed(self, chat, claims, client, hub):
        job = client.llama3_8b_chat.submit(prompt_input="earlier")
        left_behind(claims, Record("submitted", job.id, 2e9))
        result = run(chat)
        assert "earlier" in result.result["outputs"]["text"]
        assert hub.hub.jobs_submitted == 1

    def test_a_submit_of_which_nobody_knows_is_not_repeated(self, chat, claims, hub):
        left_behind(claims, Record("submitting"))
        result = run(chat)
        assert result.state == "FAILURE"
        assert isinstance(result.result, jobs.UncertainSubmitError)
        assert "resubmit_uncertain=True" in str(result.result)
        assert hub.hub.jobs_submitted == 0

    def test_it_is_repeated_where_that_was_decided(self, task_of, claims, hub):
        left_behind(claims, Record("submitting"))
        assert run(task_of(resubmit_uncertain=True)).state == "SUCCESS"
        assert hub.hub.jobs_submitted == 1

    def test_a_result_that_was_got_is_stored_without_asking_the_hub(self, chat, claims, hub):
        left_behind(claims, Record("got", "id#1", 1.0, {"text": "paid for", "total_duration": 2.5}))
        result = run(chat).result
        assert result["outputs"] == {"text": "paid for"}
        assert (result["meta"]["job_id"], result["meta"]["total_duration"]) == ("id#1", 2.5)
        assert hub.hub.request_count == 0

    def test_a_result_that_comes_after_the_hold_was_lost_is_kept(self, task_of, claims, hub):
        class Forgetful(type(claims)):
            def hold(self, task_id, owner, turn, seconds, record=None):
                if record is None or record.phase == "got":
                    return False
                return super().hold(task_id, owner, turn, seconds, record)

        hub.faults.add(Delay(1.0), on="final")
        chat = task_of(claims=Forgetful(claims._path), lease=0.6, progress_interval=0.01)
        assert run(chat, prompt_input="[[dur=0.1 steps=1]]").state == "SUCCESS"

    @pytest.mark.parametrize("state", [jobs.SUBMITTED, jobs.PROGRESS])
    def test_a_job_that_was_reported_is_followed_though_its_record_is_gone(
        self, chat, app, client, hub, state
    ):
        job = client.llama3_8b_chat.submit(prompt_input="earlier")
        app.backend.store_result("t", {"job_id": job.id, "endpoint": job.endpoint}, state)
        assert "earlier" in run(chat).result["outputs"]["text"]
        assert hub.hub.jobs_submitted == 1

    def test_other_parameters_do_not_get_the_result_of_an_earlier_task_of_the_id(
        self, task_of, hub
    ):
        def refuse(media, place):
            raise OSError("the disk is full")

        run(task_of("z_image_turbo", store=refuse, max_retries=0, name="a"), prompt="p").forget()
        paint = task_of("z_image_turbo", store=lambda media, place: "stored")
        other = run(paint, prompt="other")
        assert "with other parameters" in str(other.result)
        other.forget()
        assert run(paint, prompt="p").result["outputs"]["images"] == ["stored"]
        assert hub.hub.jobs_submitted == 1

    def test_a_second_task_of_an_id_that_has_ended_is_refused_and_not_left_pending(self, chat, hub):
        run(chat).forget()
        assert "with other parameters" in str(run(chat, prompt_input="other").result)
        assert hub.hub.jobs_submitted == 1

    def test_nor_has_a_task_of_the_id_for_another_endpoint(self, task_of, hub):
        run(task_of("z_image_turbo"), prompt="p").forget()
        other = run(task_of("flux_dev"), prompt="p")
        assert "for another endpoint" in str(other.result)
        assert hub.hub.jobs_submitted == 1

    def test_a_task_that_has_ended_is_left_alone(self, chat, hub):
        first = run(chat).result
        assert run(chat).result == first
        assert hub.hub.jobs_submitted == 1

    def test_it_is_left_alone_where_the_backend_has_forgotten_it(self, chat, hub):
        run(chat).forget()
        assert run(chat).state == "PENDING"
        assert hub.hub.jobs_submitted == 1

    def test_a_result_that_was_handed_out_before_is_named(self, chat, claims, client, hub):
        job = client.llama3_8b_chat.submit(prompt_input="earlier")
        job.result(timeout=10)
        left_behind(claims, Record("submitted", job.id, 2e9))
        del job  # handles of one process share what they know
        assert run(chat).result.kind == "ResultGoneError"
        assert hub.hub.jobs_submitted == 1

    @pytest.mark.parametrize("trouble", [Status(401), Status(404), Status(403)])
    def test_a_job_that_cannot_be_asked_after_is_picked_up_again(self, chat, hub, trouble):
        hub.faults.add(trouble, on="poll")
        assert run(chat).state == "SUCCESS"
        (job,) = hub.hub.jobs
        assert not job.cancel_asked

    def test_a_job_that_can_still_not_be_asked_after_when_its_time_is_over_is_given_up(
        self, task_of, claims, client, hub
    ):
        job = client.llama3_8b_chat.submit(prompt_input="[[dur=60 steps=600]]")
        left_behind(claims, Record("submitted", job.id, time.time() - 60))
        hub.faults.add(Status(404), on="poll", times=None)
        time.sleep(0.5)  # until a poll is due
        result = run(task_of(timeout=30.0)).result
        assert result.kind == "DeadlineExceededError"
        assert hub.hub.jobs_submitted == 1

    def test_tries_to_pick_a_job_up_are_not_counted(self, task_of, hub):
        hub.faults.add(Status(404), on="poll", times=2)
        assert run(task_of(max_retries=0)).state == "SUCCESS"
        assert hub.hub.jobs_submitted == 1


class TestLostResults:
    """A job that ran, or may have run, and whose result cannot be had any more: uncertain, and never sent again."""

    LOSSES = (Lapse(), Forget(), Reset(reached=True))

    def lose(self, hub, claims, client, effect, task_id="t"):
        # In the sandbox a job that has ended does not lapse any more.
        seconds = 60 if isinstance(effect, Lapse) else 0.1
        job = client.llama3_8b_chat.submit(prompt_input=f"earlier [[dur={seconds} steps=1]]")
        time.sleep(0.3)
        left_behind(claims, Record("submitted", job.id, 2e9), task_id)
        hub.faults.add(effect, on="final" if isinstance(effect, Reset) else "poll")

    def test_it_ends_uncertain(self, chat, claims, client, hub):
        for effect in self.LOSSES:
            task_id = type(effect).__name__
            self.lose(hub, claims, client, effect, task_id)
            result = run(chat, task_id).result
            assert isinstance(result, jobs.UncertainError), effect
            assert "it ran, its result is lost, it may have been billed" in str(result)
        assert hub.hub.jobs_submitted == len(self.LOSSES)

    @pytest.mark.parametrize("effect", LOSSES, ids=lambda effect: type(effect).__name__)
    def test_it_is_repeated_where_that_was_decided(self, task_of, claims, client, hub, effect):
        self.lose(hub, claims, client, effect)
        result = run(task_of(resubmit_uncertain=True), prompt_input="again").result
        assert "again" in result["outputs"]["text"]
        assert hub.hub.jobs_submitted == 2

    def test_a_submit_of_which_nobody_knows_is_uncertain_too(self, chat, claims):
        left_behind(claims, Record("submitting"))
        assert isinstance(run(chat).result, jobs.UncertainError)


class TestEndingTheProcess:
    """A worker that is told to end while the hub's final answer is on its way."""

    def test_the_answer_is_waited_for_and_the_result_noted(self, chat, claims, hub):
        hub.faults.add(Delay(1.0), on="final")

        def end(*_):
            sys.exit("terminated")

        before = signal.signal(signal.SIGALRM, end)
        try:
            hub_asked = threading.Thread(target=self.strike, args=(hub,))
            hub_asked.start()
            with pytest.raises(SystemExit):
                run(chat)
            hub_asked.join()
        finally:
            signal.signal(signal.SIGALRM, before)
        assert claims.take("t", "who looks", 60, new=True).phase == "got"
        claims.release("t", "who looks")
        assert run(chat).state == "SUCCESS"
        assert hub.hub.jobs_submitted == 1

    def strike(self, hub):
        until(lambda: [job for job in hub.hub.jobs if job.handed_out], "the result is on its way")
        os.kill(os.getpid(), signal.SIGALRM)
