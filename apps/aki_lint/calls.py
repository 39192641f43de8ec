"""All that a file gives to endpoints: by calls, as rows of a batch, and in what is declared or made as their input."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .packages import KnownEndpoint
from .scopes import last_name
from .values import Argument, Values

_HANDING_ON = frozenset({"functools.partial", "asyncio.to_thread"})
"""Functions that call their first argument with the others."""
_CALLED = ("endpoint", "partial", "input", "params", "validate")
_OF_BATCHES = frozenset({"columns", "constants", "keep", "ignore_extra"})
"""Settings of a batch by which a row may hold other things than an endpoint's parameters."""


@dataclass(frozen=True, slots=True)
class FoundCall:
    """What a text gives to an endpoint.

    Attributes:
        endpoint: The endpoint.
        node: The call, or the dict that is declared as its parameters.
        entries: What is given, by name.
        is_whole: Whether nothing else is.
        unnamed: What is given without a name, which is refused.
    """

    endpoint: KnownEndpoint
    node: ast.expr
    entries: Mapping[str, Argument]
    is_whole: bool
    unnamed: tuple[ast.expr, ...] = ()


def calls_in(values: Values) -> Iterator[FoundCall]:
    """Return what a file gives to endpoints, but where it expects the refusal."""
    names, scopes = values.names, values.names.scopes
    for annotation, value in scopes.declared:
        endpoint = names.endpoint(names.declared_as(annotation), "params")
        if endpoint is not None:
            entries, _ = values.entries(value)
            yield FoundCall(endpoint, value, entries, is_whole=False)
    for target, value in scopes.assigned:
        endpoint = names.endpoint(names.ref(target.value), "inputs")
        if endpoint is not None:
            given = _assigned(values, endpoint, target, value)
            yield FoundCall(endpoint, target, given, is_whole=False)
    for call in scopes.calls:
        found = [*_given_by(values, call)]
        yield from found if found and not scopes.is_refusal_expected(call) else ()


def _given_by(values: Values, call: ast.Call) -> Iterator[FoundCall]:
    ref = values.names.ref(call.func)
    if ref is None:
        yield from _handed_on(values, call)
    elif ref.kind == "rows":
        yield from _rows(values, call)
    elif (endpoint := values.names.endpoint(ref, *_CALLED)) is not None:
        yield _called(values, endpoint, ref.kind, call)


def _called(values: Values, endpoint: KnownEndpoint, kind: str, call: ast.Call) -> FoundCall:
    if kind == "validate":
        written = call.args[0] if call.args else call
        return FoundCall(endpoint, call, *values.entries(written))
    entries, is_known = values.arguments(call)
    is_whole = is_known and not call.args and kind in ("endpoint", "input")
    unnamed = _unnamed(call.args) if kind in ("endpoint", "partial") else ()
    return FoundCall(endpoint, call, entries, is_whole, unnamed)


def _handed_on(values: Values, call: ast.Call) -> Iterator[FoundCall]:
    names = values.names
    # An executor may have settings of its own beside what it hands on.
    is_submitted = last_name(call.func) == "submit"
    if not call.args or not (is_submitted or names.path(call.func) in _HANDING_ON):
        return
    endpoint = names.endpoint(names.ref(call.args[0]), "endpoint", "partial")
    if endpoint is not None:
        entries, _ = values.arguments(call)
        if is_submitted:
            entries = _known_to(endpoint, entries)
        unnamed = () if is_submitted else _unnamed(call.args[1:])
        yield FoundCall(endpoint, call, entries, False, unnamed)


def _assigned(
    values: Values, endpoint: KnownEndpoint, target: ast.Attribute | ast.Subscript, value: ast.expr
) -> Mapping[str, Argument]:
    if isinstance(target, ast.Attribute):
        # A model has other attributes than its fields.
        return _known_to(endpoint, {target.attr: Argument(target, value)})
    name = values.evaluate(target.slice)
    return {name: Argument(target.slice, value)} if isinstance(name, str) else {}


def _rows(values: Values, call: ast.Call) -> Iterator[FoundCall]:
    named = {keyword.arg or "": keyword.value for keyword in call.keywords}
    given = dict(zip(("endpoint", "rows"), call.args, strict=False)) | named
    rows, of = given.get("rows"), given.get("endpoint")
    endpoint = values.names.endpoint(values.names.ref(of), "endpoint") if of else None
    if endpoint is None or rows is None or {"", "columns"} & named.keys():
        return
    listed = values.source(rows)
    for row in listed.elts if isinstance(listed, ast.List | ast.Tuple) else ():
        entries, is_whole = values.entries(row)
        if _OF_BATCHES & named.keys():
            entries, is_whole = _known_to(endpoint, entries), False
        yield FoundCall(endpoint, row, entries, is_whole)


def _known_to(endpoint: KnownEndpoint, entries: Mapping[str, Argument]) -> dict[str, Argument]:
    return {name: entry for name, entry in entries.items() if name in endpoint.parameters}


def _unnamed(args: Sequence[ast.expr]) -> tuple[ast.expr, ...]:
    """Return what is given without a name, as far as it is written out."""
    is_open = any(isinstance(each, ast.Starred) for each in args)
    # What stands for whatever, as in an example, is not meant.
    is_example = any(isinstance(each, ast.Constant) and each.value is ... for each in args)
    return () if is_open or is_example else tuple(args)
