"""The class for `map_batches`: blocks of rows become calls, and outcomes columns of the same types in every block."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from types import NoneType
from typing import Any, get_args

from ..batch.journal import as_text
from ..batch.outcome import Outcome
from ..batch.parquet import utf8
from ..batch.rows import Columns, RawRow, Row, digest_of, import_pyarrow
from ..errors import ConfigurationError
from ..fields.base import OutputModel
from .journal import bind, import_ray, sender
from .options import OUTCOME_COLUMNS, CallOptions, new_columns
from .worker import Worker


class EndpointCaller:
    """Calls an endpoint for every row of a dataset and adds the outcomes as columns.

        dataset.map_batches(
            EndpointCaller, fn_constructor_args=(options,), batch_format="pyarrow", batch_size=64, concurrency=2
        )

    Ray makes one in each actor; its rows share a client, and run side by side. `call_endpoint` writes the same down.

    Args:
        options: How the endpoint is called. The key is taken from where the actor runs.

    Raises:
        ConfigurationError: The client cannot be made.
        JournalError: There is no such journal, or it belongs to other rows.
        OutputError: The folder for media cannot be written to, or is not this journal's.
    """

    def __init__(self, options: CallOptions) -> None:
        self._options = options
        self._reader = options.reader()
        self._worker = Worker(options, partial(sender, options.journal))
        identity = {
            "endpoint": options.found.info.name,
            "hub": self._worker.api_server,
            "row ids": options.row_id or "the parameters of each row",
        }
        bind(options.journal, identity, options.media)

    def __call__(self, batch: Any) -> Any:
        """Carry out the rows of an Arrow table, and return it with the columns of their outcomes.

        Raises:
            ConfigurationError: The table lacks a column that the options name.
            AkiError: No further row would succeed: the key is refused, the hub stays away, the journal is full.
        """
        rows = rows_of(batch, self._options, self._reader)
        return with_outcomes(batch, self._worker.outcomes(rows), self._options)


def call_endpoint(
    dataset: Any, options: CallOptions, *, actors: int = 2, batch_size: int = 128, **ray: Any
) -> Any:
    """Call an endpoint for every row of a Ray dataset; the columns of the outcomes are added to those it has.

    Args:
        dataset: A `ray.data.Dataset`.
        options: How the endpoint is called.
        actors: Actors, each with a client of its own; all of them together have `actors * options.concurrency` jobs
            at a time at most.
        batch_size: Rows that an actor is given at a time. Each batch waits for its last row, so that several times
            `options.concurrency` is a good size.
        ray: Further arguments of `map_batches`, such as `num_cpus` or `runtime_env`.

    Returns:
        A `ray.data.Dataset`; nothing is called before it is consumed.
    """
    return dataset.map_batches(
        EndpointCaller,
        fn_constructor_args=(options,),
        batch_format="pyarrow",
        batch_size=batch_size,
        compute=import_ray("ray.data").ActorPoolStrategy(size=actors),
        **{"num_cpus": 0.25, **ray},
    )


def rows_of(table: Any, options: CallOptions, reader: Columns) -> list[Row]:
    """Read the rows of a block.

    Raises:
        ConfigurationError: The block is not an Arrow table, or lacks a column that the options name.
    """
    if not isinstance(table, import_pyarrow("lib").Table):
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
    arrow = import_pyarrow("lib")
    numbers: Mapping[type | None, Any] = {
        bool: arrow.bool_(),
        int: arrow.int64(),
        float: arrow.float64(),
    }
    columns: list[tuple[Callable[[Outcome], Any], type | None]] = [
        (cell, str) for cell in OUTCOME_COLUMNS.values()
    ]
    for output in options.fields:
        kind = _type_of(options.found.info.reading.output, output)
        columns.append((partial(_field, output, kind), kind))
    for name, (cell, kind) in zip(new_columns(options), columns, strict=True):
        cells = [utf8(c) if isinstance(c, str) else c for c in map(cell, outcomes)]
        table = table.append_column(name, arrow.array(cells, numbers.get(kind, arrow.string())))
    return table


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


def _type_of(model: type[OutputModel], name: str) -> type | None:
    """Return the type of a declared output where it is a plain one."""
    annotation = model.model_fields[name].annotation
    kinds = [kind for kind in get_args(annotation) or (annotation,) if kind is not NoneType]
    if len(kinds) != 1 or not isinstance(kinds[0], type):
        return None
    return next((kind for kind in (bool, int, float, str) if issubclass(kinds[0], kind)), None)


def _field(output: str, kind: type | None, outcome: Outcome) -> Any:
    value = outcome.outputs.get(output)
    if value is None:
        return None
    if kind is None:
        return as_text(value)
    # What is not of the declared type, or too large for it, is in the JSON column all the same.
    is_true = isinstance(value, bool)
    if isinstance(value, int) and not is_true:
        return kind(value) if kind in (int, float) and -(1 << 63) <= value < 1 << 63 else None
    return value if isinstance(value, kind) and is_true is (kind is bool) else None
