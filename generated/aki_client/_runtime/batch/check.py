"""All rows checked before the first is sent, and all their faults told at once. It sends nothing."""

from collections.abc import Iterable
from threading import Event
from typing import Any

from ..errors import InvalidParametersError
from ..info import EndpointInfo
from .columns import Columns
from .errors import Fault, InvalidRowsError
from .readers import Item
from .rows import Row

MOST_FAULTS = 20
"""Faults that are told; of the rest there is a count."""


class Checked:
    """Reads rows for an endpoint and remembers what is wrong with them.

    Args:
        columns: What becomes of each column.
        info: The endpoint.
    """

    def __init__(self, columns: Columns, info: EndpointInfo[Any, Any]) -> None:
        self._columns = columns
        self._info = info
        self._faults: list[Fault] = []
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
            raise InvalidRowsError(source, self._faults, self._count)
        return rows

    def problems(self, row: Row) -> list[str]:
        """Return what is wrong with a row, a sentence each."""
        if row.problems:
            return list(row.problems)
        try:
            self._info.inputs((), dict(row.parameters))
        except InvalidParametersError as error:
            return list(error.problems)
        return []

    def _add(self, where: str, problems: list[str]) -> None:
        self._count += len(problems)
        room = MOST_FAULTS - len(self._faults)
        self._faults += [Fault(where, problem) for problem in problems[:room]]
