"""Encodings: JSON on stdout is JSON whatever the locale, and a byte order mark is not part of what is read."""

import codecs
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aki_sandbox.server import SandboxServer

from .conftest import KEY, Command

CHAT = "llama3_8b_chat"
TEXT = "Größe 😀 \u2028 <é> \\xe9"
LOCALES = [
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "cp1252"},
    {"PYTHONIOENCODING": "latin-1:strict"},
]


def call(hub: SandboxServer, environment: dict[str, str], *words: str, stdin: bytes = b"") -> bytes:
    """Run `aki call -o json` in a process of its own, and return what it writes to stdout."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AKI_", "PYTHON", "LC_"))}
    done = subprocess.run(
        [sys.executable, "-m", "aki_cli", "call", "-o", "json", *words],
        env={
            **inherited,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "AKI_API_SERVER": hub.url,
            "AKI_API_KEY": KEY,
            **environment,
        },
        input=stdin,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("environment", LOCALES, ids=lambda e: next(iter(e.values())))
def test_a_result_is_json_in_every_encoding(
    hub: SandboxServer, environment: dict[str, str]
) -> None:
    given = json.dumps({"prompt_input": TEXT + "\ud800"}).encode()
    out = call(hub, environment, "--json", "-", CHAT, stdin=given)
    text = json.loads(out.decode("utf-8"))["outputs"]["text"]
    assert "Größe 😀" in text
    assert "<é> \\xe9" in text


@pytest.mark.parametrize("environment", LOCALES[:2], ids=["C", "ascii"])
def test_stdin_is_utf8_whatever_the_locale(hub: SandboxServer, environment: dict[str, str]) -> None:
    given = json.dumps({"prompt_input": TEXT}, ensure_ascii=False).encode()
    out = call(hub, environment, "--json", "-", CHAT, stdin=given)
    assert "Größe 😀" in json.loads(out)["outputs"]["text"]


@pytest.mark.parametrize("source", ["file", "stdin"])
@pytest.mark.parametrize("mark", ["utf-8", "utf-16"])
def test_a_byte_order_mark_before_a_json_document_is_skipped(
    aki: Command, hub: SandboxServer, source: str, mark: str
) -> None:
    given = json.dumps({"prompt_input": "Größe"}, ensure_ascii=False)
    data = codecs.BOM_UTF8 + given.encode() if mark == "utf-8" else given.encode("utf-16")
    Path("input.json").write_bytes(data)
    place = "input.json" if source == "file" else "-"
    assert b"Gr\xc3\xb6\xc3\x9fe" in call(
        hub, {"PYTHONUTF8": "1"}, "--json", place, CHAT, stdin=data
    )


def test_a_byte_order_mark_before_the_text_of_a_parameter_is_skipped(
    aki: Command, hub: SandboxServer
) -> None:
    data = codecs.BOM_UTF8 + b"Hello"
    Path("prompt.txt").write_bytes(data)
    for place in ("@prompt.txt", "@-"):
        out = call(hub, {}, CHAT, "--prompt-input", place, stdin=data)
        assert 'You wrote: "Hello"' in json.loads(out)["outputs"]["text"]


def test_a_byte_order_mark_before_a_key_is_skipped(aki: Command) -> None:
    Path("key.txt").write_bytes(codecs.BOM_UTF8 + KEY.encode() + b"\r\n")
    assert aki("--api-key-file", "key.txt", "key").status == 0
