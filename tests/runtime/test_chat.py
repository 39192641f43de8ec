"""Chat messages are checked as the hub checks them, and leave as JSON text."""

import base64
import json
from collections import UserDict

import pytest
from pydantic import ValidationError
from support.samples import ChatInput
from support.wire import as_received

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "


def user(content, **more):
    return {"role": "user", "content": content, **more}


def sent(messages):
    as_in_a_call = {"allow_paths": True}
    chat = ChatInput.model_validate({"chat_context": messages}, context=as_in_a_call)
    wire = as_received(chat.to_wire())["chat_context"]
    assert isinstance(wire, str)
    return json.loads(wire)


def test_a_conversation_is_sent_as_it_is():
    messages = [{"role": "system", "content": "Be brief."}, user("Hi"), user('ü, "data:" 🙂')]
    assert sent(messages) == messages


def test_further_keys_pass_through():
    assert sent([user("Hi", name="Ada", n=1)]) == [user("Hi", name="Ada", n=1)]


def test_parts_of_text_and_media_are_sent_with_data_uris():
    messages = [user([{"text": "What is it?"}, {"image": PNG}, {"audio": WAV}])]
    parts = sent(messages)[0]["content"]
    assert parts == [
        {"text": "What is it?"},
        {"image": "data:image/png;base64," + base64.b64encode(PNG).decode()},
        {"audio": "data:audio/wav;base64," + base64.b64encode(WAV).decode()},
    ]


@pytest.mark.parametrize("shape", [list, tuple, iter, lambda items: (item for item in items)])
def test_messages_come_in_any_sequence(shape):
    assert sent(shape([user("Hi")])) == [user("Hi")]


def test_a_message_may_be_any_mapping():
    assert sent([UserDict(user("Hi"))]) == [user("Hi")]


def test_text_that_looks_like_media_stays_text():
    assert sent([user("data:image/png;base64,AAAA")])[0]["content"].startswith("data:image")


def test_a_lone_surrogate_is_sent():
    assert sent([user("\ud83d")]) == [user("\ud83d")]


def test_the_callers_messages_stay_as_they_were():
    part = {"image": PNG}
    message = user([part])
    messages = [message]
    sent(messages)
    assert (messages, message, part) == ([message], user([part]), {"image": PNG})


REFUSED = {
    "no list": ("Hi", "must be a list of messages such as"),
    "a number": (5, "must be a list of messages such as"),
    "bytes": (b"Hi", "must be a list of messages such as"),
    "one message": (user("Hi"), "must be a list of messages such as"),
    "texts": (["Hi"], "message 0 must be an object with 'role' and 'content'"),
    "no role": ([{"content": "Hi"}], "message 0 needs both 'role' and 'content'"),
    "no content": ([user("Hi"), {"role": "user"}], "message 1 needs both"),
    "a role of None": ([{"role": None, "content": "Hi"}], "needs both"),
    "an unknown role": (
        [{"role": "tool", "content": "x"}],
        "message 0 has role 'tool'; it is one of system, user, assistant",
    ),
    "a role of no kind": ([{"role": ["user"], "content": "x"}], "it is one of"),
    "a number as content": ([user(5)], "message 0: content must be text or a list of parts"),
    "bytes as content": ([user(PNG)], "content must be text or a list of parts"),
    "a part of two keys": ([user([{"text": "a", "image": PNG}])], "part 0 must hold exactly one"),
    "a part of no key": ([user([{}])], "message 0, part 0 must hold exactly one of"),
    "text as a part": ([user(["Hi"])], "part 0 must hold exactly one of"),
    "an unknown kind": ([user([{"smell": "x"}])], "is of unknown kind 'smell'"),
    "text of no text": ([user([{"text": 5}])], "part 0: text must be text, not int"),
    "an empty medium": ([user([{"text": "a"}, {"image": b""}])], "part 1: the image is empty"),
    "an unknown format": (
        [user([{"image": b"hello"}])],
        "part 0: the image is of an unknown format",
    ),
    "no such file": (
        [user([{"image": "nowhere.png"}])],
        "'nowhere.png' cannot be read: No such file",
    ),
    "no name of a file": ([user([{"image": "a\0b"}])], "cannot be read: embedded null byte"),
    "an unsupported medium": ([user([{"video": b"1234ftypisom"}])], "this endpoint takes text"),
    "a value that is no JSON": ([user("Hi", extra=object())], "JSON"),
    "a number that is none": ([user("Hi", weight=float("nan"))], "JSON"),
}


@pytest.mark.parametrize(("messages", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_the_hub_would_refuse_is_refused(messages, sentence):
    with pytest.raises(ValidationError) as caught:
        sent(messages)
    assert sentence in caught.value.errors()[0]["msg"]


def test_a_message_that_holds_itself_is_refused():
    message = user("Hi")
    message["self"] = message
    with pytest.raises(ValidationError, match="JSON"):
        sent([message])
