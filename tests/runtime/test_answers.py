"""Answers that no recording holds: missing blocks, odd figures, other words."""

import json
import traceback

import pytest
from aki_runtime import errors
from aki_runtime.protocol.answers import Done, Ended, Pending, read_json, read_progress, read_submit
from support.driver import JOB, answer, done

AUTH = "what the worker signs in with"


def read(body, status=200):
    return read_progress(answer(status, body), "chat", JOB)


def test_a_processing_answer_without_progress_is_pending():
    assert read({"success": True, "job_state": "processing"}) == Pending("processing")


def test_a_final_answer_is_final_without_a_progress_block():
    assert isinstance(read_progress(done(text="hi"), "chat", JOB), Done)


def test_a_final_answer_is_final_with_a_progress_block():
    body = json.loads(done(text="hi").body) | {"progress": {"progress": 3, "progress_data": {}}}
    assert isinstance(read(body), Done)


def test_a_result_is_final_whatever_the_state_says():
    assert isinstance(read({"job_state": "processing", "job_result": {"text": "hi"}}), Done)


def test_progress_of_a_hundred_is_not_the_end():
    body = {"job_state": "processing", "progress": {"progress": 100, "queue_position": 0}}
    assert isinstance(read(body), Pending)


def test_a_state_that_nobody_knows_is_pending():
    assert read({"job_state": "paused"}) == Pending("paused")


@pytest.mark.parametrize("state", [None, 5, ["done"]])
def test_a_state_that_is_no_word_is_pending(state):
    assert read({"job_state": state}) == Pending("unknown")


@pytest.mark.parametrize("position", [-1, "first", None, True, 1.5])
def test_an_unknown_place_in_the_queue_is_none(position):
    report = read({"job_state": "queued", "progress": {"queue_position": position}})
    assert report.position is None


@pytest.mark.parametrize("estimate", [-1, "soon", None, True])
def test_an_unknown_estimate_is_none(estimate):
    assert read({"job_state": "queued", "progress": {"estimate": estimate}}).estimate is None


@pytest.mark.parametrize("progress", [None, [], "much", 5])
def test_an_odd_progress_block_is_no_crash(progress):
    assert read({"job_state": "processing", "progress": progress}) == Pending("processing")


def test_progress_data_holds_no_credentials():
    progress = {"progress_data": {"text": "hi", "auth": "a", "auth_key": "b"}, "auth_key": "c"}
    assert read({"job_state": "processing", "progress": progress}).data == {"text": "hi"}


def test_a_result_holds_no_credentials():
    report = read_progress(done(text="hi", auth_key="SECRET"), "chat", JOB)
    assert isinstance(report, Done)
    assert report.result.keys() & {"auth", "auth_key"} == set()
    assert report.result["text"] == "hi"


def test_a_poll_that_failed_shows_no_credentials_in_the_locals_of_its_traceback():
    with pytest.raises(errors.NotFoundError) as caught:
        read_progress(answer(404, {"message": "no", "progress": {"auth_key": AUTH}}), "chat", JOB)
    report = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    shown = "".join(report.format())
    assert "job_id = " in shown
    assert AUTH not in shown


def test_a_result_that_says_no_success_has_failed():
    report = read({"job_state": "done", "job_result": {"success": False, "text": "half"}})
    assert isinstance(report, Ended)
    assert type(report.error) is errors.JobFailedError
    assert str(report.error) == "chat: the job failed"


@pytest.mark.parametrize("state", ["done", "processing", "odd"])
def test_an_answer_that_says_no_success_has_failed_with_its_reason(state):
    report = read({"success": False, "job_state": state, "error": "worker crashed"})
    assert isinstance(report, Ended)
    assert type(report.error) is errors.JobFailedError
    assert report.error.hub_messages == ("worker crashed",)


def test_an_answer_that_says_no_success_has_failed_even_with_a_result():
    report = read({"success": False, "error": "broken", "job_result": {"text": "half"}})
    assert isinstance(report, Ended)
    assert type(report.error) is errors.JobFailedError
    assert report.error.partial == {"text": "half"}


@pytest.mark.parametrize("empty", ["", None, []])
def test_an_empty_error_is_no_failure(empty):
    assert isinstance(read({"job_state": "done", "job_result": {"error": empty}}), Done)


def test_a_canceled_job_without_a_reason_makes_a_sentence():
    report = read({"success": True, "job_state": "canceled"})
    assert str(report.error) == "chat: the job was canceled"


def test_a_canceled_job_keeps_what_there_was():
    report = read({"job_state": "canceled", "job_result": {"text": "half", "auth": "WORKER"}})
    assert isinstance(report.error, errors.JobCanceledError)
    assert report.error.partial == {"text": "half"}


@pytest.mark.parametrize("status", [200, 400])
def test_lapsed_is_lapsed_whatever_the_status(status):
    report = read({"job_state": "lapsed", "error": "Job x lapsed!"}, status)
    assert isinstance(report.error, errors.JobLapsedError)


def test_a_lapsed_job_keeps_the_last_progress():
    progress = {"progress_data": {"text": "half"}, "auth_key": "SECRET"}
    report = read({"job_state": "lapsed", "error": "Job x lapsed!", "progress": progress}, 400)
    assert report.error.partial == {"text": "half"}


def test_an_end_names_endpoint_and_job():
    error = read({"job_state": "lapsed"}, 400).error
    assert (error.endpoint, error.job_id) == ("chat", JOB)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequestError),
        (401, errors.AuthenticationError),
        (404, errors.NotFoundError),
        (418, errors.StatusError),
        (302, errors.StatusError),
        (500, errors.ServerError),
    ],
)
def test_a_poll_that_failed_says_nothing_of_the_job(status, kind):
    with pytest.raises(kind) as caught:
        read({"error": "no"}, status)
    assert (type(caught.value), caught.value.status) == (kind, status)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(402, errors.NotEntitledError), (429, errors.RateLimitedError), (413, errors.TooLargeError)],
)
def test_a_submit_that_failed_has_the_exception_of_its_status(status, kind):
    with pytest.raises(kind):
        read_submit(answer(status, {"error": ["no"]}), "chat")


def test_an_endpoint_that_is_disabled_is_no_parameters_fault():
    with pytest.raises(errors.BadRequestError, match="Endpoint disabled!") as caught:
        read_submit(answer(400, {"error": "Endpoint disabled!"}), "chat")
    assert not isinstance(caught.value, errors.QueueFullError)


@pytest.mark.parametrize("job_id", [None, "", 5])
def test_a_submit_that_names_no_job_is_not_understood(job_id):
    with pytest.raises(errors.UnexpectedAnswerError, match="named no job"):
        read_submit(answer(200, {"success": True, "job_id": job_id}), "chat")


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "nothing"),
        (b"<!DOCTYPE html><title>Login</title>", "an HTML page"),
        (b'{"success": tr', "something else"),
        (b"[1]", "something else"),
        (b"\xff\xfe", "something else"),
    ],
)
def test_an_answer_that_is_no_object_is_not_understood(body, what):
    with pytest.raises(errors.UnexpectedAnswerError, match=f"the hub answered {what} instead"):
        read_json(answer(200, body))


def test_an_answer_nested_without_end_is_not_understood():
    with pytest.raises(errors.UnexpectedAnswerError):
        read_json(answer(200, b"[" * 200_000))


@pytest.mark.parametrize("state", ["\x1b[2J", "run\nning", "\u202egninnur", "x" * 61, "\ud800", ""])
def test_a_state_that_is_no_word_is_not_shown(state):
    assert read({"job_state": state}) == Pending("unknown")
