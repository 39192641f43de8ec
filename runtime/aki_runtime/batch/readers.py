"""Rows from files: JSON Lines, CSV and Parquet, one at a time, however long the file is.

What cannot be read is a fault with the number of its line; the rows behind it are read all the same, so that
all faults can be told at once.
"""

import csv
import hashlib
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from ..shapes import is_object
from .errors import Fault, UnreadableInputError
from .rows import RawRow

Item = RawRow | Fault
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
        is_text: Whether all values are text that has to be converted.

    Raises:
        UnreadableInputError: There is no such file, or it is of another kind.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kind = path.suffix.lower()
        self.is_text = self._kind in _DELIMITERS
        if self._kind not in (*JSON_LINES, *_DELIMITERS, *PARQUET):
            raise UnreadableInputError(
                f"{path} is of no known kind; give a .jsonl, .csv, .tsv or .parquet file"
            )
        if not path.is_file():
            raise UnreadableInputError(f"{path} is not there, or is no file")

    @property
    def name(self) -> str:
        """What people call it."""
        return self.path.name

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

    def rows(self) -> Iterator[Item]:
        """Read the rows from the beginning.

        Raises:
            UnreadableInputError: The file as a whole cannot be read.
        """
        if self._kind in JSON_LINES:
            return self._json_lines()
        return self._parquet_rows() if self._kind in PARQUET else self._csv_rows()

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
                    yield Fault(f"line {last + 1:,}", f"is no CSV: {error}")
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
            raise UnreadableInputError(f"{self.path}: the first line is no CSV: {error}") from None
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
        # What is no UTF-8 comes through marked, so that its line can be named.
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
        return f"is no JSON: {error}"
    return value if is_object(value) else "is no JSON object"


def _is_undecoded(cell: str) -> bool:
    return not cell.isascii() and any("\udc80" <= char <= "\udcff" for char in cell)
