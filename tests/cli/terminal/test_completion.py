"""Completion in real shells: words of commands, endpoints, parameters and choices, and nothing that runs."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.metadata import details

from .conftest import ESCAPES, Terminal

START = {
    "bash": ("--norc", "--noprofile", "-i"),
    "zsh": ("-f", "-i"),
    "fish": ("--no-config", "-i"),
}
LOAD = {
    "bash": "source <(aki completion bash)",
    "zsh": "autoload -U compinit; compinit -u -D; source <(aki completion zsh)",
    "fish": "aki completion fish | source",
}
SHELLS = list(START)

pytestmark = pytest.mark.slow


def shell(terminal: Terminal, name: str) -> Any:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    terminal.environment["PS1"] = "$ "
    terminal.columns = 200
    child = terminal.start(name, *START[name])
    child.sendline(LOAD[name])
    child.sendline("echo re''ady")
    child.expect("ready")
    return child


@pytest.mark.parametrize("name", SHELLS)
def test_each_word_is_completed(terminal: Terminal, name: str) -> None:
    child = shell(terminal, name)
    child.send("aki endp\t")
    child.expect(r"aki endp[^a-z]*oints")
    child.sendcontrol("u")
    child.send("aki call flux\t")
    child.expect(r"flux[^a-z]*_dev")
    child.send("--wid\t")
    child.expect(r"--wid[^a-z]*th")
    child.send("5 --provide-progress-images deco\t")
    child.expect(r"deco[^a-z]*ded")
    child.sendcontrol("u")
    child.send("aki-codegen gen\t")
    child.expect(r"gen[^a-z]*erate")
    child.send("--lay\t")
    child.expect(r"--lay[^a-z]*out")


@pytest.mark.parametrize("name", SHELLS)
def test_files_are_offered_where_files_are_taken(terminal: Terminal, name: str) -> None:
    (terminal.folder / "picture-of-a-cat.png").write_bytes(b"")
    child = shell(terminal, name)
    child.send("aki call qwen_image_edit --image pict\t")
    child.expect(r"pict[^a-z]*ure-of-a-cat\.png")
    child.sendcontrol("u")
    child.send("aki call qwen_image_edit --prompt @pict\t")
    child.expect(r"@pict[^a-z]*ure-of-a-cat\.png")


HOSTILE = "x\\\";touch pwned1;\\\"$(touch pwned2)`touch pwned3`';touch pwned4;'"


@pytest.mark.parametrize("name", SHELLS)
def test_a_choice_that_is_a_command_stays_a_word(terminal: Terminal, name: str) -> None:
    make_package(terminal.folder / "site")
    terminal.environment["PYTHONPATH"] = str(terminal.folder / "site")
    child = shell(terminal, name)
    child.send("aki --package hostile_hub call painter --mode \t")
    child.expect("pwned4")
    child.sendline("")
    child.expect("aki: 'hostile_hub' is not a generated package")
    child.sendline("echo do''ne")
    child.expect("done")
    assert not list(terminal.folder.glob("pwned*"))


def make_package(folder: Path) -> None:
    """Write what completion reads of a generated package: its snapshot, with one hostile choice."""
    spec = folder / "hostile_hub" / "spec"
    (spec / "endpoints").mkdir(parents=True)
    (folder / "hostile_hub" / "__init__.py").write_text("")
    fields = {"mode": {"type": "selection", "supported": [HOSTILE]}}
    document = {"name": "painter", **details(fields, {"text": {}})}
    (spec / "endpoints" / "painter.json").write_text(json.dumps(document))
    names = {
        "painter": {"name": "painter", "models": "Painter", "fields": {"input": {"mode": "mode"}}}
    }
    (spec / "names.json").write_text(json.dumps(names))


def test_a_shell_without_a_script_is_refused(terminal: Terminal) -> None:
    child = terminal.aki("completion", "tcsh")
    assert "say bash, zsh, fish, powershell" in ESCAPES.sub("", terminal.screen(child))
    assert child.exitstatus == 2
