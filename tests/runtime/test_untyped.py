"""Endpoints that were not generated: values out by what they are, outputs in by what they look like."""

import base64
import io
import json
import pathlib
from types import MappingProxyType

import pytest
from aki_runtime.client.untyped import AnyOutput, AnyProgress, encode_untyped, untyped_spec
from aki_runtime.errors import InvalidParametersError, JobFailedError
from aki_runtime.media.objects import Audio, Image, Video
from aki_runtime.protocol.job import JobState
from PIL import Image as Pillow
from support.driver import JOB, answer
from support.ids import plain
from support.wire import as_received

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "
MP4 = b"1234ftypisom"


def uri(mime, data):
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def encode(value, name="x"):
    return as_received(encode_untyped("any", {name: value}))[name]


@pytest.mark.parametrize("value", ["a, b", "data:no media", "", 5, 0.5, True, False])
def test_plain_values_are_sent_as_they_are(value):
    assert (type(encode(value)), encode(value)) == (type(value), value)


def test_none_is_not_sent():
    assert encode_untyped("any", {"x": None}) == {}


@pytest.mark.parametrize("value", [{"a": [1, None]}, [1, "ü"], [], {}])
def test_lists_and_dicts_are_sent_as_json_text(value):
    sent = encode(value)
    assert (type(sent), json.loads(sent)) == (str, value)


def test_a_tuple_is_a_list():
    assert encode((1, 2)) == "[1,2]"


def test_any_mapping_is_an_object():
    assert encode(MappingProxyType({"a": 1})) == '{"a":1}'


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (PNG, uri("image/png", PNG)),
        (bytearray(WAV), uri("audio/wav", WAV)),
        (io.BytesIO(PNG), uri("image/png", PNG)),
        (io.BytesIO(WAV), uri("audio/wav", WAV)),
        (Image(PNG), uri("image/png", PNG)),
        (Video(MP4), uri("video/mp4", MP4)),
    ],
    ids=["picture", "sound", "file", "file of sound", "output", "film"],
)
def test_media_are_sent_as_data_uris(value, sent):
    assert encode(value) == sent


def test_a_path_is_read(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(WAV)
    assert encode(path) == uri("audio/wav", WAV)


def test_a_pillow_image_is_sent():
    assert encode(Pillow.new("RGB", (2, 2))).startswith("data:image/png;base64,")


def test_a_conversation_may_hold_media():
    sent = encode([{"role": "user", "content": [{"image": PNG}]}], "chat_context")
    assert json.loads(sent)[0]["content"] == [{"image": uri("image/png", PNG)}]


@pytest.mark.parametrize(
    "value",
    [
        b"hello",
        b"",
        object(),
        {1, 2},
        {"a": PNG},
        [float("nan")],
        float("nan"),
        float("-inf"),
        pathlib.Path("nowhere"),
        io.StringIO("x"),
    ],
    ids=plain,
)
def test_what_has_no_form_on_the_wire_is_refused(value):
    with pytest.raises(InvalidParametersError, match="x: "):
        encode(value)


def test_all_refusals_come_together():
    given = {"a": object(), "b": 1, "chat_context": [{"role": "user"}], "c": b""}
    with pytest.raises(InvalidParametersError) as caught:
        encode_untyped("any", given)
    assert [said.partition(":")[0] for said in caught.value.problems] == ["a", "chat_context", "c"]


def test_the_callers_values_stay_as_they_were():
    given = {"x": {"a": [1]}, "y": None}
    encode_untyped("any", given)
    assert given == {"x": {"a": [1]}, "y": None}


@pytest.mark.parametrize(
    ("text", "kind", "data"),
    [
        (uri("image/JPEG", PNG), Image, PNG),
        (uri("audio/wav", WAV), Audio, WAV),
        (uri("video/mp4", MP4), Video, MP4),
        (uri("IMAGE/PNG", PNG).replace("data:", "DATA:"), Image, PNG),
    ],
)
def test_a_data_uri_is_a_medium(text, kind, data):
    medium = AnyOutput.read({"x": text}).x
    assert (type(medium), medium.bytes) == (kind, data)


@pytest.mark.parametrize(
    "text",
    [
        "red, green, blue",
        "data: the new oil, they say",
        "data:image/png;base64,",
        "data:image/png;base64,AAAA and more",
        "data:text/plain;base64,AAAA",
        "see data:image/png;base64,AAAA",
        "data:",
        '{"a": 1}',
    ],
)
def test_text_that_merely_looks_like_media_stays_text(text):
    assert AnyOutput.read({"x": text}).x == text


def test_media_in_lists_are_recognized():
    first, second = AnyOutput.read({"images": [uri("image/png", PNG), "no, text"]}).images
    assert (first, second) == (Image(PNG), "no, text")


def test_outputs_are_attributes_and_items():
    output = AnyOutput.read({"text": "hi", "seed": 5})
    assert (output.text, output["seed"]) == ("hi", 5)


def test_the_envelope_is_no_output():
    output = AnyOutput.read({"success": True, "job_id": JOB, "ep_version": 1, "text": "hi"})
    assert output.model_dump() == {"text": "hi"}
    assert output.meta.endpoint_version == 1


def test_an_output_that_did_not_come_is_no_attribute():
    assert not hasattr(AnyOutput.read({}), "text")


def test_progress_is_read_the_same_way():
    assert AnyProgress.read({"status": "step 1"}).status == "step 1"


def test_a_failed_job_keeps_its_outputs():
    job = JobState("any", JOB)
    result = {"error": "boom", "images": [uri("image/png", PNG)]}
    body = {"job_state": "done", "job_result": result}
    job.observe(answer(200, body), 0.0, 0.2)
    with pytest.raises(JobFailedError) as caught:
        untyped_spec("any", "aki_client").info.reading.result(job)
    assert caught.value.partial == {"images": [Image(PNG)]}


@pytest.mark.parametrize("sent", ['@","steps":"9', "data:image/png;base64,iVBORw0KGgo\xe9"])
def test_media_of_a_hub_that_are_none_are_refused(sent):
    with pytest.raises(InvalidParametersError, match="not valid base64"):
        encode(Image(sent))
