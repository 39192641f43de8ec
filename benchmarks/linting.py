"""How long `aki lint` takes for a large file, its language server to start, and a keystroke to be judged."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import IO, Any

from benchmarks.goals import Measured, table
from benchmarks.imports import PACKAGE, names, package

RUNS = 5
LINT = [sys.executable, "-m", "aki_cli", "lint"]
SMALL, LARGE = 20, 1000
"""Endpoints of the packages."""


def measure() -> list[Measured]:
    """Judge 10,000 lines with 2,000 calls as a whole process; serve a file of 1,000 lines with 200."""
    goals = [
        ("`aki lint` of 10,000 lines with 2,000 calls", 1.0),
        ("the language server's first findings, from its start", 1.5),
        ("a keystroke's findings, the pause of 0.2 s included", 0.5),
    ]
    with package(SMALL) as few, package(LARGE) as many:
        # A small hub is the beginning of a larger one, and this endpoint takes what the program sends.
        endpoint = next(name for name in names(few) if name.startswith("flux_dev"))
        found = zip(goals, _seconds(few, endpoint), _seconds(many, endpoint), strict=True)
        return [
            Measured(
                f"seconds of {what}, {LARGE:,} endpoints",
                f"{goal:g} s",
                1.0,
                large / goal,
                f"{large:.2f} s; of {SMALL} {small:.2f} s",
            )
            for (what, goal), small, large in found
        ]


def _seconds(package: Path, endpoint: str) -> tuple[float, float, float]:
    """Return the medians of all three for the package in a folder."""
    with tempfile.TemporaryDirectory() as folder:
        settings = f"[tool.aki]\npackages = [{json.dumps(str(package / PACKAGE))}]\n"
        (Path(folder) / "pyproject.toml").write_text(settings)
        path = Path(folder) / "app.py"
        path.write_text(_program(endpoint, 2_000))
        whole = [_lint(path) for _ in range(RUNS)]
        served = [_serve(path, _program(endpoint, 200)) for _ in range(RUNS)]
    started, typed = zip(*served, strict=True)
    return median(whole), median(started), median(typed)


def _program(endpoint: str, calls: int) -> str:
    text = "from aki_client import Aki\n"
    for number in range(calls):
        text += f"def f{number}(aki: Aki, text: str) -> object:\n    steps = {number % 50 + 1}\n"
        text += f"    # a call\n    return aki.{endpoint}(prompt=text, steps=steps, width=512)\n\n"
    return text


def _lint(path: Path) -> float:
    began = time.perf_counter()
    subprocess.run([*LINT, str(path)], check=True)
    return time.perf_counter() - began


def _serve(path: Path, text: str) -> tuple[float, float]:
    """Return the seconds from start to first findings, and from a change to its own."""
    began = time.perf_counter()
    with subprocess.Popen(
        [*LINT, "--lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        _send(server.stdin, "initialize", {"processId": None, "capabilities": {}}, asked=1)
        _send(server.stdin, "initialized", {})
        uri = path.as_uri()
        document: dict[str, Any] = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        _send(server.stdin, "textDocument/didOpen", {"textDocument": document})
        _await_findings(server.stdout)
        started, began = time.perf_counter() - began, time.perf_counter()
        change = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": text}]}
        _send(server.stdin, "textDocument/didChange", change)
        _await_findings(server.stdout)
        typed = time.perf_counter() - began
        _send(server.stdin, "exit", None)
    return started, typed


def _send(pipe: IO[bytes], method: str, params: Any, asked: int | None = None) -> None:
    message = {"jsonrpc": "2.0", "method": method, "params": params}
    body = json.dumps(message if asked is None else {**message, "id": asked}).encode()
    pipe.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    pipe.flush()


def _await_findings(pipe: IO[bytes]) -> None:
    while header := pipe.readline():
        if header.lower().startswith(b"content-length"):
            length = int(header.partition(b":")[2])
        elif not header.strip() and b"publishDiagnostics" in pipe.read(length):
            return


if __name__ == "__main__":
    print(table(measure()))
