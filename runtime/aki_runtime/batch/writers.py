"""The output, made of the journal: whole or not at all, so that no kill leaves half a line or a line twice.

In input order the file is written at the end of a run. As completed, a JSON Lines file grows while the run
goes on: it is made anew of the journal at the start and the end of each run, and each line is added in between
once its outcome is noted.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..files import replacing
from .errors import OutputError, UnreadableInputError
from .journal import FINAL, Journal, Order, RowState
from .outcome import Outcome, as_object, outcome_of, read_outcome
from .readers import JSON_LINES, PARQUET, pyarrow
from .tables import read_parquet, write_parquet


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
            pyarrow("parquet")
        elif path.suffix.lower() not in JSON_LINES:
            raise UnreadableInputError(
                f"{path} is of no known kind; give a .jsonl or .parquet file for the output"
            )

    def begin(self, journal: Journal, states: Sequence[RowState]) -> None:
        """Bring a file that grows up to what the journal says; make any other one where there is none.

        Args:
            journal: The journal.
            states: How the rows stand that are not begun again in this run.

        Raises:
            OutputError: It cannot be written.
        """
        if self._order == "finished" and not self._is_parquet:
            self.write(journal, states)
            try:
                self._live = self.path.open("ab", buffering=0)
            except OSError as error:
                raise self._failed(error) from None
        elif not self.path.exists():
            # From here on it shows, by being there, that there was a journal.
            self.write(journal)

    def read(self) -> Iterator[Outcome]:
        """Read the outcomes that the file holds; none where it is not there.

        Raises:
            OutputError: It holds something else.
        """
        if not self.path.exists():
            return
        place = 0
        try:
            for line in read_parquet(self.path) if self._is_parquet else self._lines():
                place += 1
                outcome = read_outcome(line)
                if outcome is None:
                    raise OutputError(
                        f"{self.path} holds something else than outcomes of a batch (line {place:,}); "
                        "move it away, or give another output"
                    )
                yield outcome
        except OutputError:
            raise
        except (OSError, ValueError) as error:
            raise OutputError(
                f"{self.path} cannot be read as what a batch wrote: {error}; move it away, or give another output"
            ) from None

    def _lines(self) -> Iterator[object]:
        with self.path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):  # else a kill has cut it
                    yield json.loads(line)

    def add(self, outcome: Outcome) -> None:
        """Add an outcome that the journal has, where the file grows.

        Raises:
            OutputError: It cannot be written.
        """
        if self._live is not None:
            try:
                self._live.write(line(outcome))
            except OSError as error:
                self.close()
                raise self._failed(error) from None

    def write(self, journal: Journal, states: Sequence[RowState] = FINAL) -> None:
        """Make the file anew of the journal.

        Args:
            journal: The journal.
            states: Only rows in one of these.

        Raises:
            OutputError: It cannot be written; an older file is as it was.
        """
        self.close()
        try:
            with replacing(self.path, sync=True, mark="part") as part:
                outcomes, again = (self._outcomes(journal, states) for _ in range(2))
                if self._is_parquet:
                    write_parquet(part, outcomes, again)
                else:
                    with part.open("wb") as file:
                        file.writelines(map(line, outcomes))
        except OSError as error:
            raise self._failed(error) from None

    def close(self) -> None:
        """Close a file that grows."""
        live, self._live = self._live, None
        if live is not None:
            live.close()

    def _outcomes(self, journal: Journal, states: Sequence[RowState]) -> Iterator[Outcome]:
        return map(outcome_of, journal.entries(*states, order=self._order))

    def _failed(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self.path} cannot be written: {error.strerror or error}; every outcome is in the journal, "
            "and the same command writes the file once this is mended"
        )


def line(outcome: Outcome) -> bytes:
    """Return an outcome as a line of JSON."""
    values = {
        "row": outcome.row,
        "status": outcome.status,
        "input": dict(outcome.input) or None,
        "outputs": dict(outcome.outputs),
        "error": as_object(outcome.error),
        "job_id": outcome.job_id,
        "total_duration": outcome.total_duration,
        "compute_duration": outcome.compute_duration,
        "tokens": outcome.tokens,
        "seconds": outcome.seconds,
    }
    told = {name: value for name, value in values.items() if value is not None}
    try:
        return json.dumps(told, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # a lone surrogate; as an escape it is still JSON
        return json.dumps(told).encode() + b"\n"
