"""Where rows come from: a file, or anything in Python that yields mappings."""

import os
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from ..shapes import is_mapping
from .columns import Columns
from .errors import Fault, UnreadableInputError
from .readers import InputFile, Item
from .rows import RawRow, Row, digest_of

Rows: TypeAlias = (
    str | os.PathLike[str] | Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]]
)
"""A file, an iterable of rows, or an async one."""


class RowSource(Protocol):
    """What a batch needs of its input.

    Attributes:
        name: What people call it.
        is_text: Whether all values are text.
        path: Its file, in whose folder relative paths in it begin; None where there is none.
    """

    name: str
    is_text: bool
    path: Path | None

    def fingerprint(self) -> str:
        """Return what tells it from others."""
        ...

    def header(self) -> list[str] | None:
        """Return its columns, where they are known before its rows."""
        ...

    def items(self) -> Iterator[Item] | None:
        """Read the rows from the beginning; None where they come once only."""
        ...

    def rows(self, columns: Columns) -> AsyncIterator[Row]:
        """Read the rows to carry them out.

        Raises:
            InvalidRowsError: A row that was readable before is so no more.
        """
        ...


class RowFile:
    """A file of rows."""

    def __init__(self, path: Path) -> None:
        self._file = InputFile(path)
        self.name = path.name
        self.is_text = self._file.is_text
        self.path: Path | None = path

    def fingerprint(self) -> str:
        """Return size and hash of the file."""
        return self._file.fingerprint()

    def header(self) -> list[str] | None:
        """Return the columns that its head names."""
        return self._file.header()

    def items(self) -> Iterator[Item]:
        """Read the rows from the beginning."""
        return self._file.rows()

    async def rows(self, columns: Columns) -> AsyncIterator[Row]:
        """Read the rows to carry them out."""
        for item in self._file.rows():
            yield columns.read(_readable(item))


class PythonSource:
    """Rows from Python. One that can be iterated over again is checked before; any other row by row."""

    def __init__(
        self, rows: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]]
    ) -> None:
        self.name = "the input"
        self.is_text = False
        self.path: Path | None = None
        self._rows = rows
        self._is_lasting = isinstance(rows, Iterable) and iter(rows) is not rows

    def fingerprint(self) -> str:
        """Say that each row has a fingerprint of its own."""
        return "rows from Python"

    def header(self) -> None:
        """Know no columns before the rows."""

    def items(self) -> Iterator[Item] | None:
        """Read the rows from the beginning; None where they come once only."""
        if not self._is_lasting or isinstance(self._rows, AsyncIterable):
            return None
        return (_item(number, values) for number, values in enumerate(self._rows, 1))

    async def rows(self, columns: Columns) -> AsyncIterator[Row]:
        """Read the rows to carry them out."""
        number = 0
        async for values in _each(self._rows):
            number += 1
            item = _item(number, values)
            if isinstance(item, Fault):
                yield Row(number, item.place, {}, problems=(item.problem,))
            else:
                yield columns.read(item, digest_of(item.values))


def source_of(rows: Rows) -> RowSource:
    """Return the source of what was given as rows.

    Raises:
        UnreadableInputError: There is no such file, or it is of an unknown kind.
    """
    if isinstance(rows, str | os.PathLike):
        return RowFile(Path(rows))
    return PythonSource(rows)


def first(items: Iterable[Item], limit: int | None) -> Iterator[Item]:
    """Return the first so many items; all where there is no limit."""
    return islice(items, limit)


async def first_rows(rows: AsyncIterator[Row], limit: int | None) -> AsyncIterator[Row]:
    """Return the first so many rows; all where there is no limit."""
    async for row in rows:
        if limit is not None and row.number > limit:
            return
        yield row


def _item(number: int, values: object) -> Item:
    where = f"row {number:,}"
    if not is_mapping(values):
        return Fault(where, f"is no mapping of columns to values but {type(values).__name__}")
    return RawRow(number, where, values)


def _readable(item: Item) -> RawRow:
    if isinstance(item, Fault):
        raise UnreadableInputError(f"the input has changed while it was read: {item}")
    return item


async def _each(
    rows: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]],
) -> AsyncIterator[Mapping[str, Any]]:
    if isinstance(rows, AsyncIterable):
        async for values in rows:
            yield values
    else:
        for values in rows:
            yield values
