"""From blocks of rows to calls, and from outcomes to columns whose types are the same in every block."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from types import NoneType
from typing import Any, get_args

from ..batch.journal import as_text
from ..batch.outcome import Outcome
from ..batch.outputs import utf8
from ..batch.readers import pyarrow
from ..batch.rows import Columns, RawRow, Row, digest_of
from ..errors import ConfigurationError
from ..fields.base import OutputModel
from .options import CallOptions

OUTCOME_COLUMNS = ("outcome", "outputs", "error_type", "error", "job_id")
"""The columns that every outcome has, without their prefix."""


def rows_of(table: Any, options: CallOptions, reader: Columns) -> list[Row]:
    """Read the rows of a block.

    Raises:
        ConfigurationError: The block is no Arrow table, or has not the columns that were promised.
    """
    if not isinstance(table, pyarrow("lib").Table):
        raise ConfigurationError(
            f"the batches are {type(table).__name__}; give map_batches batch_format='pyarrow'"
        )
    names: list[str] = table.column_names
    missing = [n for n in (options.row_id, *options.columns) if n is not None and n not in names]
    if missing:
        raise ConfigurationError(
            f"the dataset has no column {missing[0]!r}; it has {', '.join(names)}"
        )
    taken = [name for name in new_columns(options) if name in names]
    if taken:
        raise ConfigurationError(
            f"the dataset has a column {taken[0]!r} already; choose another prefix, or other fields"
        )
    return [_row(values, options, reader) for values in table.to_pylist()]


def with_outcomes(table: Any, outcomes: Sequence[Outcome], options: CallOptions) -> Any:
    """Return a block with the columns of its outcomes added."""
    arrow = pyarrow("lib")
    text = arrow.string()
    columns: dict[str, tuple[list[Any], Any]] = {
        name: ([_cell(outcome, kind) for outcome in outcomes], text)
        for name, kind in zip(new_columns(options), OUTCOME_COLUMNS, strict=False)
    }
    arrow_types = {bool: arrow.bool_(), int: arrow.int64(), float: arrow.float64(), str: text}
    model = options.found.info.reading.output
    for output, column in options.fields.items():
        kind = _type_of(model, output)
        cells = [_field(outcome.outputs.get(output), kind) for outcome in outcomes]
        columns[column] = (cells, arrow_types[kind or str])
    for name, (cells, arrow_type) in columns.items():
        storable = [utf8(cell) if isinstance(cell, str) else cell for cell in cells]
        table = table.append_column(name, arrow.array(storable, arrow_type))
    return table


def new_columns(options: CallOptions) -> list[str]:
    """Return the names of the columns that are added."""
    fixed = [f"{options.prefix}{name}" for name in OUTCOME_COLUMNS]
    return [*fixed, *options.fields.values()]


def _row(values: Mapping[str, Any], options: CallOptions, reader: Columns) -> Row:
    row = reader.read(RawRow(0, "", values))
    if row.problems:
        raise ConfigurationError("; ".join(row.problems))
    digest = digest_of(row.parameters)
    row_id = digest if options.row_id is None else values[options.row_id]
    if row_id is None:
        raise ConfigurationError(
            f"a row has no {options.row_id}; every row needs one, because Ray may run it again"
        )
    row_id = str(row_id)
    # An id may hold anything, and so cannot be part of the name of a file: a number of it can.
    name = sha256(row_id.encode("utf-8", "surrogatepass")).digest()
    return replace(row, number=int.from_bytes(name[:8]), row_id=row_id, digest=digest)


def _cell(outcome: Outcome, kind: str) -> str | None:
    match kind:
        case "outcome":
            return outcome.status
        case "outputs":
            return as_text(dict(outcome.outputs)) if outcome.outputs else None
        case "error_type":
            return outcome.error.type if outcome.error else None
        case "error":
            return outcome.error.message if outcome.error else None
        case _:
            return outcome.job_id


def _type_of(model: type[OutputModel], name: str) -> type | None:
    """Return the type of a declared output where it is a plain one."""
    annotation = model.model_fields[name].annotation
    kinds = [kind for kind in get_args(annotation) or (annotation,) if kind is not NoneType]
    if len(kinds) != 1 or not isinstance(kinds[0], type):
        return None
    return next((kind for kind in (bool, int, float, str) if issubclass(kinds[0], kind)), None)


def _field(value: Any, kind: type | None) -> Any:
    if value is None:
        return None
    if kind is None:
        return as_text(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    # What is not of the declared type is in the JSON column all the same.
    is_true = isinstance(value, bool)
    return value if isinstance(value, kind) and (kind is bool or not is_true) else None
