"""JSON parameters: checked to be JSON, sent as text."""

import json

import pytest
from aki_runtime.json_value import Json, JsonOutput, RawJson
from pydantic import TypeAdapter, ValidationError
from support.ids import plain

JSON, RAW, OUTPUT = TypeAdapter(Json), TypeAdapter(RawJson), TypeAdapter(JsonOutput)
VALUES = [None, True, 5, 0.5, "text, with comma", [], [1, [2]], {"a": {"b": None}}, "ü🙂\ud83d"]
HOLDS_ITSELF: list[object] = []
HOLDS_ITSELF.append(HOLDS_ITSELF)


@pytest.mark.parametrize("value", VALUES, ids=plain)
def test_any_json_value_is_sent_as_its_text(value):
    sent = JSON.dump_python(JSON.validate_python(value))
    assert (type(sent), json.loads(sent)) == (str, value)


@pytest.mark.parametrize("value", VALUES, ids=plain)
def test_raw_json_is_sent_as_it_is(value):
    assert RAW.dump_python(RAW.validate_python(value)) == value


def test_the_text_is_compact_and_readable():
    assert JSON.dump_python({"a": [1, "ü"]}) == '{"a":[1,"ü"]}'


@pytest.mark.parametrize("adapter", [JSON, RAW], ids=["text", "raw"])
@pytest.mark.parametrize(
    "value", [object(), {1, 2}, b"bytes", float("nan"), [float("inf")], HOLDS_ITSELF], ids=plain
)
def test_what_is_no_json_is_refused(adapter, value):
    with pytest.raises(ValidationError, match="must be a JSON value"):
        adapter.validate_python(value)


@pytest.mark.parametrize(
    ("came", "read"),
    [
        ('{"a": [1]}', {"a": [1]}),
        ("5", 5),
        ('"text"', "text"),
        ({"a": 1}, {"a": 1}),
        ("no, json", "no, json"),
        ("data:image/png;base64,AAAA", "data:image/png;base64,AAAA"),
        ("", ""),
        (None, None),
    ],
)
def test_an_output_is_decoded_where_it_is_json(came, read):
    assert OUTPUT.validate_python(came) == read
