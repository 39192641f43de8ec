"""Every recorded answer, and what it means."""

import traceback

import pytest
from aki_runtime import errors
from aki_runtime.protocol.answers import Done, Ended, Pending, read_json, read_progress, read_submit
from support.captures import WIRE, named_job, needs_captures, recorded, recorded_answer

pytestmark = needs_captures

NOT_JSON = "Failed when parsing body as json (HTTP 400 Bad Request)"
NO_ROUTE = "Requested URL /no_such_endpoint not found (HTTP 404 Not Found)"
TOO_HIGH = "is too high. Max supported value for"
LAPSED = "lapsed!"

# A refused call: the kind of exception, and a sentence that it holds.
REFUSED_CALLS = {
    "big_101mb_nginx": (errors.TooLargeError, "Request body exceeds the size limit"),
    "blocking_70s_via_nginx": (errors.ServerError, "Response Timeout (HTTP 503 Service"),
    "err_bad_key": (errors.AuthenticationError, "Key not valid"),
    "err_chat_context_and_text_context": (errors.InvalidParametersError, "Only one type"),
    "err_chat_context_as_list": (errors.InvalidParametersError, "Expected: <class 'str'>"),
    "err_chat_context_bad_json": (errors.InvalidParametersError, "has invalid json format!"),
    "err_chat_context_bad_role": (errors.InvalidParametersError, "are allowed!"),
    "err_chat_context_missing_content": (errors.InvalidParametersError, "'role' and 'content'"),
    "err_int_for_str": (errors.InvalidParametersError, "prompt_input=5. Expected"),
    "err_malformed_json": (errors.BadRequestError, NOT_JSON),
    "err_missing_key": (errors.AuthenticationError, "API Key missing"),
    "err_missing_required": (errors.InvalidParametersError, "Missing required argument: prompt"),
    "err_out_of_range_float": (errors.InvalidParametersError, f"2.5 {TOO_HIGH} temperature"),
    "err_out_of_range_int": (errors.InvalidParametersError, f"100000 {TOO_HIGH} top_k"),
    "err_out_of_range_low": (errors.InvalidParametersError, "top_k = 0 is too low."),
    "err_selection_bad": (errors.InvalidParametersError, "supported values ['none', 'decoded']!"),
    "err_selection_wrong_type": (errors.InvalidParametersError, "provide_progress_images=3."),
    "err_several_errors": (errors.InvalidParametersError, "Invalid input parameter(s): foo"),
    "err_unknown_endpoint": (errors.NotFoundError, NO_ROUTE),
    "err_unknown_endpoint_accept_star": (errors.NotFoundError, NO_ROUTE),
    "err_unknown_param": (errors.InvalidParametersError, "Invalid input parameter(s): foo, bar"),
    "err_wrong_type_str_for_int": (errors.InvalidParametersError, "top_k=40. Expected"),
    "image_garbage": (errors.InvalidParametersError, "Format not recognized by ffprobe."),
    "openai_chat_bad_key": (errors.AuthenticationError, "Key not valid"),
    "short_queue_full": (errors.QueueFullError, "Job queue reached max length 2!"),
    "strict_2mb_nginx_413": (errors.TooLargeError, "413 Request Entity Too Large"),
    "strict_504": (errors.ServerError, "504 Gateway Time-out"),
}
REFUSED_QUESTIONS = {
    "endpoint_details_unknown": (errors.NotFoundError, "/no_such_endpoint not found"),
    "endpoints_list_bad_key": (errors.AuthenticationError, "Key not valid"),
}
ANSWERED_QUESTIONS = {
    "login_bad": {"success": False, "error": "Key not valid"},
    "validate_key_bad": {"success": False, "error": "Key not valid"},
    "validate_key_good": {"success": True, "error": None},
}
SUBMITTED = {
    "call_wait_false_example_submit": "98e15871-9d30-442d-854f-83df7a021d2f#11",
    "call_wait_false_flux_submit": "c860bed6-32d4-48fd-951d-dd2ba08a92cb#9",
    "call_wait_false_llama3_submit": "a2f1a7dd-c375-44d0-a0a1-4ab964b81023#8",
    "call_wait_false_tts_submit": "1d4d8bd0-4456-4a7e-9093-c691f0421848#10",
}
PENDING = {
    "noworker_progress": Pending("queued", 1, None, 0, 0.0),
    "prog_cancel_processing": Pending("processing", 0, 0.0, 1, 0.0),
    "prog_queued": Pending("queued", 2, 0.1, 1, 0.0),
    "short_progress_running": Pending(
        "processing",
        0,
        0.0,
        1,
        1.0,
        {"text": "the", "num_generated_tokens": 1, "current_context_length": 21},
    ),
}
ENDED = {
    "poll_after_done_1": (errors.ResultGoneError, "its result was handed out before"),
    "poll_after_lost_final_answer": (errors.ResultGoneError, "the hub keeps no second copy"),
    "prog_no_job_id": (errors.JobUnknownError, "No job_id given"),
    "prog_unknown_job": (errors.JobUnknownError, "no active request with this job id"),
    "prog_worker_error": (errors.JobFailedError, "the job failed: boom"),
    "short_unfetched_at_7s": (errors.JobLapsedError, LAPSED),
}
# A blocking call's answer is a result without its envelope; the client never asks for one.
RESULTS = {
    "call_wait_true_example": {"text"},
    "call_wait_true_flux": {"images", "seed", "prompt", "model_name"},
    "call_wait_true_llama3": {"text", "num_generated_tokens", "model_name", "prompt_length"},
    "call_wait_true_tts": {"audio_output"},
    "err_autoconvert_size": {"images", "seed", "prompt", "model_name"},
    "err_bool_for_int": {"text", "num_generated_tokens"},
    "err_float_for_int": {"text", "num_generated_tokens"},
    "image_wrong_mime": {"images", "seed", "prompt", "model_name"},
}
FAILED_RESULTS = {
    "err_worker_error_flux": ("boom", set()),
    "err_worker_error_kept_text": ("truncated", {"text", "num_generated_tokens", "model_name"}),
    "err_worker_error_llama3": ("CUDA out of memory", set()),
}
ELSEWHERE = {
    "openai_chat",  # the OpenAI interface, which the package openai reads
    "call_wait_false_example_polls",
    "call_wait_false_flux_polls",
    "call_wait_false_llama3_polls",
    "call_wait_false_tts_polls",
    "short_lapsed_processing_timeline",
    "worker_killed_timeline",
}


def cases(table):
    return [pytest.param(name, *expected, id=name) for name, expected in table.items()]


def result_poll(name):
    """Put the answer of a blocking call where a poll would have it."""
    answer = recorded_answer(name)
    body = b'{"success": true, "job_state": "done", "job_result": %s}' % answer.body
    return type(answer)(answer.status, body)


def test_every_recorded_exchange_stands_in_a_table():
    tables = [REFUSED_CALLS, REFUSED_QUESTIONS, ANSWERED_QUESTIONS, SUBMITTED, PENDING, ENDED]
    told = {name for table in [*tables, RESULTS, FAILED_RESULTS] for name in table} | ELSEWHERE
    assert {path.stem for path in WIRE.glob("*.json")} == told


@pytest.mark.parametrize(("name", "kind", "sentence"), cases(REFUSED_CALLS))
def test_a_refused_call_raises_its_own_exception(name, kind, sentence):
    with pytest.raises(errors.AkiError) as caught:
        read_submit(recorded_answer(name), "some_endpoint")
    assert (type(caught.value), sentence in str(caught.value)) == (kind, True)


@pytest.mark.parametrize(("name", "kind", "sentence"), cases(REFUSED_CALLS))
def test_a_refusal_is_one_clean_line_per_reason(name, kind, sentence):
    with pytest.raises(errors.AkiError) as caught:
        read_submit(recorded_answer(name), "some_endpoint")
    said = "".join(caught.value.hub_messages)
    assert said.isprintable()
    assert "auto_convert" not in said
    assert "<html" not in said


def test_several_refusals_come_together_in_the_hubs_order():
    with pytest.raises(errors.InvalidParametersError) as caught:
        read_submit(recorded_answer("err_several_errors"), "llama3_chat")
    starts = [problem.partition(" ")[0] for problem in caught.value.problems]
    assert starts == ["Invalid", "Parameter", "Invalid"]


@pytest.mark.parametrize(("name", "kind", "sentence"), cases(REFUSED_QUESTIONS))
def test_a_refused_question_raises_its_own_exception(name, kind, sentence):
    with pytest.raises(kind, match=sentence):
        read_json(recorded_answer(name))


@pytest.mark.parametrize(("name", "document"), ANSWERED_QUESTIONS.items())
def test_an_answered_question_is_its_document(name, document):
    assert read_json(recorded_answer(name)) == document


@pytest.mark.parametrize(("name", "job"), SUBMITTED.items())
def test_a_submit_names_its_job(name, job):
    assert read_submit(recorded_answer(name), "some_endpoint") == job


def read(endpoint, answer):
    """Read an answer as one about the job that it names."""
    return read_progress(answer, endpoint, named_job(answer))


@pytest.mark.parametrize(("name", "report"), PENDING.items())
def test_a_job_that_goes_on_is_pending(name, report):
    assert read("llama3_chat", recorded_answer(name)) == report


@pytest.mark.parametrize(("name", "kind", "sentence"), cases(ENDED))
def test_a_job_that_ended_badly_has_its_own_exception(name, kind, sentence):
    report = read("llama3_chat", recorded_answer(name))
    assert isinstance(report, Ended)
    assert type(report.error) is kind
    assert sentence in str(report.error)


@pytest.mark.parametrize(("name", "outputs"), RESULTS.items())
def test_a_result_holds_what_the_worker_supplied(name, outputs):
    report = read("some_endpoint", result_poll(name))
    assert isinstance(report, Done)
    assert outputs <= set(report.result)


@pytest.mark.parametrize(("name", "message", "partial"), cases(FAILED_RESULTS))
def test_a_result_with_an_error_is_a_failed_job(name, message, partial):
    report = read("some_endpoint", result_poll(name))
    assert isinstance(report, Ended)
    assert isinstance(report.error, errors.JobFailedError)
    assert report.error.hub_messages == (message,)
    assert partial <= set(report.error.partial)


@pytest.mark.parametrize("name", sorted({*SUBMITTED, *PENDING, *ENDED, *RESULTS, *FAILED_RESULTS}))
def test_a_workers_credentials_are_in_no_value_and_no_exception(name):
    answer = result_poll(name) if name in RESULTS or name in FAILED_RESULTS else None
    report = read("some_endpoint", answer or recorded_answer(name))
    shown = repr(report) + repr(vars(report))
    if isinstance(report, Ended):
        shown += repr(vars(report.error)) + "".join(traceback.format_exception(report.error))
    assert "xLabGPU" not in shown
    assert "REDACTED" not in shown


def test_the_recordings_do_hold_credentials():
    assert "xLabGPU" in str(recorded("short_progress_running"))
    assert "auth_key" in str(recorded("short_progress_running"))
