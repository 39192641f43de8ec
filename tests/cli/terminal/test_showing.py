"""What a person sees: text that grows, bars that go away, no control characters of a hub, colours only if wanted."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from support.jobs import last_job
from support.metadata import details

from .conftest import ESCAPES, Terminal, pexpect

COLOURS = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|9[0-7])[;m]")
SLOW = "[[dur=1.5 steps=15]]"

pytestmark = pytest.mark.slow


def test_text_comes_while_the_job_runs(terminal: Terminal, hub: SandboxServer) -> None:
    child = terminal.aki("call", "llama3_8b_chat", "--prompt-input", "hi [[dur=60 steps=600]]")
    child.expect("Hello")
    assert not last_job(hub).ended
    child.sendintr()
    terminal.screen(child)


def test_a_chat_without_a_message_waits_for_none_and_is_not_paid_for(
    terminal: Terminal, hub: SandboxServer
) -> None:
    jobs = hub.hub.jobs_submitted
    child = terminal.aki("call", "llama3_8b_chat")
    assert 'nothing is asked: aki call llama3_8b_chat "Hello"' in terminal.screen(child)
    assert (child.exitstatus, hub.hub.jobs_submitted) == (2, jobs)


def test_a_bar_shows_progress_and_goes_away(terminal: Terminal) -> None:
    child = terminal.aki("call", "flux_dev", "--prompt", f"a lake {SLOW}")
    child.expect(r"step \d+/15.* \d+ %")
    screen = terminal.screen(child)
    assert child.exitstatus == 0
    path, figures = ESCAPES.sub("", screen).splitlines()[-2:]
    assert path.strip() == "image-1.jpg"
    assert "seed" in figures


def test_a_batch_shows_a_bar_that_goes_away(terminal: Terminal) -> None:
    (terminal.folder / "rows.csv").write_text(f"prompt\na lake\na hill {SLOW}\n")
    child = terminal.aki("batch", "flux_dev", "rows.csv", "-o", "out.jsonl", "--concurrency", "1")
    child.expect(r"1 of 2 rows .* at a time")
    screen = terminal.screen(child)
    assert child.exitstatus == 0
    last = ESCAPES.sub("", screen).splitlines()[-3:]
    assert last[0].strip().startswith("2 rows: 2 done; ")
    assert last[1].strip() == "outcomes: out.jsonl"


def test_a_job_that_waits_tells_its_place_in_the_queue(terminal: Terminal) -> None:
    first = terminal.aki("call", "flux_dev", "--prompt", "first [[dur=60 steps=600]]")
    first.expect("step")
    second = terminal.aki("call", "flux_dev", "--prompt", "second")
    second.expect("queued, place 1")
    for child in (second, first):
        child.sendintr()
        terminal.screen(child)


def test_into_a_pipe_goes_the_text_alone_and_the_bar_to_the_terminal(terminal: Terminal) -> None:
    line = f"aki call flux_dev --prompt 'a lake {SLOW}' > out.txt; echo status $?"
    child = terminal.start("/bin/sh", "-c", line)
    child.expect(r"step \d+/15")
    child.expect("status 0")
    terminal.screen(child)
    assert (terminal.folder / "out.txt").read_text() == "image-1.jpg\n"


def test_without_a_terminal_there_is_no_bar_and_no_escape_sequence(terminal: Terminal) -> None:
    line = f"aki call flux_dev --prompt 'a lake {SLOW}' > out.txt 2> err.txt; echo status $?"
    child = terminal.start("/bin/sh", "-c", line)
    child.expect("status 0")
    terminal.screen(child)
    assert (terminal.folder / "err.txt").read_text() == ""
    child = terminal.start("/bin/sh", "-c", "aki show flux_dev > out.txt; echo status $?")
    child.expect("status 0")
    assert "\x1b" not in (terminal.folder / "out.txt").read_text()


def test_colours_are_for_terminals_and_for_those_who_want_them(terminal: Terminal) -> None:
    words = ("call", "flux_dev", "--prompt", f"a lake {SLOW}")
    assert COLOURS.search(terminal.screen(terminal.aki(*words)))
    terminal.environment["NO_COLOR"] = "1"
    assert not COLOURS.search(terminal.screen(terminal.aki(*words)))


@pytest.mark.parametrize("columns", [60, 140])
def test_nothing_is_wider_than_the_terminal(terminal: Terminal, columns: int) -> None:
    terminal.columns = columns
    for words in (["show", "flux_dev"], ["endpoints"], ["call", "flux_dev", "-h"], ["--help"]):
        screen = ESCAPES.sub("", terminal.screen(terminal.aki(*words)))
        assert [line for line in screen.splitlines() if len(line) > columns] == []


@pytest.fixture(scope="module")
def hostile_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    folder = tmp_path_factory.mktemp("catalogue")
    document = details(
        {"prompt": {"type": "string", "required": True}},
        {"text": {"type": "string"}, "label": {"type": "string"}},
        {"text": {"type": "string"}},
        name="odd\x1b]0;mine\x07",
        title="Odd\x1b[2J",
    )
    (folder / "odd.json").write_text(json.dumps({**document, "name": "odd"}))
    title = "Odd\x1b[2J\r\n##[group]one\u202e\ntwo"
    talk = details({"chat_context": {"type": "chat_context"}}, name="talk", title=title)
    (folder / "talk.json").write_text(json.dumps(talk))
    with SandboxServer(settings=HubSettings(job_seconds=0.02), catalogue=folder) as server:
        yield server


def test_what_a_hub_writes_moves_no_cursor(
    terminal: Terminal, hostile_hub: SandboxServer, tmp_path: Path
) -> None:
    terminal.environment["AKI_API_SERVER"] = hostile_hub.url
    (tmp_path / "prompt.txt").write_text("x\x1b[2J\x1b]0;mine\x07\u202ey")
    screen = terminal.screen(terminal.aki("call", "odd", "--prompt", "@prompt.txt"))
    assert "x[2J]0;miney" in screen
    assert "\x1b]" not in screen
    assert "\u202e" not in screen
    assert "\x1b[2J" not in terminal.screen(terminal.aki("show", "odd"))
    piped = terminal.start("/bin/sh", "-c", "aki call odd --prompt @prompt.txt | od -c")
    assert "033" in terminal.screen(piped)


def test_a_conversation_begins_with_one_harmless_line(
    terminal: Terminal, hostile_hub: SandboxServer
) -> None:
    terminal.environment["AKI_API_SERVER"] = hostile_hub.url
    child = terminal.aki("chat", "talk")
    child.expect("> ")
    child.sendeof()
    head, prompt, *_ = terminal.screen(child).splitlines()
    assert head == "aki: Odd[2J # #[group]one two answers; /help lists commands, Ctrl-D leaves"
    assert prompt.startswith("> ")


def test_a_conversation_streams_and_outlives_ctrl_c(terminal: Terminal, hub: SandboxServer) -> None:
    child = terminal.aki("chat", "llama3_8b_chat")
    child.expect("/help lists commands")
    child.expect("> ")
    child.sendline("[[dur=60 steps=600]] slow")
    child.expect("Hello")
    child.sendintr()
    child.expect("stopped; the hub was asked to cancel this answer")
    assert last_job(hub).cancel_asked
    child.expect("> ")
    child.sendline("quick")
    child.expect('You wrote: "quick"')
    child.expect("> ")
    child.send("unwanted")
    child.expect("unwanted")
    # Python misses a signal that comes between its echo and its waiting for the next key: a person presses again.
    for _ in range(10):
        child.sendintr()
        if child.expect(["> ", pexpect.TIMEOUT], timeout=1) == 0:
            break
    child.sendline("/system")
    child.expect(r"the system prompt is: \(none\)")  # at the prompt Ctrl-C only drops the line
    child.sendeof()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_lines_of_a_conversation_can_be_had_back(terminal: Terminal) -> None:
    pytest.importorskip("readline", reason="this Python has no readline")
    child = terminal.aki("chat", "llama3_8b_chat")
    child.expect("> ")
    child.sendline("/system told")
    child.expect("the system prompt is: told")
    child.expect("> ")
    child.sendline("\x1b[A")  # the arrow up
    child.expect("the system prompt is: told")
    child.sendeof()


def test_a_saved_conversation_is_replaced_only_where_somebody_says_yes(terminal: Terminal) -> None:
    (terminal.folder / "talk.txt").write_text("mine")
    child = terminal.aki("chat", "llama3_8b_chat")
    for answer, said, left in (("n", "File exists", "mine"), ("y", "saved in talk.txt", "\n")):
        child.expect("> ")
        child.sendline("/save talk.txt")
        child.expect(r"overwrite talk\.txt\? \[y/N\] ")
        child.sendline(answer)
        child.expect(said)
        assert (terminal.folder / "talk.txt").read_text() == left
    child.expect("> ")
    child.sendline(f"/save {'a' * 300}")
    child.expect("File name too long")
    child.expect("> ")
    child.sendline('"""')
    child.expect(r"\. ")
    child.sendline("one")
    child.sendline("two")
    child.sendline('"""')
    child.expect('You wrote: "one two"')
    child.expect("> ")
    child.sendeof()
    child.expect(pexpect.EOF)
