"""A conversation from a pipe, and what is kept of it."""

import json
import os
import stat
from pathlib import Path

import pytest
from aki_cli.conversation import Conversation
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
    kept = json.loads(Path("talk.json").read_text())
    messages = kept["messages"]
    assert kept["format"] == 1
    assert [message["role"] for message in messages] == ["system", "user", "assistant"]
    assert messages[0]["content"] == "Be brief"
    assert Path("talk.txt").read_text().startswith("system: Be brief\n\nuser: Hello\n\nassistant: ")
    assert "talk.txt: File exists" in ran.err
    assert "never read" not in ran.out


def test_a_reset_forgets_what_was_said(aki: Command) -> None:
    aki("chat", "llama3_chat", stdin="Hello\n/reset\n/save talk.json\n")
    assert json.loads(Path("talk.json").read_text())["messages"] == []


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


def test_a_text_behind_the_name_is_answered_and_that_is_all(aki: Command) -> None:
    ran = aki("chat", "llama3_chat", "Good morning", "--system", "Be brief", stdin="never asked\n")
    assert (ran.status, ran.err) == (0, "")
    assert "Good morning" in ran.out
    assert "never asked" not in ran.out


def test_an_answer_that_fails_has_its_status(aki: Command) -> None:
    assert aki("chat", "llama3_chat", "[[error=broken]]").status == 13


def test_lines_between_quotes_are_one_message(aki: Command) -> None:
    aki("chat", "llama3_chat", stdin='"""\n/first\n\n  second\n"""\nand now?\n/save talk.json\n')
    said = json.loads(Path("talk.json").read_text())["messages"]
    assert [m["content"] for m in said if m["role"] == "user"] == ["/first\n\n  second", "and now?"]


def test_another_endpoint_goes_on_with_the_conversation(aki: Command, hub: SandboxServer) -> None:
    ran = aki("chat", "llama3_chat", stdin="Hello\n/model kimi_k2\nAnd you?\n/save talk.json\n")
    assert ran.status == 0
    assert [job.endpoint.name for job in all_jobs(hub)[-2:]] == ["llama3_chat", "kimi_k2"]
    assert len(json.loads(Path("talk.json").read_text())["messages"]) == 4


def test_an_endpoint_that_takes_no_conversation_is_refused(aki: Command) -> None:
    ran = aki("chat", "llama3_chat", stdin="/model xttsv2\n")
    assert "xttsv2 takes no conversation" in ran.err


def test_a_saved_conversation_goes_on_where_it_is_loaded(aki: Command) -> None:
    Image.new("RGB", (64, 64)).save("cat.png")
    lines = "/system Be brief\n/image cat.png\nWhat is it?\n/save talk.json\n"
    aki("chat", "qwen_vl_chat", stdin=lines)
    Path("cat.png").unlink()
    ran = aki("chat", "qwen_vl_chat", stdin="/load talk.json\nSure?\n/save more.json\n")
    assert ran.status == 0, ran.err
    assert "Sure?" in ran.out
    said = json.loads(Path("more.json").read_text())["messages"]
    assert [message["role"] for message in said] == ["system", *["user", "assistant"] * 2]
    assert said[1]["content"][1]["image"].startswith("data:image/png;base64,")


@pytest.mark.parametrize("file", ["a" * 300, "~nobody-of-this-name/talk.txt", "."])
def test_a_name_that_no_file_can_have_ends_no_conversation(aki: Command, file: str) -> None:
    words = "\n".join(f"/{word} {file}" for word in ("save", "load", "image"))
    ran = aki("chat", "qwen_vl_chat", stdin=f"Hello\n{words}\nStill there?\n")
    assert ran.status == 0, ran.err
    assert "Still there?" in ran.out
    assert [line.startswith(f"aki: {file}") for line in ran.err.splitlines()] == [True] * 3


@pytest.mark.skipif(os.name != "posix", reason="modes are those of Unix")
@pytest.mark.parametrize("name", ["talk.json", "talk.txt"])
def test_others_cannot_read_a_saved_conversation(aki: Command, name: str) -> None:
    aki("chat", "llama3_chat", stdin=f"Hello\n/save {name}\n")
    assert stat.S_IMODE(Path(name).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"format": 2, "messages": []}', "its format is 2, and this version of aki reads 1"),
        ("user: Hello", "not a conversation that /save has written"),
        (
            '{"format": 1, "messages": [{"role": "user", "content": [{"image": "/etc/passwd"}]}]}',
            "as data URIs",
        ),
    ],
)
def test_what_is_not_a_saved_conversation_is_not_loaded(
    aki: Command, content: str, said: str
) -> None:
    Path("talk.json").write_text(content)
    ran = aki("chat", "qwen_vl_chat", stdin="/load talk.json\n")
    assert ran.err.startswith("aki: talk.json cannot be read: ")
    assert said in ran.err


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
