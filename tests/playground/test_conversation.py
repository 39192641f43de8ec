"""A conversation as a call takes it, and as the page shows it."""

import pytest
from aki_playground.conversation import (
    AttachmentError,
    ChatTurn,
    Draft,
    answered,
    asked_at,
    draft_again,
    messages_to_send,
    shown_messages,
    transcript,
    user_message,
)

ASKED = {"role": "user", "content": [{"image": "/some/robot.png"}, {"text": "What is this?"}]}


def test_text_alone_is_a_plain_message():
    assert user_message(Draft("Hi"), ()) == {"role": "user", "content": "Hi"}


def test_each_attached_file_is_a_part_of_its_own_kind():
    draft = Draft("What is this?", ("/some/robot.png", "/some/song.mp3"))
    assert user_message(draft, ("image", "audio"))["content"] == [
        {"image": "/some/robot.png"},
        {"audio": "/some/song.mp3"},
        {"text": "What is this?"},
    ]


def test_a_file_that_no_message_holds_is_named():
    with pytest.raises(AttachmentError, match=r"^notes\.txt cannot be attached: .* takes image"):
        user_message(Draft("", ("/secret/folder/notes.txt",)), ("image",))


def test_a_system_prompt_stands_before_the_history_only_where_there_is_one():
    assert messages_to_send(" ", [ASKED]) == [ASKED]
    assert messages_to_send("Be brief", [ASKED])[0] == {"role": "system", "content": "Be brief"}


def test_media_are_shown_as_messages_of_their_own():
    assert shown_messages([ASKED]) == [
        {"role": "user", "content": {"path": "/some/robot.png"}},
        {"role": "user", "content": "What is this?"},
    ]


def test_thinking_is_shown_apart_and_an_answer_only_once_it_begins():
    thinking = shown_messages([], "", "Hm")
    assert [message["content"] for message in thinking] == ["Hm"]
    assert thinking[0]["metadata"]["status"] == "pending"
    answered = shown_messages([], "So", "Hm")
    assert [message["content"] for message in answered] == ["Hm", "So"]
    assert answered[0]["metadata"]["status"] == "done"


def test_a_transcript_names_files_without_their_folders():
    text = transcript([ASKED, {"role": "assistant", "content": "A robot."}])
    assert (
        text == "## user\n\nrobot.png\n\n## user\n\nWhat is this?\n\n## assistant\n\nA robot.\n\n"
    )


def test_a_turn_that_failed_is_shown_as_such_and_no_call_holds_it():
    before = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    question = {"role": "user", "content": "Tell me all"}
    turn = ChatTurn({}, tuple(before), (*before, question), "Tell me all")
    history = answered(turn, "First of a", whole=False)
    assert messages_to_send("", history) == before
    assert shown_messages(history)[-1]["content"].startswith("First of a\n\n*(Incomplete")
    assert messages_to_send("", answered(turn, "All", whole=True))[-1]["content"] == "All"


def test_what_is_shown_leads_back_to_the_message_that_was_asked():
    answer = {"role": "assistant", "content": "A robot."}
    history = [ASKED, answer, {"role": "user", "content": "Really?"}, answer]
    assert [asked_at(history, shown) for shown in range(6)] == [0, 0, 0, 2, 2, 2]


@pytest.mark.parametrize("text", ["Hi", "a <b>c</b>", "`<svg>` and [x](y)"])
def test_an_edited_message_is_what_was_typed_and_keeps_its_files(text):
    message = {"role": "user", "content": [{"image": "/some/robot.png"}, {"text": text}]}
    shown = shown_messages([message])[-1]["content"]
    assert draft_again(message, shown) == {"text": text, "files": ["/some/robot.png"]}
    assert draft_again({"role": "user", "content": text})["text"] == text
