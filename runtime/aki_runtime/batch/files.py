"""The files that a run writes, and whose they are: nothing else is replaced, and what they prove is not paid again.

The output is made of the journal, whole or not at all, so that no kill leaves half a line or a line twice. In input
order it is written at the end of a run. As completed, a JSON Lines file grows while the run goes on: it is made
anew of the journal at the start and the end of each run, and each line is added in between once its outcome is
noted.
"""

import json
import os
import re
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Any

from ..errors import MediaError
from ..files import replacing
from ..media.objects import Media
from .errors import JournalMismatchError, OutputError, UnreadableInputError
from .journal import FINAL, Journal, Order, RowState, as_text
from .outcome import Outcome, is_started_again, outcome_of, read_outcome
from .parquet import read_parquet, write_parquet
from .rows import JSON_LINES, PARQUET, import_pyarrow

FILES_FACT = "files"
"""The fact under which a journal holds which files its runs write, as paths from its own folder."""

_OTHER = re.compile(r"[^A-Za-z0-9_-]+")
_DIGITS = 6
_LONGEST_STEM = 60
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,60}")
"""The usual name of an output, which its file is called by as well."""


class OutputFile:
    """The output of a batch.

    Args:
        path: A file whose suffix says its kind: .jsonl, .ndjson, .parquet or .pq.
        order: `place` for the order of the input, `finished` for the order in which rows ended.

    Raises:
        UnreadableInputError: It is of another kind, or the package for it is not installed.
        OutputError: It is a folder.
    """

    def __init__(self, path: Path, order: Order) -> None:
        self.path = path
        self._order: Order = order
        self._is_parquet = path.suffix.lower() in PARQUET
        self._live: Any = None
        if path.is_dir():
            raise OutputError(f"{path} is a folder; give a file for the output")
        if self._is_parquet:
            import_pyarrow("parquet")
        elif path.suffix.lower() not in JSON_LINES:
            raise UnreadableInputError(
                f"unsupported file type of {path}; give a .jsonl or .parquet file for the output"
            )

    def begin(self, journal: Journal, again: Collection[RowState]) -> None:
        """Bring a file that grows up to what the journal says; make any other one where there is none.

        Args:
            journal: What it is made of.
            again: The states of rows that this run starts again; their outcomes are yet to come.

        Raises:
            OutputError: It cannot be written.
        """
        if self._order == "finished" and not self._is_parquet:
            self.write(journal, again)
            with self._writing():
                self._live = self.path.open("ab", buffering=0)
        elif not self.path.exists():
            # From here on it shows, by being there, that there was a journal.
            self.write(journal)

    def read(self) -> Iterator[Outcome]:
        """Read the outcomes that the file holds; none where it is missing.

        Raises:
            OutputError: It holds something else.
        """
        for place, value in enumerate(self._values() if self.path.exists() else (), 1):
            outcome = read_outcome(value)
            if outcome is None:
                raise OutputError(
                    f"{self.path} holds something other than outcomes of a batch (line {place:,}); "
                    "move it away, or give another output"
                )
            yield outcome

    def _values(self) -> Iterator[object]:
        try:
            if self._is_parquet:
                yield from read_parquet(self.path)
                return
            with self.path.open("rb") as file:
                for line in file:
                    if line.endswith(b"\n"):  # else a kill has cut it
                        yield json.loads(line)
        except (OSError, ValueError) as error:
            raise OutputError(
                f"{self.path} cannot be read as what a batch wrote: {error}; move it away, or give another output"
            ) from None

    def add(self, outcome: Outcome) -> None:
        """Add an outcome that the journal has, where the file grows.

        Raises:
            OutputError: It cannot be written.
        """
        if self._live is not None:
            with self._writing():
                self._live.write(line(outcome))

    def write(self, journal: Journal, again: Collection[RowState] | None = None) -> None:
        """Make the file anew of the journal, without the rows that are started again, as for `begin`.

        Raises:
            OutputError: It cannot be written; an older file is as it was.
        """
        self.close()
        with self._writing(), replacing(self.path, sync=True, mark="part") as part:
            if self._is_parquet:
                write_parquet(part, partial(self._outcomes, journal, again))
            else:
                with part.open("wb") as file:
                    file.writelines(map(line, self._outcomes(journal, again)))

    def close(self) -> None:
        """Close a file that grows."""
        live, self._live = self._live, None
        if live is not None:
            live.close()

    def _outcomes(self, journal: Journal, again: Collection[RowState] | None) -> Iterator[Outcome]:
        for entry in journal.entries(*FINAL, order=self._order):
            if again is None or not is_started_again(entry, again):
                yield outcome_of(entry)

    @contextmanager
    def _writing(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(
                f"{self.path} cannot be written: {error.strerror or error}; every outcome is in the journal, "
                "and the same command writes the file once this is mended"
            ) from None


def file_stem(name: str) -> str:
    """Return what the file of an output is called; the name is a hub's, and may be long and like that of another."""
    # Nothing in it may lead to another folder.
    safe = _OTHER.sub("_", name)
    if len(safe) <= _LONGEST_STEM:
        return safe
    digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe[: _LONGEST_STEM - 9]}-{digest}"


class MediaFolder:
    """The folder for the media of a batch; it is made when the first medium comes.

    Args:
        folder: Where it is.
        base: What the paths in the outputs begin at: the output's folder.
        survives_power_loss: Whether each file is on the disk before it counts as written.

    Raises:
        OutputError: It cannot be written to, or be made.
    """

    def __init__(self, folder: Path, base: Path, *, survives_power_loss: bool) -> None:
        place = folder.absolute()
        while not place.exists():
            place = place.parent
        require_writable(place)
        self._folder = folder
        self._base = base
        self._sync = survives_power_loss

    def keep(self, row: int, medium: Media, name: str) -> str:
        """Write a medium of a row, in place of one that an earlier try left, and return its path for the outputs.

        Raises:
            OSError: It cannot be written.
        """
        try:
            data = medium.bytes
        except MediaError:
            # What cannot be decoded was paid for all the same: the outputs hold it as it came.
            return medium.as_it_came()
        stem = name if _PLAIN.fullmatch(name) else file_stem(name)
        path = self._folder / f"{row:0{_DIGITS}d}-{stem}{medium.suffix}"
        self._folder.mkdir(parents=True, exist_ok=True)
        with replacing(path, sync=self._sync, mark="part") as part:
            part.write_bytes(data)
        try:
            return path.relative_to(self._base).as_posix()
        except ValueError:
            return str(path.absolute())


def require_distinct(files: Mapping[str, Path]) -> None:
    """Refuse a run of which two files are one, by whatever paths and links, or one that no file can be.

    Args:
        files: The input and what is written, by what people call it.

    Raises:
        OutputError: One would replace another, or has what no path may hold.
    """
    for name, path in files.items():
        try:
            path.stat()
        except ValueError as error:
            raise OutputError(f"the {name} cannot be {str(path)!r}: {error}") from None
        except OSError:
            pass  # it is not there
    for (name, path), (other_name, other) in combinations(files.items(), 2):
        if _is_same(path, other):
            raise OutputError(
                f"the {other_name} {other} is the {name}, which it would replace; give another {other_name}"
            )


def require_own(files: Mapping[str, Path], journal_path: Path, journal: Journal | None) -> None:
    """Refuse files that are there and that no earlier run of this journal has written.

    Args:
        files: What is written, by what people call it.
        journal_path: Where the journal is, or would be.
        journal: The journal; None where there is none yet.

    Raises:
        OutputError: One is somebody else's, or its journal is lost.
    """
    known: list[str] = journal.fact(FILES_FACT) or [] if journal is not None else []
    for name, path in files.items():
        if _is_there(path) and _relative(path, journal_path) not in known:
            raise OutputError(
                f"{path} is there, and {journal_path} does not say that this batch wrote it; give another {name}. "
                "If its journal was lost, put it back: without it nothing tells which rows were paid"
            )


def claim(journal: Journal, files: Iterable[Path]) -> None:
    """Note which files the runs of a journal write."""
    known = set(journal.fact(FILES_FACT) or [])
    for path in files:
        known.add(_relative(path, journal.path))
    journal.note_fact(FILES_FACT, sorted(known))


def adopt(journal: Journal, output: Path, outcomes: Iterable[Outcome]) -> int:
    """Take outcomes over that an output holds and its journal does not, and return how many they are.

    An older copy of a journal, or one that has lost its log, is whole and knows less than the output.

    Raises:
        JournalMismatchError: The output was written with another journal.
    """
    count = 0
    with journal.together():
        for outcome in outcomes:
            row_id, state = str(outcome.row), RowState(outcome.status)
            entry = journal.get(row_id)
            if entry is not None and (entry.state is RowState.DONE or state is not RowState.DONE):
                is_other_job = entry.job_id != outcome.job_id
                if is_other_job and entry.state is state is RowState.DONE:
                    raise JournalMismatchError(
                        f"{output} was not written with the journal {journal.path}: row {outcome.row:,} is done by "
                        "another job there; put the right one back, or give another output",
                        [f"row {outcome.row:,}"],
                    )
                continue
            count += 1
            if entry is None:
                journal.begin(row_id, place=outcome.row, kept=outcome.input)
            elif entry.state in FINAL:
                journal.begin_again(row_id, after=entry.state)
            if outcome.job_id and (entry is None or entry.state is not RowState.SUBMITTED):
                journal.note_job(row_id, outcome.job_id)
            journal.note_outcome(row_id, state, outcome.to_note())
    return count


def require_writable(folder: Path) -> None:
    """See whether files can be made in a folder, before anything is paid for.

    Raises:
        OutputError: They cannot.
    """
    probe = folder / f".aki-batch-{os.getpid()}"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OutputError(f"{folder} cannot be written to: {error.strerror or error}") from None


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # at least one of them is not there
        return one.resolve() == other.resolve()


def _is_there(path: Path) -> bool:
    return any(path.iterdir()) if path.is_dir() else os.path.lexists(path)


def _relative(path: Path, journal_path: Path) -> str:
    place = path.parent.resolve() / path.name
    try:
        return os.path.relpath(place, journal_path.parent.resolve())
    except ValueError:  # on another drive
        return str(place)


def line(outcome: Outcome) -> bytes:
    """Return an outcome as a line of JSON."""
    note = outcome.to_note()
    values: dict[str, Any] = {"row": outcome.row, "status": outcome.status}
    if outcome.input:
        values["input"] = dict(outcome.input)
    values["outputs"] = note.pop("outputs", {})
    if "error" in note:
        values["error"] = note.pop("error")
    if outcome.job_id is not None:
        values["job_id"] = outcome.job_id
    return as_text({**values, **note}, separators=None).encode() + b"\n"
