"""All rows checked before the first is sent, and all their faults told at once. It sends nothing."""

from collections.abc import Iterable
from threading import Event
from typing import Any

from ..client.info import EndpointInfo
from ..errors import InvalidParametersError
from .columns import Columns
from .errors import Fault, InvalidRowsError
from .readers import Item
from .rows import Row

MOST_FAULTS = 20
"""Different faults that are told; of the rest there is a count."""

MOST_PLACES = 5
"""Places that are told of one fault; of the rest there is a count."""


class Checked:
    """Reads rows for an endpoint and remembers what is wrong with them.

    Args:
        columns: What becomes of each column.
        info: The endpoint.
        allow_paths: Whether media may be paths.
    """

    def __init__(
        self, columns: Columns, info: EndpointInfo[Any, Any], *, allow_paths: bool = True
    ) -> None:
        self._columns = columns
        self._info = info
        self._allow_paths = allow_paths
        self._told: dict[str, _Places] = {}
        self._count = 0

    def check_all(self, source: str, items: Iterable[Item], is_over: Event) -> int:
        """Check all rows, and return how many there are.

        Args:
            source: What people call the input.
            items: The rows.
            is_over: Set where nobody waits for the outcome any more.

        Raises:
            InvalidRowsError: Rows have faults.
            EndpointRemovedError: The endpoint is not there any more.
        """
        rows = 0
        for item in items:
            if is_over.is_set():
                break
            rows += 1
            if isinstance(item, Fault):
                self._add(item.place, [item.problem])
            else:
                row = self._columns.read(item)
                self._add(row.where, self.problems(row))
        if self._count:
            faults = [Fault(places.told(), problem) for problem, places in self._told.items()]
            rest = self._count - sum(places.count for places in self._told.values())
            raise InvalidRowsError(source, faults, self._count, rest)
        return rows

    def problems(self, row: Row) -> list[str]:
        """Return what is wrong with a row, a sentence each."""
        if row.problems:
            return list(row.problems)
        try:
            self._info.inputs((), dict(row.parameters), allow_paths=self._allow_paths)
        except InvalidParametersError as error:
            return list(error.problems)
        return []

    def _add(self, where: str, problems: list[str]) -> None:
        self._count += len(problems)
        for problem in problems:
            if problem in self._told or len(self._told) < MOST_FAULTS:
                self._told.setdefault(problem, _Places()).add(where)


class _Places:
    """Where one and the same fault is: the first few places, and how many there are."""

    def __init__(self) -> None:
        self.count = 0
        self._first: list[str] = []

    def add(self, where: str) -> None:
        """Take a place in."""
        self.count += 1
        if len(self._first) < MOST_PLACES:
            self._first.append(where)

    def told(self) -> str:
        """Say the places, as in "line 3, line 17 and 4 more"."""
        rest = self.count - len(self._first)
        return ", ".join(self._first) + (f" and {rest:,} more" if rest else "")
