"""Tool calls are read in both spellings, and what is none is left out."""

import json

import pytest
from aki_runtime.chat.tools import ToolCall, read_tool_calls
from support.samples import PictureOutput

FLAT = {"name": "weather", "arguments": {"city": "Berlin"}}
NESTED = {"id": "1", "type": "function", "function": FLAT}
TEXTUAL = {"function": {"name": "weather", "arguments": '{"city": "Berlin"}'}}


@pytest.mark.parametrize("call", [FLAT, NESTED, TEXTUAL], ids=["flat", "nested", "as text"])
@pytest.mark.parametrize("wrap", [json.dumps, lambda calls: calls], ids=["JSON text", "list"])
def test_a_call_is_read_in_every_spelling(call, wrap):
    assert read_tool_calls(wrap([call])) == [ToolCall("weather", {"city": "Berlin"}, call)]


def test_a_call_that_stands_alone_is_read():
    assert [call.name for call in read_tool_calls(json.dumps(FLAT))] == ["weather"]


@pytest.mark.parametrize("arguments", [None, "", "not json", "[1]", 5, []])
def test_arguments_that_can_not_be_read_are_empty_and_kept_raw(arguments):
    call = {"name": "f", "arguments": arguments}
    assert read_tool_calls([call]) == [ToolCall("f", {}, call)]


@pytest.mark.parametrize(
    "value",
    [None, "", "not json", "5", 5, [5], ["f"], [{}], [{"name": ""}], [{"name": 5}], "[" * 10_000],
)
def test_what_is_no_call_is_left_out(value):
    assert read_tool_calls(value) == []


def test_a_bad_call_does_not_take_the_others_along():
    assert [call.name for call in read_tool_calls([5, FLAT, {}])] == ["weather"]


def test_an_output_of_tool_calls_is_typed():
    (call,) = PictureOutput.read({"tool_calls": json.dumps([NESTED])}).tool_calls
    assert (type(call), call.name, call.arguments) == (ToolCall, "weather", {"city": "Berlin"})
