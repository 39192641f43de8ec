"""The text of a chat answer is a string that also knows its thinking, its content and its tool calls."""

import copy
import pickle

import pytest
from aki_runtime.chat.text import ChatText
from aki_runtime.chat.tools import ToolCall

OBJECT = {"thinking": "hm", "content": "Hello", "tool_calls": '[{"name": "f", "arguments": {}}]'}


@pytest.mark.parametrize(
    ("text", "thinking", "content"),
    [
        ("Hello", "", "Hello"),
        ("<think>hm</think>Hello", "hm", "Hello"),
        ("<think>\nhm\n</think>\n\nHello\n", "hm", "Hello"),
        ("<think>still at it", "still at it", ""),
        ("<think></think>Hello", "", "Hello"),
        ("So: <think>hm</think>Hello", "hm", "So: Hello"),
        ("a </think> b", "", "a </think> b"),
        ("  Hello  ", "", "  Hello  "),
        ("", "", ""),
    ],
)
def test_thinking_stands_apart_from_content(text, thinking, content):
    chat = ChatText(text)
    assert (chat, chat.thinking, chat.content) == (text, thinking, content)


def test_a_text_object_is_its_content():
    chat = ChatText(OBJECT)
    assert (chat, chat.thinking, chat.content, chat.data) == ("Hello", "hm", "Hello", OBJECT)


def test_a_text_objects_tool_calls_are_read():
    assert ChatText(OBJECT).tool_calls == [ToolCall("f", {}, {"name": "f", "arguments": {}})]


@pytest.mark.parametrize("odd", [{}, {"content": None}, {"content": 5, "thinking": ["a"]}])
def test_an_odd_text_object_is_empty(odd):
    chat = ChatText(odd)
    assert (chat, chat.thinking, chat.tool_calls) == ("", "", [])


def test_plain_text_calls_no_tools():
    assert ChatText("Hello").tool_calls == []


def test_the_hubs_object_is_not_shared():
    given = {"content": "Hello"}
    ChatText(given).data["content"] = "other"
    assert given == {"content": "Hello"}


def test_markup_of_an_object_is_text():
    assert ChatText({"content": "<think>a</think>"}).content == "<think>a</think>"


@pytest.mark.parametrize("source", ["<think>hm</think>Hello", OBJECT], ids=["text", "object"])
@pytest.mark.parametrize(
    "carry",
    [lambda chat: pickle.loads(pickle.dumps(chat)), copy.copy, copy.deepcopy, ChatText],  # noqa: S301
)
def test_chat_text_survives_the_way(source, carry):
    chat = ChatText(source)
    again = carry(chat)
    assert (type(again), again, again.data, again.thinking) == (ChatText, chat, chat.data, "hm")
