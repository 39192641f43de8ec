"""What goes wrong between a worker and the hub: how the task ends, and that nothing is paid twice."""

import sqlite3
import threading

import pytest
from aki_client import Aki
from aki_sandbox.faults.effects import Reset, Status
from aki_sandbox.faults.job_effects import QueueFull
from background.delivery.delivering import run
from support.patience import until

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


class Failing:
    """Claims that cannot be asked for a while, from the call of a number on."""

    def __init__(self, claims, first, error):
        self._claims = claims
        self._failing = range(first, first + 2)
        self._error = error
        self.calls = 0

    def __getattr__(self, name):
        method = getattr(self._claims, name)

        def call(*arguments, **more):
            self.calls += 1
            if self.calls in self._failing:
                raise self._error
            return method(*arguments, **more)

        return call


class TestOutages:
    """What keeps claims, results or messages is away, locked or full for a moment."""

    @pytest.mark.parametrize(
        "error", [ConnectionError("Redis is away"), sqlite3.OperationalError("database is locked")]
    )
    @pytest.mark.parametrize("first", range(2, 5))
    def test_claims_that_are_away_for_a_moment_change_nothing(
        self, task_of, claims, hub, first, error
    ):
        failing = Failing(claims, first, error)
        assert run(task_of(claims=failing)).state == "SUCCESS"
        assert failing.calls > 2
        assert hub.hub.jobs_submitted == 1
        assert not [job for job in hub.hub.jobs if job.cancel_asked]

    def test_an_outcome_that_the_backend_does_not_take_is_stored_later(
        self, chat, app, hub, monkeypatch
    ):
        store, refused = app.backend.set, []

        def refuse(key, value):
            if "SUCCESS" in value and len(refused) < 3:
                refused.append(key)
                raise OSError(28, "No space left on device")
            return store(key, value)

        monkeypatch.setattr(app.backend, "set", refuse)
        assert run(chat).state == "SUCCESS"
        assert len(refused) == 3
        assert hub.hub.jobs_submitted == 1

    def test_a_state_that_cannot_be_read_is_read_again(self, chat, app, hub, monkeypatch):
        read, refused = app.backend.get, []

        def refuse(key):
            if len(refused) < 3:
                refused.append(key)
                raise ConnectionError("Redis is away")
            return read(key)

        monkeypatch.setattr(app.backend, "get", refuse)
        assert run(chat).state == "SUCCESS"
        assert hub.hub.jobs_submitted == 1

    def test_an_outcome_that_is_not_json_fails_at_once(self, task_of, hub):
        result = run(task_of("z_image_turbo", store=lambda media, place: object()), prompt="p")
        assert result.state == "FAILURE"
        assert hub.hub.jobs_submitted == 1

    def test_a_broker_that_is_away_does_not_cost_the_result_that_a_task_waits_for(
        self, chat, app, hub, monkeypatch
    ):
        connect, refused = app.connection_for_write, []

        @app.task
        def print_it(result):
            return result

        def refuse(*arguments, **more):
            if len(refused) < 3:
                refused.append(arguments)
                raise ConnectionError("Redis is away")
            return connect(*arguments, **more)

        monkeypatch.setattr(app, "connection_for_write", refuse)
        chat.apply(kwargs={"prompt_input": "hello"}, task_id="t", link=print_it.s())
        assert chat.AsyncResult("t").state == "SUCCESS"
        assert len(refused) == 3

    def test_a_message_that_cannot_be_sent_again_does_not_end_the_task(
        self, chat, claims, hub, monkeypatch
    ):
        send, refused = chat.apply_async, []

        def refuse(*arguments, **more):
            if len(refused) < 3:
                refused.append(arguments)
                raise ConnectionError("Redis is away")
            return send(*arguments, **more)

        monkeypatch.setattr(chat, "apply_async", refuse)
        claims.take("t", "another delivery", 60, new=True)
        assert run(chat).state == "PENDING"
        assert len(refused) == 3


class TestThreads:
    """Several deliveries in one process, as in a pool of threads."""

    def test_the_end_of_a_second_delivery_is_not_the_end_of_the_first(self, chat, claims, hub):
        prompt = {"prompt_input": "[[dur=2 steps=20]]"}
        first = threading.Thread(target=run, args=(chat,), kwargs=prompt)
        first.start()
        until(lambda: hub.hub.jobs_submitted == 1, "the first delivery is at work")
        run(chat, **prompt)
        assert claims.take("t", "who looks", 60, new=True) is None
        first.join()
        assert chat.AsyncResult("t").state == "SUCCESS"
