"""The body of a request: JSON of known length, in which media are never whole."""

import base64
import json
import tracemalloc

import pytest
from aki_runtime.errors import MediaError
from aki_runtime.json_value import JsonText
from aki_runtime.media.objects import Audio, Image
from aki_runtime.protocol.requests import Body

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3
LARGE = PNG + bytes(20_000_000)


def uri(kind, data):
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def received(values):
    body = Body(values)
    sent = b"".join(body)
    assert len(sent) == body.length
    return json.loads(sent)


@pytest.fixture
def large_file(tmp_path):
    path = tmp_path / "large.png"
    path.write_bytes(LARGE)
    return path


def test_values_are_compact_json_with_readable_text():
    assert b"".join(Body({"a": [1, "ü"], "b": None})) == '{"a":[1,"ü"],"b":null}'.encode()


def test_a_lone_surrogate_is_escaped_and_media_beside_it_stay():
    assert received({"text": "\ud83d", "image": Image(PNG)}) == {
        "text": "\ud83d",
        "image": uri("image/png", PNG),
    }


def test_media_are_data_uris_wherever_they_are():
    image, sound = Image(PNG), Audio(b"RIFF\x00\x00\x00\x00WAVE")
    values = {"a": image, "b": [{"c": sound}, {"d": image}], "e": "<not a mark>"}
    assert received(values) == {
        "a": uri("image/png", PNG),
        "b": [{"c": uri("audio/wav", sound.bytes)}, {"d": uri("image/png", PNG)}],
        "e": "<not a mark>",
    }


def test_media_within_json_text_are_data_uris_within_json_text():
    messages = [{"role": "user", "content": [{"image": Image(PNG)}, {"text": 'say "ü"'}]}]
    sent = received({"chat_context": JsonText(messages)})["chat_context"]
    assert json.loads(sent) == [
        {"role": "user", "content": [{"image": uri("image/png", PNG)}, {"text": 'say "ü"'}]}
    ]


def test_what_has_no_json_form_is_refused():
    with pytest.raises(TypeError, match="object has no JSON form"):
        Body({"a": object()})


def test_a_small_body_is_one_piece_and_a_large_one_many_of_a_bounded_size():
    assert len(list(Body({"image": Image(PNG)}))) == 1
    for payload in ({"image": Image(LARGE)}, {"text": "x" * 1_000_000}):
        assert max(map(len, Body(payload))) <= 300_000


@pytest.mark.parametrize("source", ["bytes", "file", "data URI"])
def test_a_large_medium_is_sent_without_a_second_copy(source, large_file):
    given = {"bytes": LARGE, "file": large_file, "data URI": uri("image/png", LARGE)}[source]
    body = Body({"image": Image(given)})
    tracemalloc.start()
    try:
        assert sum(map(len, body)) == body.length > len(LARGE)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < len(LARGE) / 10


def test_a_body_can_be_sent_again():
    body = Body({"image": Image(LARGE)})
    assert sum(map(len, body)) == sum(map(len, body)) == body.length


@pytest.mark.parametrize("change", [b"", LARGE + b"!", None])
def test_a_file_that_has_changed_meanwhile_is_not_sent(large_file, change):
    body = Body({"image": Image(large_file)})
    if change is None:
        large_file.unlink()
    else:
        large_file.write_bytes(change)
    with pytest.raises(MediaError, match=r"the image in large\.png (has changed|cannot be read)"):
        list(body)


@pytest.mark.parametrize(
    "head",
    [
        'data:image/png"steps":"9;base64,',
        "data:image/png\\;base64,",
        "data:image/p\xefg;base64,",
        "data:image/png\n;base64,",
    ],
)
def test_what_another_hub_wrote_before_the_base64_stays_within_its_text(head):
    sent = Image(head + base64.b64encode(PNG).decode())
    assert received({"image": sent}) == {"image": uri("image/png", PNG)}


@pytest.mark.parametrize(
    "sent", ['data:image/png","steps":"9;base64,AAAA', 'AAAA","steps":"9', "AA\\A"]
)
def test_what_is_no_base64_is_never_sent_as_if_it_were(sent):
    with pytest.raises(MediaError, match="not valid base64"):
        received({"image": Image(sent)})
