"""What an expression is, as far as it is written in the file: literals, and names that are assigned once."""

import ast
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from aki_runtime.shapes import is_array, is_number

from .bindings import Binding, Bindings, Scope, Use, last_name
from .names import Names

MAX_SIZE = 1_000_000
"""Characters, items or digits that a value may grow to while it is computed."""

_MAX_DEPTH = 40
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
        key: The place of the name: a keyword of a call, or the key of a dict; None where the value has none.
        node: The value, where it is written.
        scope: Where that is.
    """

    key: ast.keyword | ast.expr
    node: ast.expr
    scope: Scope


class Values:
    """The values of one file."""

    def __init__(self, names: Names, bindings: Bindings) -> None:
        self._names = names
        self._all_uses = bindings.uses
        self._uses: dict[str, dict[int, list[Use]]] = {}
        self._changing: dict[int, bool] = {}
        self._looking: set[int] = set()
        self._values: dict[int, Any] = {}
        self._entries: dict[int, tuple[dict[str, Argument], bool]] = {}

    def source(self, node: ast.expr, scope: Scope) -> tuple[ast.expr, Scope]:
        """Return the expression that a name stands for; any other expression is its own."""
        for _ in range(_MAX_DEPTH):
            match node:
                case ast.Constant():  # by far the most
                    return node, scope
                case ast.Subscript(value=held, slice=ast.Constant(value=str() as name)) if (
                    id(node) not in self._looking  # as in a class: sizes = sizes["large"]
                ):
                    self._looking.add(id(node))
                    entries, is_whole = self.entries(held, scope)
                    self._looking.discard(id(node))
                    if not is_whole or name not in entries:
                        return node, scope
                    node, scope = entries[name].node, entries[name].scope
                case ast.NamedExpr(value=value) if _depth(value) == 0:
                    node = value
                case _:
                    sole = self._names.sole(node, scope)
                    if sole is None or sole.value is None or self._changes(node, scope, sole):
                        return node, scope
                    node, scope = sole.value, sole.scope
        return node, scope

    def evaluate(self, node: ast.expr, scope: Scope, depth: int = 0) -> Any:
        """Return the value of an expression; `UNKNOWN` stands for all that is not written down."""
        node, scope = self.source(node, scope)
        # Each once: a name may stand in a sum twice, which stands in another twice.
        if id(node) not in self._values:
            self._values[id(node)] = self._evaluated(node, scope, depth)
        return self._values[id(node)]

    def _evaluated(self, node: ast.expr, scope: Scope, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            return UNKNOWN
        match node:
            case ast.Constant(value=value):
                return value if value is not ... else UNKNOWN  # as in an example
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                value = self.evaluate(operand, scope, depth + 1)
                return -value if isinstance(value, int | float) else UNKNOWN
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                one, other = (self.evaluate(side, scope, depth + 1) for side in (left, right))
                return _computed(op, one, other)
            case ast.List(elts=elts) | ast.Tuple(elts=elts):
                items = [self.evaluate(item, scope, depth + 1) for item in elts]
                return items if not any(isinstance(e, ast.Starred) for e in elts) else UNKNOWN
            case ast.Dict() | ast.Call() | ast.BinOp():
                entries, is_whole = self.entries(node, scope)
                values = {n: self.evaluate(e.node, e.scope, depth + 1) for n, e in entries.items()}
                return values if is_whole else UNKNOWN
            case _:
                return UNKNOWN

    def entries(
        self, node: ast.expr, scope: Scope, depth: int = 0
    ) -> tuple[dict[str, Argument], bool]:
        """Return what a dict holds by name, and whether that is all of it."""
        node, scope = self.source(node, scope)
        if id(node) not in self._entries:
            self._entries[id(node)] = self._entered(node, scope, depth)
        return self._entries[id(node)]

    def _entered(
        self, node: ast.expr, scope: Scope, depth: int
    ) -> tuple[dict[str, Argument], bool]:
        found: dict[str, Argument] = {}
        is_whole = depth < _MAX_DEPTH
        for key, value in self._pairs(node, scope) if is_whole else ():
            if key is None:
                inner, is_known = self.entries(value, scope, depth + 1)
                # What is not known may be given anew by what comes later.
                found = {**found, **inner} if is_known else inner
                is_whole &= is_known
            elif isinstance(key, ast.keyword):
                found[key.arg or ""] = Argument(key, value, scope)
            elif isinstance(name := self.evaluate(key, scope, depth + 1), str):
                found[name] = Argument(key, value, scope)
            else:
                found, is_whole = {}, False
        return found, is_whole and self._is_dict(node, scope)

    def arguments(self, call: ast.Call, scope: Scope) -> tuple[dict[str, Argument], bool]:
        """Return what a call is given by name, and whether that is all of it."""
        found: dict[str, Argument] = {}
        is_whole = True
        for keyword in call.keywords:
            if keyword.arg is not None:
                found[keyword.arg] = Argument(keyword, keyword.value, scope)
                continue
            entries, is_known = self.entries(keyword.value, scope)
            found |= entries
            is_whole &= is_known
        return found, is_whole

    def _pairs(
        self, node: ast.expr, scope: Scope
    ) -> Iterator[tuple[ast.keyword | ast.expr | None, ast.expr]]:
        match node:
            case ast.Dict(keys=keys, values=values):
                yield from zip(keys, values, strict=True)
            case ast.BinOp(op=ast.BitOr(), left=left, right=right):
                yield from ((None, left), (None, right))
            case ast.Call(func=ast.Attribute(value=copied, attr="copy"), args=[]):
                yield None, copied
            case ast.Call(args=args, keywords=keywords) if self._is_dict(node, scope):
                yield from ((None, given) for given in args)
                yield from ((each if each.arg else None, each.value) for each in keywords)
            case _:
                return

    def _is_dict(self, node: ast.expr, scope: Scope) -> bool:
        match node:
            case ast.Dict() | ast.BinOp(op=ast.BitOr()):
                return True
            case ast.Call(func=ast.Attribute(attr="copy")):
                return True
            case ast.Call(func=func):
                ref = self._names.ref(func, scope)
                is_builtin = isinstance(func, ast.Name) and func.id == "dict"
                return ref.kind == "params" if ref else is_builtin and scope.owner("dict") is None
            case _:
                return False

    def _changes(self, node: ast.expr, scope: Scope, binding: Binding) -> bool:
        """Whether the list or dict that a name stands for may be changed after it was made."""
        seen = id(binding)
        if seen not in self._changing:
            depth = _depth(binding.value) if binding.value is not None else 0
            is_followed = isinstance(node, ast.Name) and not binding.shared
            self._changing[seen] = depth > 0 and not (
                is_followed and self._is_left_alone(last_name(node), scope, depth)
            )
        return self._changing[seen]

    def _is_left_alone(self, name: str, scope: Scope, depth: int) -> bool:
        if name not in self._uses:
            # By the scope that they are of, because many have a name of their own.
            for use in self._all_uses.get(name, ()):
                uses = self._uses.setdefault(name, {}).setdefault(id(use.scope.owner(name)), [])
                uses.append(use)
        return all(
            (depth == 1 and use.inner) or self._leaves_alone(use.call, use.scope)
            for use in self._uses.get(name, {}).get(id(scope.owner(name)), ())
        )

    def _leaves_alone(self, call: ast.Call | None, scope: Scope) -> bool:
        if call is None:
            return False
        if isinstance(call.func, ast.Name) and scope.owner(call.func.id) is None:
            return call.func.id in _HARMLESS
        ref = self._names.ref(call.func, scope)
        if ref is None or ref.own is not None:
            return self._names.path(call.func, scope) == "json.dumps"
        return True


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
