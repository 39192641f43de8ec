"""Conversations are taken as people write them, and answers in parts are read as text."""

import base64
import json
import struct
from typing import Annotated

import pytest
from aki_client import Aki, ChatContext, ChatText, InputModel, OutputModel, ToolCall
from pydantic import Field, ValidationError
from support.recorder import Recorder

HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 64, 64)
PICTURE = "data:image/png;base64," + base64.b64encode(HEAD).decode()
CALL = {"type": "function", "function": {"name": "clock", "arguments": "{}"}}


class Asked(InputModel):
    """A chat that takes pictures."""

    chat: Annotated[ChatContext, Field(json_schema_extra={"support": {"image": {}}})]


class Said(OutputModel):
    """What a chat answers."""

    text: ChatText


def sent(*messages):
    hub = Recorder()
    with hub.client() as http, Aki("test-key", http_client=http) as aki:
        Asked.model_validate({"chat": messages})
        aki.qwen_vl_chat(chat_context=messages)
    return json.loads(hub.submits[0]["chat_context"])


def user(*parts):
    return {"role": "user", "content": list(parts)}


def test_a_part_with_its_type_is_sent_as_it_is():
    message = user({"type": "text", "text": "Hi"}, {"text": "there", "type": "text"})
    assert sent(message) == [message]


def test_a_conversation_with_pictures_out_of_a_dumped_model_is_sent():
    asked = Asked.model_validate({"chat": [user({"image": PICTURE})]})
    dumped = asked.model_dump()
    assert Asked.model_validate(dumped).model_dump_json() == asked.model_dump_json()


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": PICTURE, "detail": "high"}},
        {"type": "image_url", "image_url": PICTURE},
        {"type": "image", "image": PICTURE},
    ],
    ids=["OpenAI's", "shortened", "with its type"],
)
def test_a_picture_as_others_word_it_is_sent_as_the_hub_words_it(part):
    assert sent(user({"type": "text", "text": "Look"}, part)) == [
        user({"type": "text", "text": "Look"}, {"image": PICTURE})
    ]


@pytest.mark.parametrize("url", ["https://x.example/a.png", "cat.png", "/etc/passwd", None, 5])
def test_a_picture_s_address_is_neither_fetched_nor_opened(url):
    with pytest.raises(ValidationError, match="image_url must be a data URI"):
        Asked.model_validate(
            {"chat": [user({"type": "image_url", "image_url": {"url": url}})]},
            context={"allow_paths": True},
        )


def test_calls_of_tools_stand_without_content():
    asked = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    assert sent(asked, user({"text": "clock returned 5"}))[0] == asked
    without = {"role": "assistant", "tool_calls": [CALL]}
    assert sent(without, user({"text": "clock returned 5"}))[0] == asked


@pytest.mark.parametrize("collected", [list, tuple])
def test_calls_of_tools_go_back_as_they_came(collected):
    calls = collected([ToolCall("clock", {}, CALL)])
    asked = {"role": "assistant", "content": None, "tool_calls": calls}
    assert sent(asked, user({"text": "clock returned 5"}))[0]["tool_calls"] == [CALL]


def test_content_of_none_without_calls_is_refused_and_beside_calls_it_is_not():
    Asked.model_validate({"chat": [{"role": "assistant", "content": None, "tool_calls": [CALL]}]})
    for more in ({}, {"tool_calls": []}, {"tool_calls": None}):
        with pytest.raises(ValidationError, match="needs both 'role' and 'content'"):
            Asked.model_validate({"chat": [{"role": "assistant", "content": None, **more}]})


def test_a_tool_s_result_is_refused_with_how_it_goes_back():
    with pytest.raises(ValidationError, match=r'give a tool.s result back as {"role": "user"'):
        Asked.model_validate({"chat": [{"role": "tool", "content": "5", "tool_call_id": "a"}]})


@pytest.mark.parametrize(
    "came",
    [
        [{"text": "It is "}, {"type": "text", "text": "five."}],
        ["It is ", "five."],
        {"content": [{"text": "It is "}, {"text": "five."}]},
        [{"text": "It is "}, {"image": PICTURE}, {"text": "five."}, None],
    ],
    ids=["parts", "texts", "an object", "with a picture"],
)
def test_an_answer_in_parts_is_their_text(came):
    text = Said.model_validate({"text": came}).text
    assert (str(text), text.content, text.thinking, text.tool_calls) == (
        "It is five.",
        "It is five.",
        "",
        [],
    )


def test_an_untyped_answer_in_parts_is_their_text():
    hub = Recorder({"text": [{"text": "It is "}, {"text": "five."}]})
    with hub.client() as http, Aki("test-key", http_client=http) as aki:
        assert str(aki.call("anything", {}).text) == "It is five."
