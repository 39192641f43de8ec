"""A journal as its readers see it: rows as they stand, how many in each state, and what was noted of the run."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from .entry import COLUMNS, Entry, RowState, from_columns
from .store import Store

Order = Literal["place", "finished"]
_PAGE = 500


class JournalView:
    """What is in a journal.

    Args:
        store: Its file.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def path(self) -> Path:
        """The journal's file."""
        return self._store.path

    def fact(self, name: str) -> Any:
        """Return what was noted of the run as a whole; None where nothing was."""
        found = self._store.read("SELECT value FROM facts WHERE name = ?", [name])
        return json.loads(found[0][0]) if found else None

    def get(self, row_id: str) -> Entry | None:
        """Return a row as it stands; None where it was never begun."""
        found = self._store.read(
            f"SELECT {COLUMNS} FROM rows WHERE id = ?",  # noqa: S608
            [row_id],
        )
        return from_columns(found[0]) if found else None

    def entries(self, *states: RowState, order: Order = "place") -> Iterator[Entry]:
        """Iterate over the rows, a few hundred in memory at a time.

        Args:
            states: Only rows in one of these; all where none is given.
            order: By their place, or (those that have an outcome) by when they got it.
        """
        key = "place, number" if order == "place" else "finished, number"
        wanted = f"state IN ({', '.join('?' * len(states))})" if states else "true"
        last: tuple[int, int] = (-1 << 62, 0)
        while True:
            found = self._store.read(
                f"SELECT {key}, {COLUMNS} FROM rows "  # noqa: S608
                f"WHERE {wanted} AND ({key}) > (?, ?) ORDER BY {key} LIMIT {_PAGE}",
                [*states, *last],
            )
            for row in found:
                yield from_columns(row[2:])
            if len(found) < _PAGE:
                return
            last = (found[-1][0], found[-1][1])

    def counts(self) -> dict[RowState, int]:
        """Return how many rows are in each state."""
        found = self._store.read("SELECT state, count(*) FROM rows GROUP BY state")
        known = {RowState(state): int(count) for state, count in found}
        return {state: known.get(state, 0) for state in RowState}
