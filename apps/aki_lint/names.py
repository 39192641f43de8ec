"""What names stand for: a name that is bound to two different things stands for nothing.

It knows generated packages by their names and the classes of the file by what is bound in them, and nothing of what a
call may be given.
"""

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from .packages import KnownEndpoint, Packages
from .scopes import HOLDERS, Scope, Scopes, last_name, written

_CALLED = "()"
_MEMBERS = {
    ("package", "Aki"): "class",
    ("package", "AsyncAki"): "class",
    ("package", "client"): "package",
    ("package", "endpoints"): "endpoints",
    ("package", "models"): "models",
    ("package", "batch"): "batch",
    ("endpoints", "aio"): "endpoints",
    ("class", _CALLED): "client",
    ("client", "with_options"): "client's options",
    ("client's options", _CALLED): "client",
    ("endpoint", "with_options"): "endpoint's options",
    ("endpoint's options", _CALLED): "endpoint",
    ("endpoint", "stream"): "endpoint",
    ("endpoint", "submit"): "endpoint",
    ("input", "model_validate"): "validate",
    ("input", _CALLED): "inputs",
    ("params", _CALLED): "inputs",
    ("validate", _CALLED): "inputs",
    ("itself", "with_options"): "itself",
    ("itself", _CALLED): "itself",
    **{("batch", name): "rows" for name in ("run", "arun", "stream", "check", "acheck")},
}
"""What an attribute or a call is, by what it is of; endpoints and models have the names that a package gives them."""
_PARTS = {"Input": "input", "Params": "params"}
_DECLARED = frozenset({"class", "input", "params"})
_WRAPPERS = frozenset(
    [
        "Annotated",
        "AsyncGenerator",
        "AsyncIterator",
        "ClassVar",
        "Final",
        "Generator",
        "Iterator",
        "Optional",
    ]
)
_ENTERING = frozenset({"enter_context", "enter_async_context"})
_CLOSING = frozenset({"contextlib.closing", "contextlib.aclosing"})


@dataclass(frozen=True, slots=True)
class Ref:
    """What of a generated package an expression stands for.

    Attributes:
        kind: A module (package, endpoints, models, batch); a class of clients, or a function that returns one (class);
            a client; an endpoint, or a partial of one; what `with_options` of these two is; the models of what an
            endpoint takes (input, params), what else makes one (validate), and one of them (inputs); what takes rows.
        package: The package's name.
        name: The endpoint's name in Python, where it is about one.
        own: A class of the file itself, which "class" and "client" are about then.
    """

    kind: str
    package: str = ""
    name: str = ""
    own: Scope | None = None


_ITSELF = Ref("itself")
"""Stands for a name while it is looked up, as in client = client.with_options()."""


class Names:
    """The names of one file."""

    def __init__(self, scopes: Scopes, packages: Packages) -> None:
        self.scopes = scopes
        self._packages = packages
        self._found: dict[tuple[Scope, str], Ref | None] = {}

    def endpoint(self, ref: Ref | None, *kinds: str) -> KnownEndpoint | None:
        """Return the endpoint of something that is of some kinds; None where it is not, or nothing is known of it."""
        if ref is None or ref.kind not in kinds or not ref.name:
            return None
        return self._packages[ref.package].endpoint(ref.name)

    def ref(self, node: ast.AST) -> Ref | None:
        """Return what of a generated package an expression stands for; None where nothing, or it is not sure."""
        match node:
            case ast.Name(id=name):
                owner = self.scopes.owner(node)
                if owner is None:
                    found = (self._imported(f"{module}.{name}") for module in self.scopes.stars)
                    return next(filter(None, found), None)
                return self._once(owner, name, lambda: self._agreed(owner.bound[name], self._bound))
            case ast.Attribute(value=value, attr=attr):
                return self._member(self.ref(value), attr)
            case ast.Call():
                called = self.ref(node.func)
                return self._member(called, _CALLED) if called else self._handed_on(node)
            case ast.Await(value=value) | ast.NamedExpr(value=value):
                return self.ref(value)
            case ast.BoolOp(values=values):
                return self._agreed(values, self.ref)
            case ast.IfExp(body=one, orelse=other):
                return self._agreed((one, other), self.ref)
            case _:
                return None

    def path(self, node: ast.AST) -> str:
        """Return the full name of something that is imported; empty where it is not, or not sure."""
        if isinstance(node, ast.Attribute):
            base = self.path(node.value)
            return f"{base}.{node.attr}" if base else ""
        owner = self.scopes.owner(node) if isinstance(node, ast.Name) else None
        match owner.bound[last_name(node)] if owner is not None else ():
            case [ast.alias() as alias]:
                return self.scopes.path(alias)
            case _:
                return ""

    def sole(self, node: ast.AST) -> ast.expr | None:
        """Return what a name, or an attribute of a class without bases, gets, if in one place alone."""
        given: list[ast.AST] = []
        if isinstance(node, ast.Name):
            owner = self.scopes.owner(node)
            given = owner.bound[node.id] if owner is not None else []
        # `self` and `cls` may be of a subclass.
        elif isinstance(node, ast.Attribute) and last_name(node.value) not in HOLDERS:
            of = self.ref(node.value)
            if of is not None and of.kind == "class" and of.own is not None and not of.own.bases:
                given = [*of.own.bound.get(node.attr, ())]
                given += self.scopes.set_from(node.attr, of.own, None)
        return written(given[0]) if len(given) == 1 else None

    def declared_as(self, annotation: ast.expr) -> Ref | None:
        """Return the class, of a generated package or of the file, that an annotation names."""
        match annotation:
            case ast.Constant(value=str() as text):
                try:
                    parsed = ast.parse(text, mode="eval").body
                except (SyntaxError, ValueError):
                    return None
                self.scopes.add(parsed, self.scopes.around(annotation))
                return self.declared_as(parsed)
            case ast.BinOp(left=left, right=right):  # Aki | None
                return self._agreed((left, right), self.declared_as)
            case ast.Subscript(value=value, slice=ast.Tuple(elts=each)) if (
                last_name(value) == "Union"
            ):
                return self._agreed(each, self.declared_as)
            case ast.Subscript(value=value, slice=inner) if last_name(value) in _WRAPPERS:
                first = inner.elts[0] if isinstance(inner, ast.Tuple) and inner.elts else inner
                return self.declared_as(first)
            case _:
                found = self.ref(annotation)
                return found if found is not None and found.kind in _DECLARED else None

    def _once(self, scope: Scope, name: str, find: Callable[[], Ref | None]) -> Ref | None:
        key = scope, name
        if key not in self._found:
            self._found[key] = _ITSELF
            self._found[key] = find()
        return self._found[key]

    def _agreed(self, nodes: Iterable[Any], find: Callable[[Any], Ref | None]) -> Ref | None:
        """Return what all are, if they are one; None among them, and what is looked up, says nothing."""
        found = {find(node) for node in nodes if not _is_none(node)} - {_ITSELF}
        return found.pop() if len(found) == 1 else None

    def _bound(self, given: ast.AST) -> Ref | None:
        """Return what a name stands for that gets this, as in `Scope.bound`."""
        match given:
            case ast.AnnAssign(annotation=annotation, value=value):
                found = self.ref(value) if value is not None else None
                return found or self._made(annotation)
            case ast.arg(annotation=ast.expr() as annotation):
                return self._made(annotation)
            case ast.arg(arg=name) if name in HOLDERS:
                around = self.scopes.around(given)
                return Ref(HOLDERS[name], own=around) if around.is_class else None
            case ast.withitem(context_expr=entered):
                found = self.ref(entered)
                return found if found is not None and self._enters_itself(found) else None
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                returned = self.scopes.inner[given].returned
                made = (
                    self._made(given.returns) if given.returns else self._agreed(returned, self.ref)
                )
                if any("property" in last_name(each) for each in given.decorator_list):
                    return made
                return (
                    replace(made, kind="class")
                    if made is not None and made.kind == "client"
                    else None
                )
            case ast.ClassDef():
                return Ref("class", own=self.scopes.inner[given])
            case ast.alias():
                return self._imported(self.scopes.path(given))
            case _:
                return self.ref(given)

    def _made(self, annotation: ast.expr) -> Ref | None:
        """Return what is declared to be an instance of a class."""
        return self._member(self.declared_as(annotation), _CALLED)

    def _enters_itself(self, ref: Ref) -> bool:
        own: set[str] = set(ref.own.bound) if ref.own is not None else set()
        is_client = ref.kind == "client" and self._member(ref, "with_options") is not None
        return is_client and not own & {"__enter__", "__aenter__"}

    def _handed_on(self, call: ast.Call) -> Ref | None:
        """Return what a function of the standard library hands on of its arguments."""
        if not call.args:
            return None
        first, path = call.args[0], self.path(call.func)
        if path == "typing.cast":
            return self._made(first)
        ref = self.ref(first)
        if path == "functools.partial":
            return replace(ref, kind="partial") if ref and ref.kind == "endpoint" else None
        is_entering = isinstance(call.func, ast.Attribute) and call.func.attr in _ENTERING
        return ref if is_entering or path in _CLOSING else None

    def _imported(self, path: str) -> Ref | None:
        """Return what of a generated package the full name of something imported stands for."""
        top, *names = path.split(".")
        ref = Ref("package", top) if top in self._packages else None
        for name in names:
            ref = self._member(ref, name)
        return ref

    def _member(self, base: Ref | None, name: str) -> Ref | None:
        """Return what an attribute is, or the result of a call."""
        if base is None:
            return None
        if base.own is not None and name != _CALLED:
            body = base.own
            return self._once(body, f".{name}", lambda: self._attribute(body, name))
        if self.scopes.set_from(name, None):  # replaced, as in tests
            return None
        kind = _MEMBERS.get((base.kind, name))
        package = self._packages.get(base.package)
        if kind is not None or package is None:
            return replace(base, kind=kind) if kind is not None else None
        if base.kind == "endpoints" and name.startswith("_"):
            # A module of one endpoint holds its models, and the endpoint itself, not bound to a client.
            return Ref("models", base.package)
        if base.kind in ("endpoints", "client") and name in package.names:
            return Ref("endpoint", base.package, name)
        for end, kind in _PARTS.items() if base.kind == "models" else ():
            found = package.models.get(name.removesuffix(end))
            if found is not None and name.endswith(end):
                return Ref(kind, base.package, found)
        return None

    def _attribute(self, body: Scope, name: str) -> Ref | None:
        """Return what an attribute of a class of the file is, or of an instance."""
        own = [*body.bound.get(name, ()), *self.scopes.set_from(name, body)]
        if own:
            return self._agreed([*own, *self.scopes.set_from(name, None)], self._bound)
        for base in body.bases:
            ref = self.ref(base)
            if ref is None or ref.kind != "class":
                return None  # it may have the attribute
            found = self._member(replace(ref, kind="client"), name)
            if found is not None:
                return found
        return None


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
