"""The sandbox against exchanges recorded from a real server."""

import json
import shutil
from pathlib import Path

import pytest
from aki_sandbox.catalogue import load_catalogue
from aki_sandbox.hub.hub import SandboxHub
from aki_sandbox.settings import HubSettings

CAPTURES = Path(__file__).parents[4] / "shared" / "captures"

pytestmark = pytest.mark.skipif(
    not CAPTURES.is_dir(), reason="the recorded exchanges (../shared/captures) are not there"
)

REFUSED = [
    "err_chat_context_and_text_context",
    "err_chat_context_as_list",
    "err_chat_context_bad_json",
    "err_chat_context_bad_role",
    "err_chat_context_missing_content",
    "err_int_for_str",
    "err_missing_key",
    "err_missing_required",
    "err_out_of_range_float",
    "err_out_of_range_int",
    "err_out_of_range_low",
    "err_selection_bad",
    "err_selection_wrong_type",
    "err_several_errors",
    "err_unknown_param",
    "err_wrong_type_str_for_int",
    "image_garbage",
]
ACCEPTED = [
    "err_autoconvert_size",
    "err_bool_for_int",
    "err_float_for_int",
    "call_wait_false_example_submit",
    "call_wait_false_flux_submit",
    "call_wait_false_llama3_submit",
    "call_wait_false_tts_submit",
]
RESULTS = [
    "call_wait_true_example",
    "call_wait_true_flux",
    "call_wait_true_llama3",
    "call_wait_true_tts",
    "err_worker_error_flux",
    "err_worker_error_kept_text",
    "err_worker_error_llama3",
]


@pytest.fixture(scope="module")
def recorded_catalogue(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recorded")
    names = json.loads((CAPTURES / "metadata" / "endpoints.json").read_text())["endpoints"]
    for name in names:
        shutil.copy(CAPTURES / "metadata" / f"{name}.json", folder)
    return load_catalogue(folder)


@pytest.fixture
def recorded_hub(recorded_catalogue, clock):
    return SandboxHub(recorded_catalogue, HubSettings(public_server_defects=True), clock)


def exchange(name):
    recorded = json.loads((CAPTURES / "wire" / f"{name}.json").read_text())
    request = recorded["request"]
    return request["url"].rpartition("/")[2], request["json"], recorded


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_word_for_word_the_recorded_one(recorded_hub, name):
    endpoint, payload, recorded = exchange(name)
    reply = recorded_hub.submit(endpoint, payload)
    assert (reply.status, reply.body) == (recorded["status"], recorded["body"])


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_the_real_server_accepted_is_accepted(recorded_hub, name):
    endpoint, payload, _ = exchange(name)
    assert recorded_hub.submit(endpoint, payload).status == 200


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_has_the_recorded_keys_and_types(recorded_hub, clock, name):
    endpoint, payload, recorded = exchange(name)
    job = recorded_hub.start(endpoint, payload)
    clock.advance(60)
    result = recorded_hub.result(job).body
    for key, value in recorded["body"].items():
        if key == "preprocessing_duration":
            continue
        assert isinstance(result[key], int | float) == isinstance(value, int | float), key
        assert isinstance(result[key], str) == isinstance(value, str), key


@pytest.mark.parametrize("name", ["llama3", "flux", "tts", "example"])
def test_a_running_job_answers_with_the_recorded_keys(recorded_hub, clock, name):
    endpoint, payload, _ = exchange(f"call_wait_false_{name}_submit")
    polls = json.loads((CAPTURES / "wire" / f"call_wait_false_{name}_polls.json").read_text())
    running = [answer["body"] for answer in polls["body"]][-2]
    job_id = recorded_hub.submit(endpoint, {**payload, **_long(payload)}).body["job_id"]
    clock.advance(55)
    answer = recorded_hub.progress(endpoint, {"job_id": job_id}).body
    assert answer.keys() == running.keys()
    assert answer["progress"].keys() == running["progress"].keys()
    reported = answer["progress"]["progress_data"]
    assert reported.keys() == running["progress"]["progress_data"].keys()


def _long(payload):
    """Return the prompt of a call, asking for a job of a minute."""
    for name in ("prompt", "text"):
        if name in payload:
            return {name: "x [[dur=60 steps=10]]"}
    return {"chat_context": '[{"role": "user", "content": "x [[dur=60 steps=10]]"}]'}


def test_a_lapsed_job_answers_as_recorded(recorded_hub, clock):
    recorded = json.loads((CAPTURES / "wire" / "short_lapsed_processing_timeline.json").read_text())
    lapsed = recorded["body"][1]
    payload = {"key": "any", "prompt_input": "[[hang]]"}
    job_id = recorded_hub.submit("llama3_chat", payload).body["job_id"]
    clock.advance(360)
    reply = recorded_hub.progress("llama3_chat", {"job_id": job_id})
    expected = json.loads(
        json.dumps(lapsed["body"]).replace(lapsed["body"]["error"].split()[1], job_id)
    )
    assert (reply.status, reply.body) == (lapsed["status"], expected)


@pytest.mark.parametrize("name", ["flux-dev", "llama3_chat"])
def test_a_details_document_has_the_recorded_keys(recorded_hub, name):
    path = CAPTURES / "metadata" / f"{name}.with-worker.json"
    recorded = json.loads(path.read_text())
    answered = recorded_hub.details(name).body
    assert answered.keys() == recorded.keys()
    assert answered["workers"][0].keys() == recorded["workers"][0].keys()
    assert answered["parameter_description"] == recorded["parameter_description"]
