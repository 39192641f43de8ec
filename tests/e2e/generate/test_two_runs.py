"""Runs that meet, and runs that are ended from outside: whatever happens, one whole package is there."""

import os
import signal
import subprocess
import sys
import threading

import pytest
from aki_codegen.commands import generate as generate_command
from aki_codegen.output import only_run
from aki_codegen.problems import GenerationError
from support.command import PACKAGE, PAINTER
from support.metadata import details
from support.stub_hub import Answer

KILLED_AT = """
import os, pathlib, signal, sys
from aki_codegen.cli import main
name, left = sys.argv.pop(1), int(sys.argv.pop(1))
real = getattr(pathlib.Path, name)
def counted(*arguments, **named):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **named)
setattr(pathlib.Path, name, counted)
main(sys.argv[1:])
"""
"""The command, killed when it calls a method of a path for the n-th time."""


@pytest.fixture
def generate(generate, hub):
    assert generate("--server", hub.url)[0] == 0
    return generate


def arguments(generate, hub):
    return ["generate", "--server", hub.url, "--out", str(generate.out), "--package", PACKAGE]


def start(generate, hub, *, program=("-m", "aki_codegen")):
    return subprocess.Popen(
        [sys.executable, *program, *arguments(generate, hub)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def change(hub, **answer):
    """Let the hub say something new, so that a refresh has to write."""
    document = details({"prompt": {"required": True}, "size": {"type": "integer"}}, {"text": {}})
    hub.answers["/api/endpoints/painter"] = Answer(document, **answer)


def wait_until_asked(hub, path="/api/endpoints/painter"):
    deadline = threading.Event()
    for _ in range(1000):
        if path in hub.paths:
            return
        deadline.wait(0.01)
    raise AssertionError("the hub was not asked")


def check(generate, capsys):
    from aki_codegen.cli import main

    status = main(["check", "--out", str(generate.out), "--package", PACKAGE])
    return status, capsys.readouterr()


def test_two_at_once_both_succeed_and_one_says_that_it_waits(generate, hub, capsys):
    go_on = threading.Event()
    change(hub, before=go_on)
    hub.paths.clear()
    first = start(generate, hub)
    wait_until_asked(hub)
    second = start(generate, hub)
    told = second.stderr.readline()
    go_on.set()
    outputs = [run.communicate(timeout=60) for run in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], outputs
    assert told.startswith("Waiting for another run that writes ")
    assert "1 change" in outputs[0][0]
    assert outputs[1][0].endswith("no change\n")
    status, said = check(generate, capsys)
    assert status == 0, said.err
    assert [path.name for path in generate.out.iterdir()] == [PACKAGE]


def test_an_interrupted_run_changes_nothing(generate, hub):
    before = generate.content()
    go_on = threading.Event()
    change(hub, before=go_on)
    hub.paths.clear()
    run = start(generate, hub)
    wait_until_asked(hub)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=60)
    go_on.set()
    assert run.returncode == 1
    assert errors.endswith("aki-codegen: interrupted; nothing was changed\n")
    assert generate.content() == before


@pytest.mark.parametrize(
    ("step", "times"), [("write_bytes", 1), ("write_bytes", 2), ("hardlink_to", 4)]
)
def test_one_that_is_killed_while_it_writes_leaves_the_old_package(generate, hub, step, times):
    before = {path: data for path, data in generate.content().items() if path.startswith(PACKAGE)}
    change(hub)
    run = start(generate, hub, program=("-c", KILLED_AT, step, str(times)))
    run.communicate(timeout=60)
    assert run.returncode == -signal.SIGKILL
    after = generate.content()
    assert {path: after[path] for path in after if path.startswith(PACKAGE)} == before
    assert_next_run_is_whole(generate, hub)


@pytest.mark.parametrize("renamed_before", [1, 2])
def test_one_that_is_killed_while_it_replaces_is_made_good_by_the_next(
    generate, hub, renamed_before
):
    change(hub)
    run = start(generate, hub, program=("-c", KILLED_AT, "rename", str(renamed_before)))
    run.communicate(timeout=60)
    assert run.returncode == -signal.SIGKILL
    assert_next_run_is_whole(generate, hub)


def test_ctrl_c_after_the_writing_does_not_make_it_look_undone(generate, hub, monkeypatch):
    change(hub)
    summarize = generate_command._summarize

    def interrupted(*arguments):
        signal.raise_signal(signal.SIGINT)
        summarize(*arguments)

    monkeypatch.setattr(generate_command, "_summarize", interrupted)
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        status, output, errors = generate("--server", hub.url)
    finally:
        signal.signal(signal.SIGINT, former)
    assert status == 0
    assert "input size: it is new" in output
    assert "interrupted" not in errors


def test_whoever_comes_by_a_link_waits_too(generate, tmp_path, capsys):
    link = tmp_path / "link"
    link.symlink_to(generate.out)
    with (
        only_run(generate.package),
        pytest.raises(GenerationError, match="has been writing"),
        only_run(link / PACKAGE, wait=0.1),
    ):
        pass
    assert "Waiting for another run" in capsys.readouterr().err


def test_a_lock_that_can_not_be_had_is_told_in_a_sentence(generate, hub, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    (tmp_path / "missing").write_text("no folder")
    status, output, errors = generate("--server", hub.url)
    assert (status, output) == (1, "")
    assert "set TMPDIR to a folder of yours" in errors


def test_what_was_left_aside_does_not_come_back_later(generate, hub):
    (generate.out / f".aki-codegen-old-{PACKAGE}-abcdefgh").mkdir()
    change(hub)
    assert_next_run_is_whole(generate, hub)


def assert_next_run_is_whole(generate, hub):
    status, output, _ = generate("--server", hub.url)
    assert status == 0
    assert "input size: it is new" in output
    assert [path.name for path in generate.out.iterdir()] == [PACKAGE]
    assert PAINTER["title"] in (generate.package / "models.py").read_text("utf-8")
