"""Endpoints by the hub's name for them, sync and async alike: what `call`, `submit`, `stream` and `job` promise."""

import io

import pytest
from aki_client import InvalidParametersError, NotFoundError, ResultGoneError
from faults.modes import KEY, MODES, Mode
from PIL import Image as Pillow

SLOW = "[[dur=1.5 steps=10]]"


@pytest.fixture(params=MODES)
def mode(request):
    with Mode(request.param) as chosen:
        yield chosen


@pytest.fixture
def aki(mode, hub):
    with mode.client(hub.url) as client:
        yield client


def picture():
    buffer = io.BytesIO()
    Pillow.new("RGB", (64, 64), "red").save(buffer, "PNG")
    return buffer.getvalue()


def test_its_details_are_the_hub_s(mode, aki):
    details = mode.wait(aki.endpoint_details("flux-dev"))
    assert details["name"] == "flux-dev"
    assert "prompt" in details["parameter_description"]["input"]


def test_details_of_what_is_not_there_are_not_found(mode, aki):
    with pytest.raises(NotFoundError):
        mode.wait(aki.endpoint_details("no such endpoint/at all"))


def test_a_call_returns_its_outputs_as_attributes_and_items(mode, aki):
    output = mode.wait(aki.call("z_image_turbo", {"prompt": "a lake", "width": 256, "height": 256}))
    assert output.images[0].format == output["images"][0].format == "jpeg"
    assert output.meta.endpoint == "z_image_turbo"


def test_a_job_is_submitted_and_found_again_by_its_id(mode, aki):
    job = mode.wait(aki.submit("llama3_8b_chat", {"prompt_input": f"Hi {SLOW}"}))
    assert mode.wait(job.status()) == "processing"
    again = aki.job("llama3_8b_chat", job.id)
    assert (again.id, again.endpoint) == (job.id, "llama3_8b_chat")
    assert mode.wait(again.result(timeout=60)).text == mode.wait(job.result(timeout=60)).text


def test_a_job_whose_result_went_elsewhere_says_so(mode, aki):
    done = mode.wait(aki.call("llama3_8b_chat", {"prompt_input": "Hi"}))
    with pytest.raises(ResultGoneError):
        mode.wait(aki.job("llama3_8b_chat", done.meta.job_id).result(timeout=60))


def test_a_stream_has_the_text_once_and_the_result(mode, aki):
    with mode.using(aki.stream("llama3_8b_chat", {"prompt_input": f"Hi {SLOW}"})) as stream:
        pieces = list(mode.items(stream.text()))
        assert "".join(pieces) == mode.wait(stream.result()).text
    assert len(pieces) > 1


def test_lists_dicts_and_media_are_encoded_and_the_callers_stay_as_they_were(mode, aki, hub):
    params = {
        "chat_context": [{"role": "user", "content": [{"text": "What is it?"}]}],
        "temperature": 0.5,
    }
    before = repr(params)
    assert "What is it?" in mode.wait(aki.call("llama3_8b_chat", params)).text
    assert repr(params) == before
    edited = {"prompt": "Make it blue", "image": picture()}
    assert mode.wait(aki.call("qwen_image_edit", edited)).images


def test_options_are_kept_apart_from_parameters_of_the_same_name(mode, aki):
    with pytest.raises(InvalidParametersError, match="timeout") as caught:
        mode.wait(aki.with_options(timeout=60).call("llama3_8b_chat", {"timeout": 5}))
    assert caught.value.by_hub


def test_options_of_a_client_hold_for_all_its_calls(mode, aki):
    seen = []
    showing = aki.with_options(on_progress=seen.append)
    answer = mode.wait(showing.call("llama3_8b_chat", {"prompt_input": f"Hi {SLOW}"}))
    assert "".join(event.text_delta for event in seen) == answer.text
    seen.clear()
    mode.wait(aki.llama3_8b_chat(prompt_input="Hi"))
    assert seen == []


def test_a_key_that_is_replaced_reaches_copies_with_other_options(mode, hub):
    with mode.client(hub.url) as aki:
        copy = aki.with_options(timeout=60)
        aki.api_key = "bad-key"
        assert not mode.wait(copy.validate_key())
        copy.api_key = KEY
        assert mode.wait(aki.validate_key())


@pytest.mark.parametrize("layout", ["aki", "aime"])
def test_both_layouts_lead_to_calls_and_polls(mode, hub, layout):
    paths = {
        "aki": ["/api/call/llama3_8b_chat", "/api/progress/llama3_8b_chat"],
        "aime": ["/llama3_8b_chat", "/llama3_8b_chat/progress"],
    }
    before = len(hub.hub.requests)
    with mode.client(hub.url, layout=layout) as aki:
        assert mode.wait(aki.llama3_8b_chat(prompt_input="Hi")).text
    assert (
        list(dict.fromkeys(seen.path for seen in list(hub.hub.requests)[before:])) == paths[layout]
    )
