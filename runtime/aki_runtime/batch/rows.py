"""From an input to the parameters of calls: a file of JSON Lines, CSV or Parquet, or anything that yields mappings.

Rows are read one at a time, however long the input is. What cannot be read is a fault with the number of its line; the
rows behind it are read all the same, so that all faults can be reported at once. Columns are mapped to parameters, text
is converted, paths are resolved.
"""

import csv
import hashlib
import importlib
import json
import os
import sys
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, count, filterfalse, islice
from pathlib import Path
from typing import Any, TypeAlias

from ..chat.messages import with_media
from ..errors import ConfigurationError, closest
from ..fields.base import data_uri, plain_fields
from ..fields.parameters import Parameter
from ..fields.refusals import unknown_parameter
from ..media.sources import is_data_uri
from ..shapes import is_array, is_mapping, is_object
from .errors import Fault, UnreadableInputError

PythonRows: TypeAlias = Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]]
Rows: TypeAlias = str | os.PathLike[str] | PythonRows
"""A file, an iterable of rows, or an async one."""

_PIECE = 1 << 20
_PARQUET_ROWS = 256
JSON_LINES = (".jsonl", ".ndjson")
PARQUET = (".parquet", ".pq")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as the input holds it.

    Attributes:
        number: Its number among the rows, from 1.
        where: Where it is, for people: "line 17" or "row 17".
        values: Its values by column.
    """

    number: int
    where: str
    values: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Row:
    """A row as a call wants it.

    Attributes:
        number: Its number among the rows, from 1; of rows that have ids of their own, any number.
        row_id: What the journal calls it.
        parameters: The arguments of the call.
        kept: Values that go into the output as they are.
        digest: Shows later whether it is still the same row; empty where the input as a whole is known.
        problems: What is wrong with it, a sentence each.
    """

    number: int
    row_id: str
    parameters: dict[str, Any] = field(repr=False)
    kept: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    digest: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Columns:
    """What becomes of each column.

    Attributes:
        parameters: The endpoint's parameters, by name.
        mapping: The parameter that a column of another name is for.
        constants: Values of parameters, for all rows that have none of their own.
        keep: Columns that go into the output as they are, whether they are parameters or not.
        ignore_extra: Whether columns that are neither mapped nor kept nor called like a parameter are left out;
            else they are faults.
        from_text: Whether the values are text that has to be converted, as in a CSV file.
        folder: What relative paths of media begin at; None where they stay as they are.

    Raises:
        ConfigurationError: A mapping or a constant names an unknown parameter.
    """

    parameters: Mapping[str, Parameter]
    mapping: Mapping[str, str] = field(default_factory=dict[str, str])
    constants: Mapping[str, Any] = field(default_factory=dict[str, Any])
    keep: frozenset[str] = frozenset()
    ignore_extra: bool = False
    from_text: bool = False
    folder: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what could fit no row."""
        for name in (*self.mapping.values(), *self.constants):
            if name not in self.parameters:
                raise ConfigurationError(str(unknown_parameter(name, self.parameters)))

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Return the columns of which nobody said what becomes of them."""
        known = {*self.parameters, *self.mapping, *self.keep}
        # What `csv.DictReader` has left over is under None.
        return [] if self.ignore_extra else list(map(str, filterfalse(known.__contains__, names)))

    def read(self, raw: RawRow, digest: str = "") -> Row:
        """Make the arguments of a call of a row's values; what is absent or None is left to the constants."""
        problems: list[str] = []
        given: dict[str, Any] = {}
        kept: dict[str, Any] = {}
        for column, value in raw.values.items():
            if column in self.keep:
                kept[column] = value
            name = self.mapping.get(column, column)
            if name not in self.parameters or value is None:
                continue
            if name in given:
                problems.append(
                    f"two columns are for {name}; leave one out with --map or rename it"
                )
            parameter = self.parameters[name]
            if self.from_text and isinstance(value, str):
                value = parameter.parse(value)
            if self.folder is not None:
                value = with_media(value, parameter.type, self._resolved)
            given[name] = value
        unknown = self.unknown(raw.values)
        if unknown:
            problems.append(unknown_columns(unknown, self.parameters))
        parameters = {**self.constants, **given}
        kept = plain_fields(kept, data_uri)
        return Row(raw.number, str(raw.number), parameters, kept, digest, tuple(problems))

    def _resolved(self, value: Any, kind: str) -> Any:
        if is_array(value):
            return [self._resolved(item, kind) for item in value]
        if not isinstance(value, str) or self.folder is None or is_data_uri(value):
            return value
        # An address is not a path; what becomes of it is for the check of the call to say.
        return value if "://" in value[:10] else str(self.folder / value)


def unknown_columns(names: list[str], parameters: Mapping[str, Parameter]) -> str:
    """Say what to do about columns of which nobody said what becomes of them."""
    meant = ((name, closest(name, parameters)) for name in names)
    hint = next((f" (did you mean {close} for {name}?)" for name, close in meant if close), "")
    listed = ", ".join(names[:12]) + (" …" if len(names) > 12 else "")
    what = f"column {listed} is" if len(names) == 1 else f"columns {listed} are"
    return f"{what} for no parameter{hint}; map, keep or ignore what is extra"


def digest_of(values: Mapping[str, Any]) -> str:
    """Return a short fingerprint of a row's values."""
    try:
        text = json.dumps(values, sort_keys=True, default=_digestible)
    except (TypeError, ValueError, RecursionError):
        # Keys of several kinds, a number of too many digits: whether it can be sent is for the check to say.
        text = f"<{', '.join(map(str, values))}>"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _digestible(value: object) -> object:
    if isinstance(value, bytes | bytearray):
        return hashlib.sha256(value).hexdigest()
    if is_object(value):
        return value
    # What has no fingerprint of its own (an open file, a picture) tells its kind at least.
    return str(value) if hasattr(value, "__fspath__") else f"<{type(value).__name__}>"


Item: TypeAlias = RawRow | Fault


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
        with self._opened_text() as file:
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
            for place, line in enumerate(file, 1):
                if line.strip():
                    number += 1
                    yield _read(number, f"line {place:,}", _json_object(line))

    def _csv_rows(self) -> Iterator[Item]:
        number = 0
        with self._opened_text() as file:
            reader = self._csv(file)
            names = self._csv_header(reader)
            while True:
                where = f"line {reader.line_num + 1:,}"
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Fault(where, f"is not CSV: {error}")
                    return
                if cells:
                    number += 1
                    yield _read(number, where, _csv_object(names, cells))

    def _parquet_rows(self) -> Iterator[Item]:
        file = self._parquet()
        try:
            batches = file.iter_batches(batch_size=_PARQUET_ROWS)
            rows = chain.from_iterable(batch.to_pylist() for batch in batches)
            yield from map(_item, count(1), rows)
        except (OSError, ValueError) as error:
            raise UnreadableInputError(f"{self.path} cannot be read: {error}") from None

    def _csv(self, file: Any) -> Any:
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
        parquet = import_pyarrow("parquet")
        try:
            return parquet.ParquetFile(self.path)
        except (OSError, ValueError) as error:
            raise UnreadableInputError(f"{self.path} cannot be read as Parquet: {error}") from None

    def _opened_text(self) -> Any:
        # Bytes that are not UTF-8 come through marked, so that its line can be named.
        return self._opened("r", encoding="utf-8-sig", errors="surrogateescape", newline="")

    def _opened(self, mode: str = "rb", **how: Any) -> Any:
        try:
            return self.path.open(mode, **how)
        except OSError as error:
            reason = error.strerror or error
            raise UnreadableInputError(f"{self.path} cannot be read: {reason}") from None


class PythonInput:
    """Rows from Python. Those that can be iterated over again are checked before; any others one by one."""

    name = "the input"
    path: Path | None = None  # there is no folder for relative paths
    is_text = False

    def __init__(self, rows: PythonRows) -> None:
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
        return map(_item, count(1), rows)

    async def rows(self, columns: Columns, limit: int | None) -> AsyncIterator[Row]:
        """Read the first rows, all without a limit, to carry them out."""
        number = 0
        async for values in _each(self._rows):
            number += 1
            item = _item(number, values)
            if isinstance(item, Fault):
                yield Row(number, str(number), {}, problems=(item.problem,))
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
    if is_mapping(values):
        return RawRow(number, where, values)
    return Fault(where, f"must be a mapping of columns to values, not {type(values).__name__}")


def _read(number: int, where: str, values: dict[str, Any] | str) -> Item:
    return Fault(where, values) if isinstance(values, str) else RawRow(number, where, values)


async def _each(rows: PythonRows) -> AsyncIterator[Mapping[str, Any]]:
    if isinstance(rows, AsyncIterable):
        async for values in rows:
            yield values
    else:
        for values in rows:
            yield values


def import_pyarrow(module: str) -> Any:
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


def _csv_object(names: list[str], cells: list[str]) -> dict[str, Any] | str:
    if len(cells) != len(names):
        return f"has {len(cells)} cells where the head has {len(names)} columns"
    if any(map(_is_undecoded, cells)):
        return "is not UTF-8"
    # An empty cell is an absent value: CSV has no other way to say so.
    return dict(zip(names, [cell or None for cell in cells], strict=True))


def _is_undecoded(cell: str) -> bool:
    return not cell.isascii() and any("\udc80" <= char <= "\udcff" for char in cell)
