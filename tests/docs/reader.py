"""The machine of a reader who pastes a page's blocks one after another: a folder, a terminal and a Python.

Owns the processes of one page and what they print. Must not know what any page says.
"""

import fcntl
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

LIMIT = 180.0
"""Seconds for one block; a test of its own says where that is too long."""

# What runs until somebody ends it: started, read until it says what the page shows, ended with the page.
_SERVERS = re.compile(
    r"^(aki playground|python -m aki_playground|aki-codegen sandbox|make sandbox|uvicorn |celery .* worker)",
    re.MULTILINE,
)

# One Python for a page: names that a block makes are there for the next one, as in a notebook.
_DRIVER = r"""
def main():
    import contextlib, json, linecache, os, sys, traceback
    tape = contextlib.nullcontext()
    if "AKI_DOCS_CASSETTE" in os.environ:
        from aki_runtime.testing import cassette
        tape = cassette(os.environ["AKI_DOCS_CASSETTE"])
    asked, answered = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.path.insert(0, "")
    with tape:
        run_blocks(asked, answered, json, linecache, os, sys, traceback)

def run_blocks(asked, answered, json, linecache, os, sys, traceback):
    for line in asked:
        block = json.loads(line)
        os.environ.clear()
        os.environ.update(block["environment"])
        os.chdir(block["folder"])
        with open(block["output"], "wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        linecache.cache[block["place"]] = (len(block["text"]), None, block["text"].splitlines(True), block["place"])
        status = 0
        try:
            exec(compile(block["text"], block["place"], "exec", dont_inherit=True), sys.modules["__main__"].__dict__)
        except SystemExit as left:
            status = 0 if left.code is None else left.code
            if isinstance(status, str):
                print(status, file=sys.stderr)
                status = 1
        except BaseException as error:
            traceback.print_exception(error.with_traceback(error.__traceback__ and error.__traceback__.tb_next))
            status = 1
        sys.stdout.flush()
        sys.stderr.flush()
        print(json.dumps(status), file=answered, flush=True)

main()
"""


class Reader:
    """Runs blocks as pasted.

    Args:
        folder: Where the reader stands, which begins empty.
        environment: The variables of the terminal; those that a block exports are there for the next.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder / "reader"
        self.folder.mkdir()
        self._home = folder
        # What programs keep of their users is this reader's own.
        self.environment = {**environment, "XDG_STATE_HOME": str(folder / "state")}
        self._here = self.folder
        self._python: subprocess.Popen[str] | None = None
        self._servers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for server in reversed(self._servers):
            # As Ctrl-C does, to it and to what it has started.
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                server.wait(30)
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        if self._servers:
            os.close(self._ports)
        if self._python is not None:
            assert self._python.stdin
            self._python.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                self._python.wait(30)
            self._python.kill()
            self._python.wait()
            assert self._python.stdout
            self._python.stdout.close()

    def write(self, name: str, text: str) -> Path:
        """Put a file into the reader's folder, as an editor would."""
        path = self._here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def python(self, text: str, place: str) -> tuple[int, str]:
        """Run a program in the page's Python; returns its exit status and what it printed."""
        if self._python is None:
            self._python = subprocess.Popen(
                ["python", "-u", "-c", _DRIVER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=self.environment,
                cwd=self._here,
                encoding="utf-8",
                start_new_session=True,
            )
        output = self._home / "printed"
        block = {
            "text": text,
            "place": place,
            "folder": str(self._here),
            "output": str(output),
            "environment": self.environment,
        }
        assert self._python.stdin
        assert self._python.stdout
        self._python.stdin.write(json.dumps(block) + "\n")
        self._python.stdin.flush()
        answer = _line_of(self._python, self._python.stdout)
        printed = output.read_text("utf-8", errors="replace") if output.exists() else ""
        return (json.loads(answer) if answer else -1), printed

    def shell(self, text: str, typed: str = "", *, expected: str | None = None) -> tuple[int, str]:
        """Run commands in the terminal.

        Args:
            text: The commands, without prompts.
            typed: What is typed into them.
            expected: What a server shows when it is ready; it goes on running then.

        Returns:
            The exit status and what was printed. The status is that of the first command that failed where
            nothing is expected, because there the page says that all of them work.
        """
        if _SERVERS.search(text):
            return self._serve(text, expected)
        left = self._home / "left"
        stop = "set -e -o pipefail" if expected is None else ""
        # What the terminal is like afterwards: where it stands and what was exported.
        keep = f"trap 'status=$?; {{ pwd; env -0; }} > \"{left}\"; exit $status' EXIT"
        done = subprocess.run(
            ["bash", "--norc", "-c", f"{keep}\n{stop}\n{text}"],
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._here,
            env=self.environment,
            encoding="utf-8",
            errors="replace",
            timeout=LIMIT,
            check=False,
            start_new_session=True,
        )
        here, _, variables = left.read_text("utf-8").partition("\n")
        self._here = Path(here)
        self.environment = dict(v.split("=", 1) for v in variables.split("\0") if "=" in v)
        for shells_own in ("SHLVL", "_", "OLDPWD"):
            self.environment.pop(shells_own, None)
        return done.returncode, done.stdout

    def _serve(self, text: str, expected: str | None) -> tuple[int, str]:
        assert expected is not None, "what a server shows when it is ready must follow"
        if not self._servers:
            # Pages name the ports that programs take by default: one page at a time listens there.
            lock = Path(tempfile.gettempdir(), "aki-docs-servers.lock")
            self._ports = os.open(lock, os.O_CREAT | os.O_RDWR)
            fcntl.flock(self._ports, fcntl.LOCK_EX)
        output = self._home / f"served{len(self._servers)}"
        with output.open("wb") as file:
            server = subprocess.Popen(
                ["bash", "--norc", "-c", text],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd=self._here,
                env={**self.environment, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )
        self._servers.append(server)
        end = time.monotonic() + LIMIT
        while True:
            printed = output.read_text("utf-8", errors="replace")
            ready = matches(expected, printed)
            if ready or server.poll() is not None or time.monotonic() > end:
                return (0 if ready else 1), printed
            time.sleep(0.1)


def _line_of(process: subprocess.Popen[str], stream: IO[str]) -> str:
    """Return a line of a process, which is killed where none comes."""
    timer = threading.Timer(LIMIT, process.kill)
    timer.start()
    try:
        return stream.readline()
    finally:
        timer.cancel()


_UNIT = r"(?=\s?(?:s|ms|µs|min|h|seconds?|minutes?)\b)"
_VARIES = (
    (re.compile(r"\d[\d,]*(?:\.\d+)?" + _UNIT), r"\d[\d,]*(?:\.\d+)?"),
    (re.compile(r"(?<=127\.0\.0\.1:)\d+"), r"\d+"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f-]{27}(?:#\d+)?"), r"[0-9a-f-]{36}(?:#\d+)?"),
    (re.compile(r"…"), r"[^\n]*?"),
    (re.compile(r"(?<=\S) {3,}(?=\S)"), " {3,}"),
)


def matches(expected: str, printed: str) -> bool:
    """Whether a page shows what is printed; a line of `…` stands for any lines, `…` within one for any text.

    Durations, ports of this machine, ids of jobs and how far apart columns stand may differ.
    """
    return re.fullmatch(_pattern(expected), _plain(printed)) is not None


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _pattern(expected: str) -> str:
    lines = _plain(expected).splitlines()
    parts = ["(?:.*\n)*?.*" if line == "…" else _line_pattern(line) for line in lines]
    return "\n".join(parts)


def _line_pattern(line: str) -> str:
    found = sorted(
        (match.start(), match.end(), varied)
        for sign, varied in _VARIES
        for match in sign.finditer(line)
    )
    parts: list[str] = []
    place = 0
    for start, end, varied in found:
        if start >= place:
            parts += [re.escape(line[place:start]), varied]
            place = end
    return "".join([*parts, re.escape(line[place:])])
