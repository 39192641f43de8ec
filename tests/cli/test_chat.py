"""A conversation from a pipe, and what is kept of it."""

import json
from pathlib import Path

from aki_cli.commands.chat import Conversation
from aki_sandbox.server import SandboxServer
from PIL import Image
from support.jobs import all_jobs

from .conftest import Command


def test_each_line_is_answered_on_stdout(aki: Command) -> None:
    ran = aki("chat", "llama3_chat", stdin="Good morning\nGood night\n")
    assert ran.status == 0
    answers = ran.out.splitlines()
    assert "Good morning" in answers[0]
    assert "Good night" in answers[1]


def test_what_was_said_is_kept_and_saved(aki: Command) -> None:
    lines = ["/system Be brief", "Hello", "/save talk.json", "/save talk.txt", "/save talk.txt"]
    ran = aki("chat", "llama3_chat", stdin="\n".join([*lines, "/quit", "never read"]))
    messages = json.loads(Path("talk.json").read_text())
    assert [message["role"] for message in messages] == ["system", "user", "assistant"]
    assert messages[0]["content"] == "Be brief"
    assert Path("talk.txt").read_text().startswith("system: Be brief\n\nuser: Hello\n\nassistant: ")
    assert "talk.txt: File exists" in ran.err
    assert "never read" not in ran.out


def test_a_reset_forgets_what_was_said(aki: Command) -> None:
    aki("chat", "llama3_chat", stdin="Hello\n/reset\n/save talk.json\n")
    assert json.loads(Path("talk.json").read_text()) == []


def test_a_picture_goes_along_with_the_next_message_alone(aki: Command, hub: SandboxServer) -> None:
    Image.new("RGB", (64, 64)).save("cat.png")
    before = len(all_jobs(hub))
    ran = aki("chat", "qwen_vl_chat", stdin="/image cat.png\nWhat is it?\nSure?\n/save t.txt\n")
    assert ran.status == 0, ran.err
    assert len(all_jobs(hub)) == before + 2
    saved = Path("t.txt").read_text()
    assert "user: What is it? [image cat.png]" in saved
    assert "user: Sure?\n" in saved


def test_a_picture_is_refused_at_once_where_none_is_taken(aki: Command) -> None:
    ran = aki("chat", "llama3_chat", stdin="/image cat.png\nHello\n")
    assert "llama3_chat takes text in a conversation" in ran.err
    assert "Hello" in ran.out


def test_an_unknown_command_is_named(aki: Command) -> None:
    assert (
        "unknown command /hlep; /help lists them" in aki("chat", "llama3_chat", stdin="/hlep\n").err
    )


def test_a_failure_within_a_pipe_has_its_status(aki: Command) -> None:
    ran = aki("chat", "llama3_chat", stdin="[[error=broken]]\nnever asked\n")
    assert ran.status == 13
    assert "never asked" not in ran.out


def test_an_answer_that_fails_is_no_part_of_the_conversation() -> None:
    conversation = Conversation("Be brief")
    conversation.asking("lost")
    conversation.answered("Hello", "Hi")
    roles = [message["role"] for message in conversation.asking("And now?")]
    assert roles == ["system", "user", "assistant", "user"]
