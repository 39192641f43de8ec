"""How long an editor takes, from the start of its engine, to offer the first names: the benchmarks run it.

    PYTHONPATH=tests python -m editors.first_completion PACKAGE PROGRAM OFFERED [ENGINE …]

PROGRAM is what a user has typed in a project where PACKAGE is installed, the cursor at its end, and OFFERED one of the
names that must be offered; mypy, which can be named as an engine, checks the program with that name. It prints the
seconds of each engine as JSON; those that are not installed are left out.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter

from support.lsp import Document

from .engines import ENGINES, Engine, environment

PATIENCE = 120.0


def seconds(engine: Engine, python: Path, program: str, offered: str) -> float:
    """Return the seconds from the engine's start to the answer that offers a name; nothing is cached from before.

    Args:
        engine: The language server.
        python: The interpreter of the user's environment.
        program: What is typed, the cursor at its end.
        offered: The name.
    """
    with TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        workspace.mkdir()
        began = perf_counter()
        with engine.running(workspace, python, {"XDG_CACHE_HOME": folder}) as server:
            document = Document(server, workspace / "typed.py", program)
            end = monotonic() + PATIENCE
            while offered not in document.completions(f"{program}|"):
                assert monotonic() < end, f"{offered} is not offered within {PATIENCE:.0f} s"
            return perf_counter() - began


def mypy_seconds(python: Path, program: str, offered: str) -> float:
    """Return the seconds in which mypy, without a cache, checks the program that takes what was offered."""
    with TemporaryDirectory() as folder:
        used = Path(folder) / "used.py"
        used.write_text(f"{program}{offered}\n", "utf-8")
        options = ["--config-file=", f"--cache-dir={folder}/cache", "--python-executable", python]
        began = perf_counter()
        subprocess.run(
            [sys.executable, "-m", "mypy", *options, used], stdout=subprocess.DEVNULL, check=True
        )
        return perf_counter() - began


def main() -> None:
    """Measure the engines that are named, or all, once each."""
    package, program, offered, *names = sys.argv[1:]
    with TemporaryDirectory() as folder:
        python = environment(Path(folder), Path(package))
        found = {
            name: seconds(ENGINES[name], python, program, offered)
            for name in names or ENGINES
            if name in ENGINES and ENGINES[name].program
        }
        if "mypy" in names:
            found["mypy"] = mypy_seconds(python, program, offered)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
