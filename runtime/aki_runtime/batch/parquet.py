"""Outcomes as a Parquet table, written with a few thousand rows in memory at a time, and read again.

The types of its columns are read from the outcomes themselves, and values of several kinds become JSON text, so that
none is lost.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from ..shapes import is_array
from .outcome import Outcome
from .rows import import_pyarrow

_ROWS = 2000
_FIRST = {"row": "integer", "status": "text"}
_LAST = {
    "error_type": "text",
    "error": "text",
    "job_id": "text",
    "total_duration": "number",
    "compute_duration": "number",
    "tokens": "integer",
    "seconds": "number",
    "cost": "text",  # exact, which no number of a fixed size is
}


def write_parquet(path: Path, read: Callable[[], Iterable[Outcome]]) -> None:
    """Write outcomes as a table; they are read once for the types of the columns, and once more to write them.

    Raises:
        UnreadableInputError: pyarrow is not installed.
        OSError: The file cannot be written.
    """
    arrow, parquet = import_pyarrow("lib"), import_pyarrow("parquet")
    types = column_types(map(flat, read()))
    arrow_types = {
        "integer": arrow.int64(),
        "long": arrow.int64(),
        "number": arrow.float64(),
        "boolean": arrow.bool_(),
        "text": arrow.string(),
        "texts": arrow.list_(arrow.string()),
        "json": arrow.string(),
    }
    schema = arrow.schema(
        [
            arrow.field(name, arrow_types[kind], metadata={"kind": kind})
            for name, kind in types.items()
        ]
    )
    rows_left = map(flat, read())
    with parquet.ParquetWriter(path, schema) as writer:
        while rows := list(islice(rows_left, _ROWS)):
            columns = {
                name: [_cell(row.get(name), kind) for row in rows] for name, kind in types.items()
            }
            writer.write_table(arrow.Table.from_pydict(columns, schema=schema))


def read_parquet(path: Path) -> Iterator[dict[str, Any]]:
    """Read what `write_parquet` has written, as lines of a JSON Lines file have it.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is of another kind.
    """
    file = import_pyarrow("parquet").ParquetFile(path)
    encoded = {field.name for field in file.schema_arrow if field.metadata == {b"kind": b"json"}}
    for batch in file.iter_batches(batch_size=_ROWS):
        for cells in batch.to_pylist():
            values = {
                name: json.loads(cell) if name in encoded else cell
                for name, cell in cells.items()
                if cell is not None
            }
            error = {"type": values.get("error_type"), "message": values.get("error")}
            yield {
                **values,
                "input": _below("input.", values),
                "outputs": _below("output.", values),
                "error": error if "error_type" in values else None,
            }


def _below(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {n.removeprefix(prefix): value for n, value in values.items() if n.startswith(prefix)}


def flat(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as the cells of one line: inputs and outputs have columns of their own."""
    note = outcome.to_note()
    error, outputs = note.pop("error", {}), note.pop("outputs", {})
    return {
        "row": outcome.row,
        "status": outcome.status,
        **{f"input.{utf8(name)}": value for name, value in outcome.input.items()},
        **{f"output.{utf8(name)}": value for name, value in outputs.items()},
        **note,
        "error_type": error.get("type"),
        "error": error.get("message"),
        "job_id": outcome.job_id,
    }


def column_types(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the type of each column, in the order in which they are to stand."""
    found: dict[str, str | None] = {}
    for row in rows:
        for name, value in row.items():
            kind, known = _kind_of(value), found.get(name)
            found[name] = _common(known, kind) if known and kind else known or kind
    inputs = {n: kind or "text" for n, kind in found.items() if n.startswith("input.")}
    outputs = {n: kind or "text" for n, kind in found.items() if n.startswith("output.")}
    return {**_FIRST, **inputs, **outputs, **_LAST}


def _kind_of(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "boolean"
        case int():
            if abs(value) <= 1 << 53:  # beyond it floats have gaps
                return "integer"
            return "long" if -(1 << 63) <= value < 1 << 63 else "json"
        case float():
            return "number"
        case str():
            return "text"
        case _ if is_array(value) and all(isinstance(item, str) for item in value):
            return "texts"
        case _:
            return "json"


def _common(one: str, other: str) -> str:
    if one == other:
        return one
    # A float has room for an integer, and not for a long one.
    wider = {one, other} - {"integer"}
    return wider.pop() if wider in ({"number"}, {"long"}) else "json"


def _cell(value: Any, kind: str) -> Any:
    if value is None or kind not in ("text", "texts", "json"):
        return value
    if kind == "texts":
        return list(map(utf8, value))
    return utf8(value if kind == "text" else json.dumps(value, ensure_ascii=False))


def utf8(text: str) -> str:
    """Return a text as a table takes it."""
    # A table cannot hold a lone surrogate; as an escape it still shows what it was.
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
