"""Plays the year: shows a hub's revisions one after the other, runs the real command, and writes down what came of it.

Owns the order in which things happen. What must have come of it is for the tests to say.
"""

import contextlib
import io
import json
import shutil
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aki_codegen.cli import main
from year.hub import Document, State, YearHub
from year.revision import Revision
from year.visitor import visit

PACKAGE = "hub_client"
HISTORY = tuple(f"{PACKAGE}/{name}" for name in ("CHANGES.md", "_version.py", "spec/history.json"))
Content = dict[str, bytes]


@dataclass(frozen=True)
class Ran:
    """A run of the command: exit status, standard output, standard error."""

    status: int
    output: str
    errors: str


@dataclass(frozen=True)
class Season:
    """What a revision led to.

    Attributes:
        diff: `diff --format json` of the package before and the hub.
        text: The same as text.
        live: `check --live`.
        made: The refresh.
        check: `check`, after it.
        before: The output folder before the refresh.
        looked: It after `diff` and `check --live`.
        after: It after the refresh.
        reverted: It after the hub went back, and was refreshed until no tombstone was left.
        again: It after the hub went forward again, refreshed once.
        settled: It when no tombstone was left.
        offered: The endpoints in the package, tombstones left out.
        gone: The tombstones.
        served: Endpoints in the package that the hub has.
        visit: What a user of the package found; None where that failed, with `cry` as the reason.
        package: A copy of the package.
    """

    diff: Ran
    text: Ran
    live: Ran
    made: Ran
    check: Ran
    before: Content
    looked: Content
    after: Content
    reverted: Content
    again: Content
    settled: Content
    offered: frozenset[str]
    gone: frozenset[str]
    served: frozenset[str]
    visit: dict[str, Any] | None
    cry: str
    package: Path


class Player:
    """Plays revisions of one hub into one output folder."""

    def __init__(self, hub: YearHub, folder: Path, start: State) -> None:
        """Begin the year.

        Args:
            hub: What the package is made from.
            folder: Where all is written.
            start: The hub before the first revision.
        """
        self._hub = hub
        self._out = folder / "out"
        self._copies = folder / "copies"
        self.state = start
        self._hub.show(start)
        self.first = self._generate()

    def play(self, revision: Revision) -> Season:
        """Let the hub make a revision, refresh, go back, and go forward again."""
        former, state = self.state, self.state.copy()
        for step in revision.does:
            step(state)
        before = self._content()
        self._hub.show(state)
        package = self._out / PACKAGE
        diff = _run("diff", str(package), self._hub.url, "--format", "json")
        text = _run("diff", str(package), self._hub.url)
        live = self._on_package("check", "--live", "--server", self._hub.url)
        looked = self._content()
        made = self._generate()
        check = self._on_package("check")
        after, gone, offered = self._content(), self._gone(), self._described() - self._gone()
        copy = self._copies / f"{len(list(self._copies.glob('*'))):02}"
        shutil.copytree(package, copy / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
        callable_now = {name: d for name, d in state.documents.items() if name in offered}
        visited, cry = self._visit(copy, callable_now, check=made.status == 0)
        self._hub.show(former)
        reverted = self._settle()
        self._hub.show(state)
        self._generate()
        again = self._content()
        settled = self._settle() if gone else again
        # What is refused has left the package as it was, and the next revision is one of this state.
        self.state = state
        return Season(
            diff,
            text,
            live,
            made,
            check,
            before,
            looked,
            after,
            reverted,
            again,
            settled,
            offered,
            gone,
            frozenset(callable_now),
            visited,
            cry,
            copy,
        )

    def _generate(self) -> Ran:
        return self._on_package("generate", "--server", self._hub.url)

    def _on_package(self, *words: str) -> Ran:
        return _run(*words, "--out", str(self._out), "--package", PACKAGE)

    def _settle(self) -> Content:
        """Refresh until no tombstone is left; that takes two runs at most."""
        self._generate()
        if self._gone():
            self._generate()
        return self._content()

    def _content(self) -> Content:
        files = (
            path
            for path in self._out.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        )
        return {path.relative_to(self._out).as_posix(): path.read_bytes() for path in files}

    def _spec(self, name: str) -> dict[str, Any]:
        path = self._out / PACKAGE / "spec" / name
        read: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
        return read

    def _gone(self) -> frozenset[str]:
        return frozenset(self._spec("state.json").get("removed", ()))

    def _described(self) -> frozenset[str]:
        folder = self._out / PACKAGE / "spec" / "endpoints"
        return frozenset(json.loads(path.read_text("utf-8"))["name"] for path in folder.iterdir())

    def _visit(
        self, folder: Path, documents: dict[str, Document], *, check: bool
    ) -> tuple[dict[str, Any] | None, str]:
        names = self._spec("names.json")
        named = {name: said["name"] for name, said in names.items() if name != "$comment"}
        try:
            url, gone = self._hub.url, self._gone()
            return visit(folder, PACKAGE, url, named, documents, gone, check=check), ""
        except Exception:
            return None, traceback.format_exc()


def without_history(content: Content) -> Content:
    """Leave out what is history: what has been, whatever the hub goes back to."""
    return {path: data for path, data in content.items() if path not in HISTORY}


def _run(*words: str) -> Ran:
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        status = main(list(words))
    return Ran(status, output.getvalue(), errors.getvalue())
