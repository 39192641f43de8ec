"""JSON text is sent as it is: whoever encodes a list or an object first sends the same as who does not."""

import json

import pytest
from aki_client import Aki, ChatContext, InputModel, Json, Tool
from pydantic import ValidationError
from support.recorder import Recorder

MESSAGES = [{"role": "user", "content": "Hi, ü"}]
TOOLS: list[Tool] = [{"type": "function", "function": {"name": "clock"}}]


class Asked(InputModel):
    """Parameters that are sent as JSON text."""

    settings: Json | None = None
    chat: ChatContext | None = None


def sent(**given):
    return Asked.model_validate(given).to_wire()


@pytest.mark.parametrize(
    "text",
    [json.dumps(MESSAGES), json.dumps({"a": [1, "ü"]}, indent=1), " [ ] ", "{}"],
    ids=["messages", "an object", "blanks", "nothing in it"],
)
def test_text_of_an_array_or_object_is_sent_as_it_is(text):
    assert sent(settings=text) == {"settings": text}


def test_a_byte_order_mark_before_the_text_is_not_sent():
    assert sent(settings="\ufeff[1]", chat="\ufeff" + json.dumps(MESSAGES)) == {
        **sent(chat=MESSAGES),
        "settings": "[1]",
    }


def test_any_other_text_is_a_string_as_it_is_in_json():
    texts = ["hello", "5", "null", '"a"', "[not JSON", "", "[1]"]
    assert [sent(settings=text)["settings"] for text in texts] == [
        *map(json.dumps, texts[:-1]),
        "[1]",
    ]


@pytest.mark.parametrize(
    "text",
    ["[NaN]", '{"a": [Infinity]}', "[" * 100_000, "[1e999]", f"[{'9' * 5000}]"],
    ids=["NaN", "Infinity", "too deep", "beyond floats", "beyond integers"],
)
def test_text_that_no_hub_could_read_is_refused(text):
    for name in ("settings", "chat"):
        with pytest.raises(ValidationError):
            sent(**{name: text})


def test_a_conversation_may_be_json_text():
    assert json.loads(sent(chat=json.dumps(MESSAGES))["chat"]) == MESSAGES


def test_a_conversation_in_json_text_is_checked_like_any_other():
    with pytest.raises(ValidationError, match="needs both 'role' and 'content'"):
        sent(chat=json.dumps([{"role": "user"}]))


def test_a_call_sends_the_same_for_json_text():
    hub = Recorder()
    with hub.client() as http, Aki("test-key", http_client=http) as aki:
        aki.gpt_oss_chat(chat_context=MESSAGES, tools=TOOLS)
        aki.gpt_oss_chat(chat_context=json.dumps(MESSAGES), tools=json.dumps(TOOLS))
    plain, encoded = ({n: json.loads(v) for n, v in body.items()} for body in hub.submits)
    assert plain == encoded == {"chat_context": MESSAGES, "tools": TOOLS}
