"""What goes wrong between a worker and the hub: how the task ends, and that nothing is paid twice."""

import sqlite3
import threading

import pytest
from aki_client import Aki
from aki_sandbox.faults.effects import QueueFull, Reset, Status
from background.delivery.delivering import run
from support.patience import until

SoftTimeLimitExceeded = pytest.importorskip(
    "celery.exceptions", reason="Celery is not installed: make full"
).SoftTimeLimitExceeded
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
        result = run(task_of(timeout=2.0), prompt_input="[[dur=60 steps=600]]")
        assert result.result.kind == "DeadlineExceededError"
        (job,) = hub.hub.jobs
        assert job.cancel_asked

    def test_a_job_that_was_cancelled_is_not_said_to_go_on(self, task_of, hub):
        said = str(run(task_of(timeout=2.0), prompt_input="[[dur=60 steps=600]]").result)
        assert "the hub was asked to cancel it" in said
        assert "goes on" not in said

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

    def test_a_state_that_is_half_written_is_read_again(self, chat, app, hub, monkeypatch):
        read, halves = app.backend.get, [b'{"status": "PROG', b'{"status": "\xc3']
        monkeypatch.setattr(app.backend, "get", lambda key: halves.pop() if halves else read(key))
        assert run(chat).state == "SUCCESS"
        assert not halves
        assert hub.hub.jobs_submitted == 1

    def test_a_task_that_cannot_be_let_go_of_is_tried_again_all_the_same(
        self, task_of, claims, hub
    ):
        class Unreleasing(type(claims)):
            def release(self, task_id, owner):
                super().release(task_id, owner)
                raise ConnectionError("the answer was lost")

        hub.faults.add(Status(404), on="poll")
        assert run(task_of(claims=Unreleasing(claims._path))).state == "SUCCESS"
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


class TestTimeLimits:
    """A soft time limit strikes when the result is here, and the place for it is away."""

    def test_while_the_result_is_noted_it_is_noted_for_a_later_try(self, task_of, claims, hub):
        class Slow(type(claims)):
            struck = False

            def hold(self, task_id, owner, turn, seconds, record=None):
                if record is not None and record.phase == "got" and not Slow.struck:
                    Slow.struck = True
                    raise SoftTimeLimitExceeded
                return super().hold(task_id, owner, turn, seconds, record)

        chat = task_of(claims=Slow(claims._path))
        assert isinstance(run(chat).result, SoftTimeLimitExceeded)
        assert claims.take("t", "who looks", 60, new=True).phase == "got"

    def test_while_the_outcome_is_stored_it_is_stored_all_the_same(
        self, chat, app, hub, monkeypatch
    ):
        store, struck = app.backend.set, []

        def strike(key, value):
            if "SUCCESS" in value and not struck:
                struck.append(key)
                raise SoftTimeLimitExceeded
            return store(key, value)

        monkeypatch.setattr(app.backend, "set", strike)
        assert run(chat).state == "SUCCESS"
        assert struck


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
