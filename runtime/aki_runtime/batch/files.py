"""The files that a run writes, and whose they are: nothing else is replaced, and what they prove is not paid again."""

import os
import re
from collections.abc import Iterable, Mapping
from itertools import combinations
from pathlib import Path

from ..errors import MediaError
from ..files import replacing
from ..media.objects import Media
from .errors import JournalMismatchError, OutputError
from .journal import FINAL, Journal, RowState
from .outcome import Outcome

FILES_FACT = "files"
"""The fact under which a journal holds which files its runs write, as paths from its own folder."""

_OTHER = re.compile(r"[^A-Za-z0-9_-]+")
_DIGITS = 6


class MediaFolder:
    """The folder; it is made when the first medium comes.

    Args:
        folder: Where it is.
        base: What the paths in the outputs begin at: the output's folder.
        survives_power_loss: Whether each file is on the disk before it counts as written.

    Raises:
        OutputError: It cannot be written to, or be made.
    """

    def __init__(self, folder: Path, base: Path, *, survives_power_loss: bool) -> None:
        place = folder.absolute()
        require_writable(next(path for path in (place, *place.parents) if path.exists()))
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
        # The name of an output is the hub's: nothing in it may lead to another folder.
        safe = _OTHER.sub("_", name)[:60]
        path = self._folder / f"{row:0{_DIGITS}d}-{safe}{medium.suffix}"
        self._folder.mkdir(parents=True, exist_ok=True)
        with replacing(path, sync=self._sync, mark="part") as part:
            part.write_bytes(data)
        try:
            return path.relative_to(self._base).as_posix()
        except ValueError:
            return str(path.absolute())


def require_distinct(files: Mapping[str, Path]) -> None:
    """Refuse a run of which two files are one, by whatever paths and links.

    Args:
        files: The input and what is written, by what people call it.

    Raises:
        OutputError: One would replace another.
    """
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
    known: list[str] = journal.fact(FILES_FACT) or []
    names = [_relative(path, journal.path) for path in files]
    journal.note_fact(FILES_FACT, sorted({*known, *names}))


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
