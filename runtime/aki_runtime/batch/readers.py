"""Where rows come from: a file of JSON Lines, CSV or Parquet, or anything in Python that yields mappings.

Rows are read one at a time, however long the input is. What cannot be read is a fault with the number of its line; the
rows behind it are read all the same, so that all faults can be reported at once.
"""

import csv
import hashlib
import importlib
import json
import os
import sys
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TextIO, TypeAlias

from ..shapes import is_mapping, is_object
from .errors import Fault, UnreadableInputError
from .rows import Columns, RawRow, Row, digest_of

PythonRows: TypeAlias = Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]]
Rows: TypeAlias = str | os.PathLike[str] | PythonRows
"""A file, an iterable of rows, or an async one."""

Item: TypeAlias = RawRow | Fault
_PIECE = 1 << 20
_PARQUET_ROWS = 256
JSON_LINES = (".jsonl", ".ndjson")
PARQUET = (".parquet", ".pq")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


class InputFile:
    """A file of rows.

    Args:
        path: A file whose suffix says its kind: .jsonl, .ndjson, .csv, .tsv, .parquet or .pq.

    Attributes:
        name: What people call it.
        path: The file, in whose folder relative paths in it begin.
        is_text: Whether all values are text that has to be converted.

    Raises:
        UnreadableInputError: There is no such file, or it is of another kind.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.path = path
        self._kind = path.suffix.lower()
        self.is_text = self._kind in _DELIMITERS
        if self._kind not in (*JSON_LINES, *_DELIMITERS, *PARQUET):
            raise UnreadableInputError(
                f"unsupported file type of {path}; give a .jsonl, .csv, .tsv or .parquet file"
            )
        if not path.is_file():
            raise UnreadableInputError(f"{path} is not there, or is not a file")

    def fingerprint(self) -> str:
        """Return size and hash of the whole content."""
        digest, size = hashlib.sha256(), 0
        with self._opened() as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                size += len(piece)
        return f"{size:,} bytes, sha256 {digest.hexdigest()[:16]}"

    def header(self) -> list[str] | None:
        """Return the names of the columns where the file has them in one place; None for JSON Lines.

        Raises:
            UnreadableInputError: The head cannot be read.
        """
        if self._kind in JSON_LINES:
            return None
        if self._kind in PARQUET:
            return [str(name) for name in self._parquet().schema_arrow.names]
        with self._text() as file:
            return self._csv_header(self._csv(file))

    def items(self) -> Iterator[Item]:
        """Read the rows from the beginning.

        Raises:
            UnreadableInputError: The file as a whole cannot be read.
        """
        if self._kind in JSON_LINES:
            return self._json_lines()
        return self._parquet_rows() if self._kind in PARQUET else self._csv_rows()

    async def rows(self, columns: Columns, limit: int | None) -> AsyncIterator[Row]:
        """Read the first rows, all without a limit, to carry them out.

        Raises:
            UnreadableInputError: A row that was readable when it was checked no longer is.
        """
        for item in islice(self.items(), limit):
            if isinstance(item, Fault):
                raise UnreadableInputError(f"the input has changed while it was read: {item}")
            yield columns.read(item)

    def _json_lines(self) -> Iterator[Item]:
        number = 0
        with self._opened() as file:
            for count, line in enumerate(file, 1):
                if not line.strip():
                    continue
                number += 1
                where = f"line {count:,}"
                values = _json_object(line)
                if isinstance(values, str):
                    yield Fault(where, values)
                else:
                    yield RawRow(number, where, values)

    def _csv_rows(self) -> Iterator[Item]:
        number, last = 0, 0
        with self._text() as file:
            reader = self._csv(file)
            names = self._csv_header(reader)
            while True:
                last = reader.line_num
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Fault(f"line {last + 1:,}", f"is not CSV: {error}")
                    return
                if not cells:
                    continue
                number += 1
                where = f"line {last + 1:,}"
                if len(cells) != len(names):
                    yield Fault(
                        where, f"has {len(cells)} cells where the head has {len(names)} columns"
                    )
                elif any(map(_is_undecoded, cells)):
                    yield Fault(where, "is not UTF-8")
                else:
                    # An empty cell is an absent value: CSV has no other way to say so.
                    yield RawRow(
                        number, where, dict(zip(names, [c or None for c in cells], strict=True))
                    )

    def _parquet_rows(self) -> Iterator[Item]:
        number = 0
        file = self._parquet()
        try:
            for batch in file.iter_batches(batch_size=_PARQUET_ROWS):
                for values in batch.to_pylist():
                    number += 1
                    yield RawRow(number, f"row {number:,}", values)
        except (OSError, ValueError) as error:
            raise UnreadableInputError(f"{self.path} cannot be read: {error}") from None

    def _csv(self, file: TextIO) -> Any:
        # A cell may hold a whole picture as a data URI; the usual limit is 128 kB.
        csv.field_size_limit(sys.maxsize >> 32)
        return csv.reader(file, delimiter=_DELIMITERS[self._kind], strict=True)

    def _csv_header(self, reader: Any) -> list[str]:
        try:
            names: list[str] = next(reader)
        except StopIteration:
            raise UnreadableInputError(
                f"{self.path} is empty; its first line names the columns"
            ) from None
        except csv.Error as error:
            raise UnreadableInputError(f"{self.path}: the first line is not CSV: {error}") from None
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UnreadableInputError(f"{self.path} names a column twice: {', '.join(twice)}")
        return names

    def _parquet(self) -> Any:
        parquet = pyarrow("parquet")
        try:
            return parquet.ParquetFile(self.path)
        except (OSError, ValueError) as error:
            raise UnreadableInputError(f"{self.path} cannot be read as Parquet: {error}") from None

    def _text(self) -> TextIO:
        # Bytes that are not UTF-8 come through marked, so that its line can be named.
        try:
            return self.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
        except OSError as error:
            raise self._unreadable(error) from None

    def _opened(self) -> Any:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise self._unreadable(error) from None

    def _unreadable(self, error: OSError) -> UnreadableInputError:
        return UnreadableInputError(f"{self.path} cannot be read: {error.strerror or error}")


class PythonInput:
    """Rows from Python. Those that can be iterated over again are checked before; any others one by one.

    Attributes:
        name: What people call it.
        path: None: it has no folder for relative paths.
        is_text: False: its values are what they are.
    """

    def __init__(self, rows: PythonRows) -> None:
        self.name = "the input"
        self.path: Path | None = None
        self.is_text = False
        self._rows = rows

    def fingerprint(self) -> str:
        """Say that each row has a fingerprint of its own."""
        return "rows from Python"

    def header(self) -> None:
        """Know no columns before the rows."""

    def items(self) -> Iterator[Item] | None:
        """Read the rows from the beginning; None where they can be read only once."""
        rows = self._rows
        if isinstance(rows, AsyncIterable) or iter(rows) is rows:
            return None
        return (_item(number, values) for number, values in enumerate(rows, 1))

    async def rows(self, columns: Columns, limit: int | None) -> AsyncIterator[Row]:
        """Read the first rows, all without a limit, to carry them out."""
        number = 0
        async for values in _each(self._rows):
            number += 1
            item = _item(number, values)
            if isinstance(item, Fault):
                yield Row(number, item.place, {}, problems=(item.problem,))
            else:
                yield columns.read(item, digest_of(item.values))
            if number == limit:
                return


Input: TypeAlias = InputFile | PythonInput


def input_of(rows: Rows) -> Input:
    """Return the input of what was given as rows.

    Raises:
        UnreadableInputError: There is no such file, or its type is unsupported.
    """
    return InputFile(Path(rows)) if isinstance(rows, str | os.PathLike) else PythonInput(rows)


def _item(number: int, values: object) -> Item:
    where = f"row {number:,}"
    if not is_mapping(values):
        problem = f"must be a mapping of columns to values, not {type(values).__name__}"
        return Fault(where, problem)
    return RawRow(number, where, values)


async def _each(rows: PythonRows) -> AsyncIterator[Mapping[str, Any]]:
    if isinstance(rows, AsyncIterable):
        async for values in rows:
            yield values
    else:
        for values in rows:
            yield values


def pyarrow(module: str) -> Any:
    """Import a module of pyarrow.

    Raises:
        UnreadableInputError: It is not installed.
    """
    try:
        return importlib.import_module(f"pyarrow.{module}")
    except ImportError:
        raise UnreadableInputError(
            "Parquet files need the extra 'parquet': pip install 'aki-client[parquet]'"
        ) from None


def _json_object(line: bytes) -> dict[str, Any] | str:
    try:
        value: object = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return "is not UTF-8"
    except (ValueError, RecursionError) as error:
        return f"is not JSON: {error}"
    return value if is_object(value) else "is not a JSON object"


def _is_undecoded(cell: str) -> bool:
    return not cell.isascii() and any("\udc80" <= char <= "\udcff" for char in cell)
