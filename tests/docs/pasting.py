"""What becomes of the code blocks of a page, which a reader pastes one after another.

A block's language says what becomes of it:

- `python` runs, with the names of the page's earlier blocks; with a title it is a file, which a later block uses.
- `sh` runs in the page's terminal, without prompts, so that it can be pasted. What serves goes on until the page ends.
- `text` is what the block before it printed. Lines that begin with `> ` were typed into it. A list of commands is
  compared with their help, a tree of exceptions with the classes.
- `toml`, `json`, `yaml` and `csv` are read; with a title they are files that a later block uses.

What is not run stands in not_run.toml.
"""

import csv
import importlib
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from docs.blocks import Block
from docs.reader import Reader, matches

NOT_RUN = tomllib.loads((Path(__file__).with_name("not_run.toml")).read_text("utf-8"))["block"]


def is_not_run(block: Block) -> bool:
    return any(
        entry["page"] == block.page and entry["begins"] == block.first_line for entry in NOT_RUN
    )


def run_page(blocks: list[Block], reader: Reader) -> None:
    """Run blocks one after another, as the module's beginning says."""
    for place, block in enumerate(blocks):
        if is_not_run(block):
            continue
        following = blocks[place + 1] if place + 1 < len(blocks) else None
        shown = following if following and is_output(following) else None
        if block.language in ("python", "sh"):
            run(block, shown, blocks[place + 1 :], reader)
        elif block.language == "text":
            check_text(block, blocks[place - 1] if place else None)
        else:
            check_document(block, blocks[place + 1 :], reader)


def run(block: Block, shown: Block | None, later: list[Block], reader: Reader) -> None:
    if block.title:
        stem = Path(block.title).stem
        running = [other.text for other in later if other.language in ("python", "sh")]
        used = any(stem in text or "pytest" in text for text in running)
        assert used, f"{block.place}: no later block uses the file {block.title}"
        reader.write(block.title, block.text)
        return
    expected, typed = said_and_typed(shown.text) if shown else (None, "")
    if block.language == "sh":
        assert not re.search(r"^\$ ", block.text, re.MULTILINE), f"{block.place}: a prompt"
        status, printed = reader.shell(block.text, typed, expected=expected)
    else:
        status, printed = reader.python(block.text, block.place)
    if expected is None:
        assert status == 0, f"{block.place} ended with {status}:\n{block.text}\n{printed}"
    else:
        assert matches(expected, printed), (
            f"{block.place} printed (status {status}):\n{printed}\nand the page says:\n{expected}"
        )


def said_and_typed(text: str) -> tuple[str, str]:
    """Split what a page shows of a conversation into the program's lines and the reader's."""
    lines = text.splitlines(keepends=True)
    typed = "".join(line.removeprefix("> ") for line in lines if line.startswith("> "))
    return "".join(line for line in lines if not line.startswith("> ")), typed


def is_output(block: Block) -> bool:
    return block.language == "text" and not (is_synopsis(block) or is_tree(block))


def is_synopsis(block: Block) -> bool:
    return bool(re.match(r"(aki|aki-codegen) +[a-z]+ ", block.text))


def is_tree(block: Block) -> bool:
    return "├──" in block.text


def check_text(block: Block, before: Block | None) -> None:
    if is_synopsis(block):
        check_synopsis(block)
    elif is_tree(block):
        check_tree(block)
    else:
        assert before, f"{block.place}: nothing before it prints this"
        assert before.language in ("python", "sh"), f"{block.place}: {before.place} prints nothing"


def check_synopsis(block: Block) -> None:
    """A command that a page lists has help, with every option that the page gives it."""
    commands = re.findall(
        r"^(aki(?:-codegen)?) +([a-z]+)(.*(?:\n +\[.*)*)", block.text, re.MULTILINE
    )
    for program, command, rest in commands:
        helped = subprocess.run(
            [Path(sys.executable).with_name(program), command, "--help"],
            env={**os.environ, "COLUMNS": "200"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert helped.returncode == 0, f"{block.place}: {program} {command}: {helped.stderr}"
        options = re.findall(r"(?<![\w-])--?[a-z][a-z-]*", re.split(r"  +(?=[a-z])", rest)[0])
        unknown = [o for o in options if not re.search(rf"(?<![\w-]){o}\b", helped.stdout)]
        assert not unknown, f"{block.place}: {program} {command} does not have {unknown}"


def check_tree(block: Block) -> None:
    """Each exception that a page draws below another one is a kind of it."""
    above: dict[int, type] = {}
    for line in block.text.splitlines():
        found = re.match(r"([ │├└─]*)(\w+)", line)
        assert found, f"{block.place}: {line!r} is not understood"
        depth = len(found[1]) // 4
        kind = getattr(importlib.import_module("aki_client"), found[2])
        above[depth] = kind
        assert depth == 0 or issubclass(kind, above[depth - 1]), f"{block.place}: {line}"


def check_document(block: Block, later: list[Block], reader: Reader) -> None:
    match block.language:
        case "toml":
            tomllib.loads(block.text)
        case "json":
            json.loads(block.text)
        case "yaml":
            pytest.importorskip("yaml").safe_load(block.text)
        case "csv":
            rows = list(csv.reader(block.text.splitlines()))
            assert len({len(row) for row in rows}) == 1, f"{block.place}: rows of several lengths"
        case _:
            pytest.fail(f"{block.place}: nothing is known of ```{block.language}")
    if block.title:
        reader.write(block.title, block.text)
