"""A row on its way from an input to a call: columns mapped to parameters, text converted, paths resolved."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError
from ..fields.parameters import Parameter
from ..fields.plain import data_uri, plain_fields
from ..fields.refusals import unknown_parameter
from ..media.sources import is_data_uri
from ..shapes import is_array, is_object

_MEDIA = ("image", "audio", "video")


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
        number: Its number among the rows, from 1.
        where: Where it is, for people.
        parameters: The arguments of the call.
        kept: Values that go into the output as they are.
        digest: Shows later whether it is still the same row; empty where the input as a whole is known.
        problems: What is wrong with it, a sentence each.
        row_id: What the journal calls it; defaults to its number.
    """

    number: int
    where: str
    parameters: dict[str, Any] = field(repr=False)
    kept: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    digest: str = ""
    problems: tuple[str, ...] = ()
    row_id: str = ""

    def __post_init__(self) -> None:
        """Name the row by its number."""
        # Rows of a cluster have ids of their own: there a number says nothing about which row it is.
        if not self.row_id:
            object.__setattr__(self, "row_id", str(self.number))


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
        if self.ignore_extra:
            return []
        return [
            name
            for name in names
            if name not in self.parameters and name not in self.mapping and name not in self.keep
        ]

    def read(self, raw: RawRow, digest: str = "") -> Row:
        """Make the arguments of a call of a row's values; what is absent or None is left to the constants."""
        problems: list[str] = []
        given: dict[str, Any] = {}
        for column, value in raw.values.items():
            name = self.mapping.get(column, column)
            if name not in self.parameters or value is None:
                continue
            if name in given:
                problems.append(
                    f"two columns are for {name}; leave one out with --map or rename it"
                )
            given[name] = self._value(self.parameters[name], value)
        unknown = self.unknown(raw.values)
        if unknown:
            problems.append(unknown_columns(unknown, self.parameters))
        kept = plain_fields({c: v for c, v in raw.values.items() if c in self.keep}, data_uri)
        parameters = {**self.constants, **given}
        return Row(raw.number, raw.where, parameters, kept, digest, tuple(problems))

    def _value(self, parameter: Parameter, value: Any) -> Any:
        if self.from_text and isinstance(value, str):
            value = parameter.parse(value)
        if self.folder is None:
            return value
        if parameter.type in _MEDIA:
            return self._resolved(value)
        return self._with_paths(value) if parameter.type == "chat" else value

    def _resolved(self, value: Any) -> Any:
        if is_array(value):
            return [self._resolved(item) for item in value]
        if not isinstance(value, str) or self.folder is None or is_data_uri(value):
            return value
        # An address is not a path; what becomes of it is for the check of the call to say.
        return value if "://" in value[:10] else str(self.folder / value)

    def _with_paths(self, messages: Any) -> Any:
        if not is_array(messages):
            return messages
        return [
            {**message, "content": [self._part(part) for part in message["content"]]}
            if is_object(message) and is_array(message.get("content"))
            else message
            for message in messages
        ]

    def _part(self, part: Any) -> Any:
        if not is_object(part):
            return part
        return {k: self._resolved(v) if k in _MEDIA else v for k, v in part.items()}


def unknown_columns(names: list[str], parameters: Mapping[str, Parameter]) -> str:
    """Say what to do about columns of which nobody said what becomes of them."""
    close = [get_close_matches(name, list(parameters), n=1) for name in names]
    hint = next(
        (f" (did you mean {c[0]} for {n}?)" for n, c in zip(names, close, strict=True) if c), ""
    )
    what = f"column {names[0]} is" if len(names) == 1 else f"columns {_listed(names)} are"
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


def _listed(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(shown[:12]) + (" …" if len(shown) > 12 else "")
