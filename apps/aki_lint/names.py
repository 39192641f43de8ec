"""What names stand for in a file: one walk collects scopes, bindings and calls, and names are looked up afterwards.

A name that is bound to two different things stands for nothing. It knows generated packages by their names and the
classes of the file by what is bound in them, and nothing of what a call may be given.
"""

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from .packages import Packages

Kind = Literal[
    "package",
    "endpoints",
    "models",
    "batch",
    "class",
    "client",
    "endpoint",
    "options",
    "partial",
    "input",
    "params",
    "validate",
    "inputs",
    "rows",
]
"""A module; a class of clients, or what returns one; one of these; an endpoint of one, and `with_options` and a partial
of that; the models of what it takes, what makes an instance of one, and such an instance; what takes rows."""

_MODULES: dict[str, Kind] = {
    "": "package",
    "client": "package",
    "endpoints": "endpoints",
    "endpoints.aio": "endpoints",
    "models": "models",
    "batch": "batch",
}
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
_HOLDERS: dict[str, Kind] = {"self": "client", "cls": "class"}
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
_PATCHING = frozenset({"setattr", "delattr", "patch", "object"})


@dataclass(frozen=True, slots=True)
class Ref:
    """What of a generated package an expression stands for.

    Attributes:
        kind: What it is; a class or a function that returns a client is a "class".
        package: The package's name.
        name: The endpoint's name in Python, where it is about one.
        own: A class of the file itself, which "class" and "client" are about then.
    """

    kind: Kind
    package: str = ""
    name: str = ""
    own: "Scope | None" = None


_ITSELF = Ref("options")
"""Stands for a name while it is looked up."""


@dataclass(slots=True)
class Binding:
    """One place where a name gets what it stands for."""

    scope: "Scope"
    value: ast.expr | None = None
    annotation: ast.expr | None = None
    ref: Ref | None = None
    path: str = ""  # of what is imported
    makes: bool = False  # a function: what is known is what it returns
    returned: list[tuple[ast.expr, "Scope"]] = field(default_factory=list[tuple[ast.expr, "Scope"]])
    entered: bool = False  # by `with`: the value is not the name's own
    shared: bool = False  # with other names


@dataclass(slots=True, eq=False)
class Scope:
    """A module, class or function, and what is bound in it."""

    parent: "Scope | None" = None
    is_class: bool = False
    bases: tuple[ast.expr, ...] = ()
    bound: dict[str, list[Binding]] = field(default_factory=dict[str, list[Binding]])
    attributes: dict[str, list[Binding]] = field(default_factory=dict[str, list[Binding]])
    elsewhere: dict[str, "Scope"] = field(default_factory=dict[str, "Scope"])  # global, nonlocal

    def owner(self, name: str) -> "Scope | None":
        """Return the scope in which a name that is read here is bound."""
        scope: Scope | None = self.elsewhere.get(name, self)
        while scope is not None:
            if name in scope.bound and (scope is self or not scope.is_class):
                return scope
            scope = scope.parent
        return None

    def bind(self, name: str, binding: Binding) -> None:
        """Note what a name gets."""
        self.elsewhere.get(name, self).bound.setdefault(name, []).append(binding)


@dataclass(frozen=True, slots=True)
class Use:
    """A place where a name is read in a way that could let its value change: handed to a call, or otherwise."""

    scope: Scope
    call: ast.Call | None = None
    inner: bool = False  # at most what is within the value can change


class Names(ast.NodeVisitor):
    """The names of one file.

    Attributes:
        calls: Every call, with its scope, in the order of the file, but those whose refusal the file expects.
        declared: Values of names and results whose annotation is given, with their scopes.
        assigned: Values that attributes and items get, with their scopes.
        uses: Where names are read so that a list or dict could be changed.
    """

    def __init__(self, tree: ast.Module, packages: Packages) -> None:
        self.calls: list[tuple[ast.Call, Scope]] = []
        self.declared: list[tuple[ast.expr, ast.expr, Scope]] = []
        self.assigned: list[tuple[ast.Attribute | ast.Subscript, ast.expr, Scope]] = []
        self.uses: dict[str, list[Use]] = {}
        self._packages = packages
        self._scope = Scope()
        self._function = Binding(self._scope)
        self._is_expected: bool = False
        self._replaced: dict[str, list[Binding]] = {}  # attributes of whatever, as in tests
        self._found: dict[tuple[int, str], Ref | None] = {}
        self._visit_all(tree.body)

    # -- collecting

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        return

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._use(node, Use(self._scope))
        else:
            self._bind_nothing(node.id)

    def _use(self, node: ast.expr, use: Use) -> None:
        if isinstance(node, ast.Name):
            self.uses.setdefault(node.id, []).append(use)
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            self._use(node.value, replace(use, inner=True))
            self.visit(node.slice)
        else:
            self.visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._set_attribute(node, Binding(self._scope))
        is_reading = isinstance(node.ctx, ast.Load) and node.attr in _READING
        self._use(node.value, Use(self._scope, inner=is_reading))

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self._use(node.value, Use(self._scope, inner=isinstance(node.ctx, ast.Load)))
        self.visit(node.slice)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self._use(node.left, Use(self._scope, inner=True))
        self._use(node.right, Use(self._scope, inner=True))

    def visit_Dict(self, node: ast.Dict) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                self._use(value, Use(self._scope, inner=True))
            else:
                self.visit(key)
                self.visit(value)

    def visit_Call(self, node: ast.Call) -> None:
        if not self._is_expected:
            self.calls.append((node, self._scope))
        if last_name(node.func) in _PATCHING:
            for given in node.args:
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    name = given.value.rpartition(".")[2]
                    self._replaced.setdefault(name, []).append(Binding(self._scope))
        self.visit(node.func)
        for given in node.args:
            self._use(given, Use(self._scope, node))
        for keyword in node.keywords:
            self._use(keyword.value, Use(self._scope, node, inner=keyword.arg is None))

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self._assign(target, Binding(self._scope, node.value, shared=len(node.targets) > 1))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self.declared.append((node.annotation, node.value, self._scope))
        self._assign(node.target, Binding(self._scope, node.value, node.annotation))

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self._assign(node.target, Binding(self._scope, node.value, shared=True))

    def _assign(self, target: ast.expr, binding: Binding) -> None:
        match target, binding.value:
            case ast.Name(id=name), _:
                self._scope.bind(name, binding)
            case ast.Tuple(elts=names), ast.Tuple(elts=values) if len(names) == len(values):
                for each, value in zip(names, values, strict=True):
                    self._assign(each, replace(binding, value=value))
            case ast.Attribute() | ast.Subscript(), ast.expr() as value:
                self.assigned.append((target, value, self._scope))
                if isinstance(target, ast.Attribute):
                    self._set_attribute(target, binding)
                    self._use(target.value, Use(self._scope))
                else:
                    self.visit(target)
            case _:
                self.visit(target)

    def _set_attribute(self, target: ast.Attribute, binding: Binding) -> None:
        name = target.value.id if isinstance(target.value, ast.Name) else ""
        owner = self._scope.owner(name) if name in _HOLDERS else None
        held = owner.bound[name][0].ref if owner is not None else None
        noted = held.own.attributes if held is not None and held.own else self._replaced
        noted.setdefault(target.attr, []).append(binding)

    def visit_withitem(self, node: ast.withitem) -> None:
        self.visit(node.context_expr)
        if isinstance(node.optional_vars, ast.Name):
            entered = Binding(self._scope, node.context_expr, entered=True)
            self._scope.bind(node.optional_vars.id, entered)
        elif node.optional_vars is not None:
            self.visit(node.optional_vars)

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        self._visit_all(node.items)
        self._visit_body(node.body, any(map(_expects_refusal, node.items)))

    visit_AsyncWith = visit_With

    def visit_Try(self, node: ast.Try | ast.TryStar) -> None:
        caught = [child for h in node.handlers if h.type for child in ast.walk(h.type)]
        self._visit_body(node.body, any(map(_is_refusal, caught)))
        self._visit_all([*node.handlers, *node.orelse, *node.finalbody])

    visit_TryStar = visit_Try

    def _visit_body(self, body: list[ast.stmt], is_expected: bool) -> None:
        before, self._is_expected = self._is_expected, self._is_expected or is_expected
        self._visit_all(body)
        self._is_expected = before

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            path = alias.name if alias.asname else alias.name.partition(".")[0]
            binding = Binding(self._scope, ref=self._module(path), path=path)
            self._scope.bind(alias.asname or path, binding)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = (node.module or "") if node.level == 0 else ""
        base = self._module(module)
        for alias in node.names:
            if alias.name == "*":
                self._import_all(base)
                continue
            ref = self._member(base, alias.name) if base is not None else None
            path = f"{module}.{alias.name}" if module else ""
            self._scope.bind(alias.asname or alias.name, Binding(self._scope, ref=ref, path=path))

    def _import_all(self, base: Ref | None) -> None:
        if base is None:  # it may bind any name anew
            for bindings in self._scope.bound.values():
                bindings.append(Binding(self._scope))
            return
        names = (
            self._packages[base.package].names if base.kind == "endpoints" else ("Aki", "AsyncAki")
        )
        for name in names:
            self._scope.bind(name, Binding(self._scope, ref=self._member(base, name)))

    def visit_Global(self, node: ast.Global) -> None:
        top = self._scope
        while top.parent is not None:
            top = top.parent
        self._scope.elsewhere.update(dict.fromkeys(node.names, top))

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        for name in node.names:
            owner = self._scope.parent and self._scope.parent.owner(name)
            if owner is not None:
                self._scope.elsewhere[name] = owner

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._visit_all(node.decorator_list)
        is_property = any("property" in last_name(each) for each in node.decorator_list)
        binding = Binding(self._scope, annotation=node.returns, makes=not is_property)
        self._scope.bind(node.name, binding)
        self._visit_function(node.args, node.body, binding)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_function(node.args, [node.body], Binding(self._scope))

    def _visit_function(
        self, args: ast.arguments, body: Sequence[ast.AST], binding: Binding
    ) -> None:
        self._visit_all([*args.defaults, *(d for d in args.kw_defaults if d is not None)])
        before = self._scope, self._function, self._is_expected
        outer, self._scope, self._function = self._scope, Scope(self._scope), binding
        for place, each in enumerate((*args.posonlyargs, *args.args, *args.kwonlyargs)):
            kind = _HOLDERS.get(each.arg) if outer.is_class and place == 0 else None
            held = Ref(kind, own=outer) if kind else None
            self._scope.bind(each.arg, Binding(outer, None, each.annotation, held))
        for rest in filter(None, (args.vararg, args.kwarg)):
            self._bind_nothing(rest.arg)
        self._visit_all(body)
        self._scope, self._function, self._is_expected = before

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None:
            if self._function.annotation is not None:
                self.declared.append((self._function.annotation, node.value, self._scope))
            self.visit_Yield(node)

    def visit_Yield(self, node: ast.Return | ast.Yield) -> None:
        if node.value is not None:
            self._function.returned.append((node.value, self._scope))
            self.visit(node.value)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_all([*node.decorator_list, *node.bases])
        bases = (*node.bases, *(keyword.value for keyword in node.keywords))
        body = Scope(self._scope, is_class=True, bases=bases)
        self._scope.bind(node.name, Binding(self._scope, ref=Ref("class", own=body)))
        before, self._scope = self._scope, body
        self._visit_all(node.body)
        self._scope = before

    def visit_MatchAs(
        self, node: ast.ExceptHandler | ast.MatchAs | ast.MatchStar | ast.MatchMapping
    ) -> None:
        self._bind_nothing(node.rest if isinstance(node, ast.MatchMapping) else node.name)
        self.generic_visit(node)

    visit_ExceptHandler = visit_MatchMapping = visit_MatchStar = visit_MatchAs

    def _bind_nothing(self, name: str | None) -> None:
        if name is not None:
            self._scope.bind(name, Binding(self._scope))

    # -- looking up

    def ref(self, node: ast.AST, scope: Scope) -> Ref | None:
        """Return what of a generated package an expression stands for; None where nothing, or it is not sure."""
        match node:
            case ast.Name(id=name):
                owner = scope.owner(name)
                if owner is None:
                    return None
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
        elif isinstance(node, ast.Attribute) and last_name(node.value) not in _HOLDERS:
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
        return binding.ref

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
        return [*body.attributes.get(name, ()), *self._replaced.get(name, ())]

    def _module(self, name: str) -> Ref | None:
        top, _, rest = name.partition(".")
        if top not in self._packages:
            return None
        if rest in _MODULES:
            return Ref(_MODULES[rest], top)
        # A module of one endpoint holds its models, and the endpoint itself, which is not bound to a client.
        return Ref("models", top) if rest.startswith("endpoints._") else None

    def _member(self, base: Ref, name: str) -> Ref | None:
        if base is _ITSELF:
            return base if name == "with_options" else None
        if base.own is not None:
            body = base.own
            return self._once(body, f".{name}", lambda: self._attribute(body, name))
        if name in self._replaced:
            return None
        kind = _MEMBERS.get((base.kind, name))
        if kind is not None:
            return replace(base, kind=kind)
        package = self._packages[base.package]
        match base.kind:
            case "package":
                return self._module(f"{base.package}.{name}")
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


_READING = frozenset({"copy", "get", "items", "keys", "values"})
_EXPECTING = frozenset({"raises", "assertRaises", "assertRaisesRegex", "suppress"})
_REFUSALS = frozenset({"InvalidParametersError", "EndpointRemovedError", "ValidationError"})


def _only(refs: Iterable[Ref | None]) -> Ref | None:
    """Return what all are, if they are one; what is being looked up says nothing."""
    found = set(refs) - {_ITSELF}
    return found.pop() if len(found) == 1 else None


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def last_name(node: ast.AST) -> str:
    """Return the name behind the last dot of an expression; empty where there is none."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _is_refusal(node: ast.AST) -> bool:
    return last_name(node) in _REFUSALS


def _expects_refusal(item: ast.withitem) -> bool:
    """Whether a block is there to show that something is refused, as in `pytest.raises`."""
    expr = item.context_expr
    return isinstance(expr, ast.Call) and last_name(expr.func) in _EXPECTING
