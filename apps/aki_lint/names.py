"""What names stand for: a name that is bound to two different things stands for nothing.

It knows generated packages by their names and the classes of the file by what is bound in them, and nothing of what a
call may be given.
"""

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from .bindings import HOLDERS, Binding, Bindings, Kind, Ref, Scope, last_name
from .packages import Packages

_PARTS: dict[str, Kind] = {"Input": "input", "Params": "params"}
_MADE: dict[Kind, Kind] = {
    "class": "client",
    "input": "inputs",
    "params": "inputs",
    "validate": "inputs",
}
"""What a call of something returns."""
_MEMBERS: dict[tuple[Kind, str], Kind] = {
    ("package", "Aki"): "class",
    ("package", "AsyncAki"): "class",
    ("package", "client"): "package",
    ("package", "endpoints"): "endpoints",
    ("package", "models"): "models",
    ("package", "batch"): "batch",
    ("endpoints", "aio"): "endpoints",
    ("client", "with_options"): "options",
    ("endpoint", "with_options"): "options",
    ("endpoint", "stream"): "endpoint",
    ("endpoint", "submit"): "endpoint",
    ("input", "model_validate"): "validate",
    **dict.fromkeys(
        (("batch", name) for name in ("run", "arun", "stream", "check", "acheck")), "rows"
    ),
}
"""What an attribute is, by what it is of; endpoints and models have the names that a package gives them."""
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

_ITSELF = Ref("options")
"""Stands for a name while it is looked up."""


class Names:
    """The names of one file."""

    def __init__(self, bindings: Bindings, packages: Packages) -> None:
        self._bindings = bindings
        self._packages = packages
        self._found: dict[tuple[int, str], Ref | None] = {}

    def ref(self, node: ast.AST, scope: Scope) -> Ref | None:
        """Return what of a generated package an expression stands for; None where nothing, or it is not sure."""
        match node:
            case ast.Name(id=name):
                owner = scope.owner(name)
                if owner is None:
                    found = (self._imported(f"{module}.{name}") for module in self._bindings.all_of)
                    return next(filter(None, found), None)
                return self._once(owner, name, lambda: self._same(owner.bound[name]))
            case ast.Attribute(value=value, attr=attr):
                base = self.ref(value, scope)
                return self._member(base, attr) if base is not None else None
            case ast.Call():
                called = self.ref(node.func, scope)
                return self._foreign(node, scope) if called is None else self._made(called)
            case ast.Await(value=value) | ast.NamedExpr(value=value):
                return self.ref(value, scope)
            case ast.BoolOp(values=each):
                return self._agreed(each, scope)
            case ast.IfExp(body=one, orelse=other):
                return self._agreed((one, other), scope)
            case _:
                return None

    def path(self, node: ast.AST, scope: Scope) -> str:
        """Return the full name of something that is imported; empty where it is not, or not sure."""
        if isinstance(node, ast.Attribute):
            base = self.path(node.value, scope)
            return f"{base}.{node.attr}" if base else ""
        owner = scope.owner(node.id) if isinstance(node, ast.Name) else None
        bindings = owner.bound[last_name(node)] if owner is not None else []
        return bindings[0].path if len(bindings) == 1 else ""

    def sole(self, node: ast.expr, scope: Scope) -> Binding | None:
        """Return where a name, or an attribute of a class without bases, gets its value, if in one place alone."""
        bindings: list[Binding] = []
        if isinstance(node, ast.Name):
            owner = scope.owner(node.id)
            bindings = owner.bound[node.id] if owner is not None else []
        # `self` and `cls` may be of a subclass.
        elif isinstance(node, ast.Attribute) and last_name(node.value) not in HOLDERS:
            of = self.ref(node.value, scope)
            if of is not None and of.kind == "class" and of.own is not None and not of.own.bases:
                bindings = [*of.own.bound.get(node.attr, ()), *self._other(of.own, node.attr)]
        return bindings[0] if len(bindings) == 1 and not bindings[0].entered else None

    def _once(self, scope: Scope, name: str, find: Callable[[], Ref | None]) -> Ref | None:
        key = id(scope), name
        if key not in self._found:
            self._found[key] = _ITSELF  # as in client = client.with_options()
            self._found[key] = find()
        return self._found[key]

    def _same(self, bindings: Sequence[Binding]) -> Ref | None:
        """Return what all bindings of a name stand for; one to None says that it has nothing yet."""
        return _only(
            self._of_binding(binding)
            for binding in bindings
            if binding.annotation is not None or not _is_none(binding.value)
        )

    def _agreed(self, values: Iterable[ast.expr], scope: Scope) -> Ref | None:
        return _only(self.ref(value, scope) for value in values if not _is_none(value))

    def _of_binding(self, binding: Binding) -> Ref | None:
        if binding.value is not None and (ref := self.ref(binding.value, binding.scope)):
            return ref if not binding.entered or self._enters_itself(ref) else None
        if binding.annotation is not None:
            found = self.declared_as(binding.annotation, binding.scope)
            if found is None or not binding.makes:
                return self._made(found) if found is not None else None
            return found if found.kind == "class" else None
        if binding.returned:
            made = _only(self.ref(v, scope) for v, scope in binding.returned if not _is_none(v))
            if made is None or not binding.makes:
                return made
            return replace(made, kind="class") if made.kind == "client" else None
        return self._imported(binding.path) if binding.path else binding.ref

    def _enters_itself(self, ref: Ref) -> bool:
        own: set[str] = set(ref.own.bound) if ref.own is not None else set()
        is_client = ref.kind == "client" and self._member(ref, "with_options") is not None
        return is_client and not own & {"__enter__", "__aenter__"}

    def _made(self, called: Ref) -> Ref | None:
        """Return what a call returns."""
        if called is _ITSELF:
            return called
        if called.kind == "options":
            return replace(called, kind="endpoint" if called.name else "client")
        kind = _MADE.get(called.kind)
        return replace(called, kind=kind) if kind else None

    def _foreign(self, call: ast.Call, scope: Scope) -> Ref | None:
        """Return what a function of the standard library hands on of its arguments."""
        if not call.args:
            return None
        path = self.path(call.func, scope)
        if path in _CLOSING or (
            isinstance(call.func, ast.Attribute) and call.func.attr in _ENTERING
        ):
            return self.ref(call.args[0], scope)
        if path == "functools.partial":
            ref = self.ref(call.args[0], scope)
            return (
                replace(ref, kind="partial") if ref is not None and ref.kind == "endpoint" else None
            )
        found = self.declared_as(call.args[0], scope) if path == "typing.cast" else None
        return self._made(found) if found is not None else None

    def declared_as(self, annotation: ast.expr, scope: Scope) -> Ref | None:
        """Return the class, of a generated package or of the file, that an annotation names."""
        match annotation:
            case ast.Constant(value=str() as text):
                try:
                    return self.declared_as(ast.parse(text, mode="eval").body, scope)
                except (SyntaxError, ValueError):
                    return None
            case ast.BinOp(left=left, right=right):  # Aki | None
                return self._union((left, right), scope)
            case ast.Subscript(value=value, slice=ast.Tuple(elts=each)) if (
                last_name(value) == "Union"
            ):
                return self._union(each, scope)
            case ast.Subscript(value=value, slice=inner) if last_name(value) in _WRAPPERS:
                first = inner.elts[0] if isinstance(inner, ast.Tuple) and inner.elts else inner
                return self.declared_as(first, scope)
            case _:
                found = self.ref(annotation, scope)
                return (
                    found
                    if found is not None and found.kind in ("class", *_PARTS.values())
                    else None
                )

    def _union(self, parts: Iterable[ast.expr], scope: Scope) -> Ref | None:
        return _only(self.declared_as(part, scope) for part in parts if not _is_none(part))

    def _attribute(self, body: Scope, name: str) -> Ref | None:
        if name in body.attributes or name in body.bound:
            return self._same([*body.bound.get(name, ()), *self._other(body, name)])
        for base in body.bases:
            ref = self.ref(base, body.parent or body)
            if ref is None or ref.kind != "class":
                return None  # it may have the attribute
            found = self._member(replace(ref, kind="client"), name)
            if found is not None:
                return found
        return None

    def _other(self, body: Scope, name: str) -> list[Binding]:
        """Return where an attribute of a class's instances is set, outside the class's own body."""
        return [*body.attributes.get(name, ()), *self._bindings.replaced.get(name, ())]

    def _imported(self, path: str) -> Ref | None:
        """Return what of a generated package the full name of something imported stands for."""
        top, *names = path.split(".")
        ref = Ref("package", top) if top in self._packages else None
        for name in names:
            ref = self._member(ref, name) if ref is not None else None
        return ref

    def _member(self, base: Ref, name: str) -> Ref | None:
        if base is _ITSELF:
            return base if name == "with_options" else None
        if base.own is not None:
            body = base.own
            return self._once(body, f".{name}", lambda: self._attribute(body, name))
        if name in self._bindings.replaced:
            return None
        kind = _MEMBERS.get((base.kind, name))
        if kind is not None:
            return replace(base, kind=kind)
        package = self._packages[base.package]
        match base.kind:
            case "endpoints" if name.startswith("_"):
                # A module of one endpoint holds its models, and the endpoint itself, not bound to a client.
                return Ref("models", base.package)
            case "endpoints" | "client" if name in package.names:
                return Ref("endpoint", base.package, name)
            case "models":
                for end, of in _PARTS.items():
                    endpoint = package.models.get(name.removesuffix(end))
                    if endpoint is not None and name.endswith(end):
                        return Ref(of, base.package, endpoint)
            case _:
                pass
        return None


def _only(refs: Iterable[Ref | None]) -> Ref | None:
    """Return what all are, if they are one; what is being looked up says nothing."""
    found = set(refs) - {_ITSELF}
    return found.pop() if len(found) == 1 else None


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
