"""What an expression is, as far as it is written in the file: literals, and names that are assigned once."""

import ast
import operator
from collections.abc import Callable, Container, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aki_runtime.shapes import is_array, is_number

from .names import Names

MAX_SIZE = 1_000_000
"""Characters, items or digits that a value may grow to while it is computed."""

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Mod: operator.mod,
    ast.Pow: lambda one, other: one**other,
    ast.Div: lambda one, other: one / other,
    ast.FloorDiv: lambda one, other: one // other,
}
_HARMLESS = frozenset({"dict", "len", "list", "print", "repr", "sorted", "str"})
"""Functions of Python that leave their arguments as they are."""


class _Unknown:
    def __repr__(self) -> str:
        return "…"


UNKNOWN: Any = _Unknown()
"""Stands where a value is known while the program runs, not before."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A value that is given under a name.

    Attributes:
        key: The place of the name: a keyword of a call, or the key of a dict.
        node: The value, where it is written.
    """

    key: ast.keyword | ast.expr
    node: ast.expr


Entries = tuple[dict[str, Argument], bool]
"""What is given by name, and whether that is all."""
_Pair = tuple[ast.keyword | ast.expr | None, ast.expr]
"""A name and its value; None before a dict that is unpacked."""


class Values:
    """The values of one file. While one is looked up, and behind all that Python can nest, it is not known."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._sources: dict[ast.expr, ast.expr] = {}
        self._values: dict[ast.expr, Any] = {}
        self._entries: dict[ast.expr, Entries] = {}
        self._changing: dict[ast.expr, bool] = {}

    def source(self, node: ast.expr) -> ast.expr:
        """Return the expression that a name stands for; any other expression is its own."""
        if isinstance(node, ast.Constant):  # by far the most
            return node
        if node not in self._sources:
            self._sources[node] = node
            value = self._stands_for(node)
            if value is not None:
                self._sources[node] = self.source(value)
        return self._sources[node]

    def _stands_for(self, node: ast.expr) -> ast.expr | None:
        match node:
            case ast.Subscript(value=held, slice=ast.Constant(value=str() as name)):
                entries, is_whole = self.entries(held)
                return entries[name].node if is_whole and name in entries else None
            case ast.NamedExpr(value=value) if _depth(value) == 0:
                return value
            case _:
                sole = self.names.sole(node)
                return sole if sole is not None and not self._changes(node, sole) else None

    def evaluate(self, node: ast.expr) -> Any:
        """Return the value of an expression; `UNKNOWN` stands for all that is not written down."""
        node = self.source(node)
        # Each once: a name may stand in a sum twice, which stands in another twice.
        if node not in self._values:
            self._values[node] = UNKNOWN  # while it is looked up, as in x = x + 1
            with suppress(RecursionError):
                self._values[node] = self._evaluated(node)
        return self._values[node]

    def _evaluated(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return value if value is not ... else UNKNOWN  # as in an example
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                value = self.evaluate(operand)
                return -value if isinstance(value, int | float) else UNKNOWN
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return _computed(op, self.evaluate(left), self.evaluate(right))
            case ast.List(elts=elts) | ast.Tuple(elts=elts):
                is_open = any(isinstance(item, ast.Starred) for item in elts)
                return UNKNOWN if is_open else [self.evaluate(item) for item in elts]
            case _:
                entries, is_whole = self.entries(node)
                values = {name: self.evaluate(entry.node) for name, entry in entries.items()}
                return values if is_whole else UNKNOWN

    def entries(self, node: ast.expr) -> Entries:
        """Return what a dict holds by name, and whether that is all of it."""
        node = self.source(node)
        if node not in self._entries:
            self._entries[node] = {}, False
            pairs = self._pairs(node)
            if pairs is not None:
                self._entries[node] = self._collected(pairs)
        return self._entries[node]

    def arguments(self, call: ast.Call) -> Entries:
        """Return what a call is given by name, and whether that is all of it."""
        return self._collected(_keywords(call), is_call=True)

    def _collected(self, pairs: Iterable[_Pair], *, is_call: bool = False) -> Entries:
        found: dict[str, Argument] = {}
        is_whole = True
        for key, value in pairs:
            if key is None:
                inner, is_known = self.entries(value)
                # What is not known of a dict may be given anew by what comes later; no call is given a name twice.
                found = {**found, **inner} if is_known or is_call else inner
                is_whole &= is_known
            elif isinstance(key, ast.keyword):
                found[key.arg or ""] = Argument(key, value)
            elif isinstance(name := self.evaluate(key), str):
                found[name] = Argument(key, value)
            else:
                found, is_whole = {}, False
        return found, is_whole

    def _pairs(self, node: ast.expr) -> list[_Pair] | None:
        """Return what a dict is written as; None where it is none."""
        match node:
            case ast.Dict(keys=keys, values=values):
                return [*zip(keys, values, strict=True)]
            case ast.BinOp(op=ast.BitOr(), left=left, right=right):
                return [(None, left), (None, right)]
            case ast.Call(func=ast.Attribute(value=copied, attr="copy"), args=[]):
                return [(None, copied)]
            case ast.Call(func=func, args=args) if self._makes_dict(func):
                return [*((None, given) for given in args), *_keywords(node)]
            case _:
                return None

    def _makes_dict(self, func: ast.expr) -> bool:
        ref = self.names.ref(func)
        return ref.kind == "params" if ref is not None else self._is_builtin(func, {"dict"})

    def _is_builtin(self, node: ast.expr, names: Container[str]) -> bool:
        if not isinstance(node, ast.Name) or node.id not in names:
            return False
        return self.names.scopes.owner(node) is None

    def _changes(self, node: ast.expr, value: ast.expr) -> bool:
        """Whether the list or dict that a name stands for may be changed after it was made."""
        if value not in self._changing:
            self._changing[value] = not self._is_left_alone(node, value)
        return self._changing[value]

    def _is_left_alone(self, node: ast.expr, value: ast.expr) -> bool:
        depth = _depth(value)
        if depth == 0:
            return True
        if not isinstance(node, ast.Name) or self.names.scopes.is_shared(value):
            return False
        return all(
            (depth == 1 and is_inner) or (call is not None and self._leaves_alone(call.func))
            for call, is_inner in self.names.scopes.uses(node)
        )

    def _leaves_alone(self, func: ast.expr) -> bool:
        """Whether what is called leaves its arguments as they are."""
        if self._is_builtin(func, _HARMLESS):
            return True
        ref = self.names.ref(func)
        is_harmless = self.names.path(func) == "json.dumps"
        return is_harmless if ref is None or ref.own is not None else True


def _keywords(call: ast.Call) -> list[_Pair]:
    return [(keyword if keyword.arg else None, keyword.value) for keyword in call.keywords]


def _depth(value: ast.expr) -> int:
    """Return how many lists, dicts or results of calls an expression is made of; 0 for what cannot change."""
    is_union = isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr)
    return is_union + sum(isinstance(n, ast.List | ast.Dict | ast.Call) for n in ast.walk(value))


def _computed(op: ast.operator, one: Any, other: Any) -> Any:
    length = len(one) if isinstance(one, str | bytes) or is_array(one) else None
    if is_number(one) and is_number(other):
        is_small = max(abs(one), abs(other)) < (100 if isinstance(op, ast.Pow) else 10**100)
    elif isinstance(op, ast.Add):  # texts and lists are joined
        is_small = length is not None and type(one) is type(other)
        is_small = is_small and (length or 0) + len(other) <= MAX_SIZE
    else:  # or repeated
        is_small = isinstance(op, ast.Mult) and isinstance(other, int) and length is not None
        is_small = is_small and (length or 0) * other <= MAX_SIZE
    try:
        return _OPERATORS[type(op)](one, other) if is_small else UNKNOWN
    except (ArithmeticError, ValueError):
        return UNKNOWN
