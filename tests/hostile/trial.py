"""One case, end to end: the command line asks the hub, writes a package, and everything is looked at.

Nothing is replaced but the limits of time and size that a case names.
"""

import contextlib
import functools
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import aki_runtime
from aki_codegen import cli
from aki_codegen.fetching import source
from hostile import audit, watch
from hostile.corpus import HOSTILE, INNOCENT, Case, together
from hostile.hub import SandboxedHub

try:
    import resource
except ImportError:  # Windows
    resource = None

PACKAGE = "hub_client"
_RUNTIME = Path(aki_runtime.__file__).parent
_PUBLIC = [
    module
    for module in (*_RUNTIME.glob("**/public.py"), *_RUNTIME.glob("*/__init__.py"))
    if "\n__all__ = " in module.read_text("utf-8")
]


def _offered(module: Path) -> list[str]:
    """Read the names that a public module offers; importing it may need an engine that is not installed."""
    _, _, names = module.read_text("utf-8").partition("\n__all__ = ")
    return [module.parent.name, *re.findall(r'"(\w+)"', names.partition("]")[0])]


OFFERED = frozenset(name for module in _PUBLIC for name in _offered(module))
"""What the public modules of every package offer."""
KEY = "sk-key-of-the-user"
SECRET = "text of a file of the user"
REMOVED = "ignore:the hub has removed:DeprecationWarning"
"""Is said of an endpoint that was there before a case."""

MOST_SECONDS = 20.0
"""Of the processor, which others may keep busy too."""
LONGEST = 300.0
"""Seconds on the clock."""
MOST_BYTES = 300_000_000

LOCK = re.compile(r"aki-codegen-[0-9a-f]{24}\.lock")


@dataclass
class Run:
    """What one run of the command did.

    Attributes:
        status: Its exit status.
        said: What it printed, both streams.
        out: Its output folder.
        faults: What it must not have done.
    """

    status: int
    said: str
    out: Path
    faults: list[str]

    @property
    def names(self) -> dict[str, dict[str, object]]:
        """The names that were given."""
        told = self._json(f"{PACKAGE}/spec/names.json")
        # The first `$` keeps an endpoint of that name apart from the comment.
        return {wire.removeprefix("$"): g for wire, g in told.items() if isinstance(g, dict)}

    def files(self) -> dict[str, bytes]:
        """All files below the output folder."""
        return {
            path.relative_to(self.out).as_posix(): path.read_bytes()
            for path in sorted(self.out.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }

    def innocent_files(self) -> dict[str, bytes]:
        """The files of the innocent endpoint alone."""
        places = ("endpoints/_innocent.py", "spec/endpoints/innocent.json")
        return {place: self.files().get(f"{PACKAGE}/{place}", b"") for place in places}

    def _json(self, path: str) -> dict[str, object]:
        file = self.out / path
        return json.loads(file.read_text("utf-8")) if file.is_file() else {}


class Laboratory:
    """A folder with everything that a run may touch, a hub, and a process that imports packages."""

    def __init__(self, folder: Path, hub: SandboxedHub) -> None:
        self.folder = folder
        self.hub = hub
        for name in ("out", "tmp", "home", "work"):
            (folder / name).mkdir()
        (folder / "work" / "pyproject.toml").write_text('[project]\nname = "mine"\n')
        (folder / "secret.txt").write_text(SECRET)
        self._importer = subprocess.Popen(
            [
                sys.executable,
                "-B",
                "-W",
                "error",
                "-W",
                REMOVED,
                str(Path(__file__).parent / "importer.py"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder / "work",
        )

    def close(self) -> None:
        """End the process that imports packages."""
        assert self._importer.stdin is not None
        assert self._importer.stdout is not None
        self._importer.stdin.close()
        self._importer.stdout.close()
        self._importer.wait(60)

    def run(self, case: Case) -> Run:
        """Generate a package from what a case answers, and tell what was wrong with that."""
        self.hub.serve(case.answers)
        out = self.folder / "out" / case.name
        before, held = self._around(), _most_memory()
        began, worked = time.monotonic(), time.process_time()
        with self._surroundings(case.limits), watch.watched() as events:
            status, said = _command(
                "generate", "--server", self.hub.url, "--out", str(out), "--package", PACKAGE
            )
        worked, seconds = time.process_time() - worked, time.monotonic() - began
        port = int(self.hub.url.rpartition(":")[2])
        faults = watch.trespasses(events, self.folder, port)
        if worked > MOST_SECONDS or seconds > LONGEST:
            faults.append(f"it took {seconds:.0f} s, {worked:.0f} s of them at work")
        grown = _most_memory() - held
        faults += (
            [f"it took {grown:,} bytes more than any case before"] if grown > MOST_BYTES else []
        )
        faults += ["a file beside the output changed"] if self._around() != before else []
        faults += [f"elsewhere was asked: {visit!r}" for visit in self.hub.visits]
        crashed = "Traceback" in said or "a fault of its own" in said
        faults += ["it printed a traceback"] if crashed else []
        return Run(status, said, out, faults)

    def import_package(self, run: Run) -> list[str]:
        """Import a package in another process, and return what was wrong with that."""
        assert self._importer.stdin is not None
        assert self._importer.stdout is not None
        self._importer.stdin.write(f"{run.out}\n")
        self._importer.stdin.flush()
        told = json.loads(self._importer.stdout.readline())
        return [*([told["error"]] if told["error"] else []), *told["effects"]]

    @contextlib.contextmanager
    def _surroundings(self, limits: Mapping[str, object]) -> Generator[None, None, None]:
        settings = {
            "AKI_API_KEY": KEY,
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
        }
        smaller = functools.partial(source.Limits, **limits)  # type: ignore[arg-type]
        with (
            mock.patch.dict(os.environ, settings),
            mock.patch("tempfile.tempdir", str(self.folder / "tmp")),
            mock.patch.object(source, "Limits", smaller),
            mock.patch.object(sys, "dont_write_bytecode", True),
            contextlib.chdir(self.folder / "work"),
        ):
            os.environ.pop("AKI_API_SERVER", None)
            yield

    def _around(self) -> dict[str, bytes]:
        return {
            str(path): path.read_bytes() if path.is_file() else b""
            for place in ("home", "tmp", "work", "secret.txt")
            for path in (self.folder / place, *(self.folder / place).rglob("*"))
            # A run's own lock: empty, and named by nothing that a hub says.
            if not (LOCK.fullmatch(path.name) and path.stat().st_size == 0)
        } | {str(path): b"" for path in self.folder.iterdir()}


def tried(laboratory: Laboratory, cases: list[Case], baseline: Run) -> dict[str, list[str]]:
    """Try cases on one hub, and return the faults of each.

    Where there are any, halves are tried again, down to single cases on a hub of their own.
    """
    if len(cases) == 1:
        (case,) = cases
        run = laboratory.run(case)
        return {case.name: faults_of_run(laboratory, run, baseline) + faults_of_case(case, run)}
    run = laboratory.run(together(cases))
    faults = faults_of_run(laboratory, run, baseline)
    if not any((faults, *(faults_of_case(case, run, case.name) for case in cases))):
        return {case.name: [] for case in cases}
    half = len(cases) // 2
    return {
        **tried(laboratory, cases[:half], baseline),
        **tried(laboratory, cases[half:], baseline),
    }


def faults_of_run(laboratory: Laboratory, run: Run, baseline: Run) -> list[str]:
    """Return what is wrong with a run and its package, whatever the hub has offered."""
    faults = [*run.faults, *faults_of_text(run.said)]
    if run.status not in (0, 3):
        return [*faults, f"it ended with status {run.status}: {run.said}"]
    if run.innocent_files() != baseline.innocent_files():
        faults.append("the innocent endpoint is another one")
    if run.names.get(INNOCENT) != baseline.names[INNOCENT]:
        faults.append("the innocent endpoint has other names")
    if "please report this" in run.said:
        faults.append(f"it took it for a fault of its own: {run.said}")
    return [*faults, *faults_of_package(run, baseline), *laboratory.import_package(run)]


def faults_of_case(case: Case, run: Run, endpoint: str = HOSTILE) -> list[str]:
    """Return what a case expects of a run and did not get, its hostile endpoint being called so."""
    lines = [line for line in run.said.splitlines() if endpoint == HOSTILE or endpoint in line]
    faults = [] if case.says in "\n".join(lines) else [f"not said: {case.says}"]
    if case.outcome == "problem" and not case.says:
        faults.append("the case does not say which problem")
    if case.outcome == "package" and len(run.names) == 1:
        faults.append("no hostile endpoint is there")
    fields = run.names.get(endpoint, {}).get("fields", {})
    assert isinstance(fields, dict)
    given = {wire: names["name"] for wire, names in run.names.items()}
    given |= {**fields.get("output", {}), **fields.get("input", {})}
    faults += [
        f"{wire!r} is called {given.get(wire)!r}"
        for wire, name in case.names.items()
        if given.get(wire) != name
    ]
    return faults


def faults_of_package(run: Run, baseline: Run) -> list[str]:
    """Return what is wrong with what was written."""
    faults, usual = audit.faults_of_names(run.names), baseline.files()
    given = audit.given_identifiers(run.names) | OFFERED
    for path, content in run.files().items():
        if path.endswith(".py"):
            found = audit.faults_of_module(content.decode(), given, PACKAGE)
        else:
            found = audit.hidden(content.decode())
        if "agents" in path.lower() or path.endswith("llms.txt"):
            found += audit.faults_for_agents(path, content.decode(), usual[path].decode())
        if KEY.encode() in content or SECRET.encode() in content:
            found.append("it holds a secret")
        faults += [f"{path}: {fault}" for fault in found]
    return faults


def faults_of_text(said: str) -> list[str]:
    """Return what is wrong with what was printed."""
    secrets = ["it printed a secret"] if KEY in said or SECRET in said else []
    return [*audit.hidden(said), *secrets]


def _command(*arguments: str) -> tuple[int, str]:
    said = io.TextIOWrapper(io.BytesIO(), "utf-8", newline="")
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = cli.main(arguments)
    said.flush()
    return status, said.buffer.getvalue().decode()


def _most_memory() -> int:
    """Return the most bytes that this process ever held, 0 where the system does not tell."""
    if resource is None:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )
