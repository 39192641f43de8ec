"""Polls are repeated while that may help, carry what the caller sends, and grow apart."""

import itertools
import math

import pytest
from aki_runtime.errors import (
    AuthenticationError,
    BadRequestError,
    ConnectionFailedError,
    DeadlineExceededError,
    NotFoundError,
    ServerError,
    UnexpectedAnswerError,
)
from aki_runtime.options import Options
from aki_runtime.protocol.answers import Answer
from aki_runtime.protocol.flows import JobReader
from aki_runtime.protocol.job import UNFETCHED_SECONDS, JobState
from support.driver import CHAT, JOB, KEY, Driver, answer, done, expecting, pending

BROKEN = ConnectionFailedError("the connection broke", sent=True)
PASSING_STATUSES = (302, 403, 404, 408, 425, 429, 500, 502, 503, 504, 520, 522, 524, 530)
PASSING = [
    BROKEN,
    ConnectionFailedError("could not connect", sent=False),
    UnexpectedAnswerError("the answer is compressed in an unknown way"),
    *(Answer(status, b"<html><title>Busy</title></html>") for status in PASSING_STATUSES),
    *(
        Answer(200, body)
        for body in (b"", b"<html>Login</html>", b'{"job_state": "proc', b"\xff\xfe")
    ),
    Answer(204, b""),
    answer(429, {"error": "too many"}),
    answer(500, {"message": "crash"}),
    answer(200, {"job_id": "of somebody else", "job_result": {"text": "theirs"}}),
    answer(200, {"job_id": JOB, "job_result": {"job_id": "of somebody else", "text": "theirs"}}),
]


def poll(driver, job=None, deadline=60.0):
    job = job or JobState(CHAT.endpoint, JOB)
    driver.run(JobReader(driver.context, job, CHAT, Options())._poll(deadline))
    return job


def watch_polls(driver, count, interval=0.2, **moments):
    """Poll a job as often as said and return the pauses between its polls."""
    job = JobState(CHAT.endpoint, JOB)
    options = Options(progress_interval=interval)
    for _ in range(count):
        driver.run(JobReader(driver.context, job, CHAT, options).news())
    return [later - sooner for sooner, later in itertools.pairwise(driver.sent_at)]


def test_a_poll_names_the_job_and_carries_the_key():
    driver = Driver(pending())
    poll(driver)
    assert driver.sent[0].body.values == {"key": KEY, "job_id": JOB}


@pytest.mark.parametrize("failure", PASSING)
def test_a_poll_is_repeated_over_a_passing_failure(failure):
    job = poll(Driver(failure, failure, failure, done(text="hi")))
    assert CHAT.result(job).text == "hi"


@pytest.mark.parametrize("failure", PASSING)
def test_a_poll_is_not_repeated_beyond_the_deadline(failure):
    driver = Driver(then=failure)
    with pytest.raises(DeadlineExceededError) as caught:
        poll(driver, deadline=30.0)
    assert driver.clock <= 30.0
    assert caught.value.job_id == JOB


def test_a_deadline_that_passed_over_failures_tells_the_last_one():
    with pytest.raises(DeadlineExceededError) as caught:
        poll(Driver(then=Answer(503, b"")), deadline=30.0)
    assert isinstance(caught.value.__cause__, ServerError)


@pytest.mark.parametrize(
    ("failure", "kind"), [(BROKEN, ConnectionFailedError), (Answer(502, b""), ServerError)]
)
def test_without_a_deadline_patience_ends_before_a_finished_result_lapses(failure, kind):
    driver = Driver(then=failure)
    with pytest.raises(kind):
        poll(driver, deadline=math.inf)
    assert 200 < driver.clock <= UNFETCHED_SECONDS < 360


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (answer(401, {"error": ["Key not valid"]}), AuthenticationError),
        (answer(404, {"message": "no such route"}), NotFoundError),
        (answer(400, {"error": ["Invalid input parameter(s): stop"]}), BadRequestError),
    ],
)
def test_a_poll_is_not_repeated_over_what_time_does_not_mend(failure, kind):
    driver = Driver(failure)
    with pytest.raises(kind):
        poll(driver)


@pytest.mark.usefixtures("full_jitter")
def test_pauses_after_failures_grow_to_their_longest():
    driver = Driver(*[BROKEN] * 9, pending())
    poll(driver)
    assert driver.pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 8.0, 8.0]


def test_pauses_after_failures_differ_by_chance(monkeypatch):
    chances = iter([0.0, 0.5, 1.0])
    monkeypatch.setattr("random.random", lambda: next(chances))
    driver = Driver(BROKEN, BROKEN, BROKEN, pending())
    poll(driver)
    assert driver.pauses == pytest.approx([0.05, 0.15, 0.4])


def test_a_pause_after_a_failure_is_as_long_as_the_hub_asks():
    driver = Driver(answer(503, {}, retry_after=12.0), pending())
    poll(driver)
    assert driver.pauses == [12.0]


def test_a_pause_after_a_failure_is_no_longer_than_a_minute():
    driver = Driver(answer(503, {}, retry_after=86_400.0), pending())
    poll(driver, deadline=1000.0)
    assert driver.pauses == [60.0]


def test_a_poll_may_take_what_is_left_of_the_deadline():
    driver = Driver(pending())
    poll(driver, deadline=7.0)
    assert driver.allowed == [7.0]


def test_inputs_ride_on_the_next_poll_and_on_no_other():
    job = JobState(CHAT.endpoint, JOB, inputs_to_send={"stop": True})
    driver = Driver(pending(), pending())
    poll(driver, job)
    poll(driver, job)
    assert [request.body.values.get("stop") for request in driver.polls] == [True, None]


@pytest.mark.parametrize("failure", PASSING)
def test_inputs_are_kept_when_their_poll_fails(failure):
    job = JobState(CHAT.endpoint, JOB, inputs_to_send={"stop": True})
    driver = Driver(failure, pending())
    poll(driver, job)
    assert [request.body.values.get("stop") for request in driver.polls] == [True, True]


@pytest.mark.parametrize("failure", [answer(401, {"error": "no"}), KeyboardInterrupt()])
def test_inputs_are_kept_when_the_waiting_ends(failure):
    job = JobState(CHAT.endpoint, JOB, inputs_to_send={"stop": True})
    with pytest.raises(BaseException):  # noqa: B017, PT011 whatever it is
        poll(Driver(failure), job)
    assert job.inputs_to_send == {"stop": True}


def test_inputs_given_while_a_poll_fails_win_over_those_before():
    job = JobState(CHAT.endpoint, JOB, inputs_to_send={"volume": 1, "stop": False})

    def fail(driver, seconds):
        job.inputs_to_send["volume"] = 2
        raise BROKEN

    driver = Driver(fail, pending())
    poll(driver, job)
    assert driver.polls[1].body.values.items() >= {"volume": 2, "stop": False}.items()


@pytest.mark.parametrize("name", ["key", "job_id"])
def test_inputs_never_take_the_place_of_what_the_protocol_needs(name):
    driver = Driver(pending())
    poll(driver, JobState(CHAT.endpoint, JOB, inputs_to_send={name: "other"}))
    assert driver.sent[0].body.values == {"key": KEY, "job_id": JOB}


def test_polls_of_a_job_that_will_take_long_are_a_progress_interval_apart():
    pauses = watch_polls(Driver(then=expecting(60)), 6)
    assert pauses == pytest.approx([0.2] * 5)


@pytest.mark.parametrize("unknown", [0, -1, None, "soon"])
def test_pauses_follow_the_schedule_where_the_hub_expects_no_end(unknown):
    pauses = watch_polls(Driver(then=expecting(unknown)), 13)
    assert pauses == pytest.approx([0.2, *[0.068] * 9, 0.136, 0.155])


def test_a_poll_comes_when_the_hub_expects_the_end():
    pauses = watch_polls(Driver(expecting(0.3), then=expecting(0)), 5)
    assert pauses == pytest.approx([0.2, 0.1, 0.05, 0.05])


def test_the_earliest_end_that_the_hub_told_counts_until_it_is_overdue():
    pauses = watch_polls(Driver(expecting(0.03), then=expecting(60)), 8)
    assert pauses == pytest.approx([*[0.05] * 5, 0.068, 0.068])


def test_what_is_expected_of_a_queued_job_does_not_count():
    queued = answer(200, {"job_state": "queued", "progress": {"queue_position": 2, "estimate": 1}})
    pauses = watch_polls(Driver(queued, then=expecting(0)), 4)
    assert pauses == pytest.approx([0.15, 0.068, 0.068])


def test_pauses_between_polls_are_longer_in_the_queue():
    pauses = watch_polls(Driver(then=pending("queued", 3)), 10)
    assert max(pauses) == pytest.approx(1.0)


def test_the_next_in_the_queue_is_polled_like_a_running_job():
    pauses = watch_polls(Driver(then=pending("queued", 1)), 10)
    assert max(pauses) == pytest.approx(0.2)


def test_a_job_that_leaves_the_queue_is_polled_quicker_at_once():
    pauses = watch_polls(Driver(*[pending("queued", 3)] * 9, then=pending()), 11)
    assert pauses[-1] == pytest.approx(0.2)


@pytest.mark.parametrize("interval", [0.01, 1.0, 30.0])
def test_pauses_never_exceed_an_interval_of_the_callers(interval):
    longest = max(watch_polls(Driver(then=pending()), 20, interval))
    assert longest == pytest.approx(interval, abs=0.05)
    assert longest <= interval + 1e-9


def test_the_log_tells_each_state_once():
    driver = Driver(pending("queued", 2), pending("queued", 1), pending(), pending(), done())
    watch_polls(driver, 5)
    short = JOB[:8]
    assert driver.notes == [f"chat: job {short} is processing", f"chat: job {short} is done"]
