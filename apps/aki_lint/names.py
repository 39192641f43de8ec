"""What names stand for in a file: one walk collects scopes, bindings and calls, and names are looked up afterwards.

A name that is bound to two different things stands for nothing. It knows generated packages by their names, and
nothing of what a call may be given.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
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
    "input",
    "params",
    "validate",
    "rows",
]
"""A module; a class of clients, or what returns one; one of these; `with_options` of one; what models are for."""

_MODULES: dict[str, Kind] = {
    "": "package",
    "client": "package",
    "endpoints": "endpoints",
    "endpoints.aio": "endpoints",
    "models": "models",
    "batch": "batch",
}
_CLIENTS = ("Aki", "AsyncAki")
_PARTS: dict[str, Kind] = {"Input": "input", "Params": "params"}
_BATCH = ("run", "arun", "stream", "check")
_FORMS = ("stream", "submit")
_HOLDERS = frozenset({"self", "cls"})
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


@dataclass(frozen=True, slots=True)
class Ref:
    """What of a generated package an expression stands for.

    Attributes:
        kind: What it is; a class or a function that returns a client is a "class".
        package: The package's name.
        name: The endpoint's name in Python, where it is about one.
    """

    kind: Kind
    package: str
    name: str = ""


_ITSELF = Ref("options", "")
"""Stands for a name while it is looked up."""


@dataclass(slots=True)
class Binding:
    """One place where a name gets what it stands for."""

    scope: "Scope"
    value: ast.expr | None = None
    annotation: ast.expr | None = None
    ref: Ref | None = None
    makes: bool = False  # a function: its annotation is that of what it returns
    entered: bool = False  # by `with`: the value is not the name's own
    body: "Scope | None" = None  # of a class


@dataclass(slots=True)
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

    @property
    def of_class(self) -> "Scope | None":
        """The class whose method this is in."""
        scope: Scope | None = self
        while scope is not None and not scope.is_class:
            scope = scope.parent
        return scope


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
        uses: Where names are read so that a list or dict could be changed.
    """

    def __init__(self, tree: ast.Module, packages: Packages) -> None:
        self.calls: list[tuple[ast.Call, Scope]] = []
        self.declared: list[tuple[ast.expr, ast.expr, Scope]] = []
        self.uses: dict[str, list[Use]] = {}
        self._packages = packages
        self._scope = Scope()
        self._returns: ast.expr | None = None
        self._is_expected = False
        self._found: dict[tuple[int, str], Ref | None] = {}
        self._visit_all(tree.body)

    # -- collecting

    def _visit_all(self, nodes: Sequence[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        return

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._use(node, Use(self._scope))
        else:
            self._scope.bind(node.id, Binding(self._scope))

    def _use(self, node: ast.expr, use: Use) -> None:
        if isinstance(node, ast.Name):
            self.uses.setdefault(node.id, []).append(use)
        else:
            self.visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Store) and _is_holder(node.value):
            self._set_attribute(node.attr, Binding(self._scope))
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
        self.visit(node.func)
        for given in node.args:
            self._use(given, Use(self._scope, node))
        for keyword in node.keywords:
            self._use(keyword.value, Use(self._scope, node, inner=keyword.arg is None))

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self._assign(target, Binding(self._scope, node.value), len(node.targets) == 1)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self.declared.append((node.annotation, node.value, self._scope))
        self._assign(node.target, Binding(self._scope, node.value, node.annotation), True)

    def _assign(self, target: ast.expr, binding: Binding, is_alone: bool) -> None:
        if isinstance(target, ast.Name) and is_alone:
            self._scope.bind(target.id, binding)
        elif isinstance(target, ast.Attribute) and is_alone and _is_holder(target.value):
            self._set_attribute(target.attr, binding)
        else:
            self.visit(target)

    def _set_attribute(self, name: str, binding: Binding) -> None:
        of_class = self._scope.of_class
        if of_class is not None:
            of_class.attributes.setdefault(name, []).append(binding)

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
            top = alias.name.partition(".")[0]
            ref = self._module(alias.name) if alias.asname else self._module(top)
            self._scope.bind(alias.asname or top, Binding(self._scope, ref=ref))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = self._module(node.module or "") if node.level == 0 else None
        for alias in node.names:
            ref = self._member(base, alias.name) if base is not None else None
            self._scope.bind(alias.asname or alias.name, Binding(self._scope, ref=ref))

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
        is_property = any("property" in ast.dump(each) for each in node.decorator_list)
        binding = Binding(self._scope, annotation=node.returns, makes=not is_property)
        self._scope.bind(node.name, binding)
        self._function(node.args, node.body, node.returns)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._function(node.args, [node.body], None)

    def _function(
        self, args: ast.arguments, body: Sequence[ast.AST], returns: ast.expr | None
    ) -> None:
        self._visit_all([*args.defaults, *(d for d in args.kw_defaults if d is not None)])
        before = self._scope, self._returns, self._is_expected
        self._scope, self._returns = Scope(self._scope), returns
        for each in (*args.posonlyargs, *args.args, *args.kwonlyargs):
            self._scope.bind(
                each.arg, Binding(self._scope.parent or self._scope, None, each.annotation)
            )
        for rest in filter(None, (args.vararg, args.kwarg)):
            self._bind_nothing(rest.arg)
        self._visit_all(body)
        self._scope, self._returns, self._is_expected = before

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None:
            if self._returns is not None:
                self.declared.append((self._returns, node.value, self._scope))
            self.visit(node.value)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_all([*node.decorator_list, *node.bases])
        body = Scope(self._scope, is_class=True, bases=tuple(node.bases))
        self._scope.bind(node.name, Binding(self._scope, body=body))
        self._scope = body
        self._visit_all(node.body)
        self._scope = body.parent or body

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
                return self._same(owner, name, owner.bound[name]) if owner is not None else None
            case ast.Attribute(value=value, attr=attr):
                if _is_holder(value) and (of_class := scope.of_class) is not None:
                    return self._attribute(of_class, attr)
                base = self.ref(value, scope)
                return self._member(base, attr) if base is not None else None
            case ast.Call(func=func):
                called = self.ref(func, scope)
                if called is None or called is _ITSELF or called.kind not in ("class", "options"):
                    return called if called is _ITSELF else None
                return Ref("endpoint" if called.name else "client", called.package, called.name)
            case ast.Await(value=ast.Call() as call):
                return self.ref(call, scope)
            case _:
                return None

    def _same(self, scope: Scope, name: str, bindings: list[Binding]) -> Ref | None:
        """Return what all bindings of a name stand for; one to None says that it has nothing yet."""
        key = id(scope), name
        if key not in self._found:
            self._found[key] = (
                _ITSELF  # while it is looked up, as in client = client.with_options()
            )
            refs = {
                self._of_binding(binding)
                for binding in bindings
                if binding.annotation is not None or not _is_none(binding.value)
            } - {_ITSELF}
            self._found[key] = refs.pop() if len(refs) == 1 else None
        return self._found[key]

    def _of_binding(self, binding: Binding) -> Ref | None:
        if binding.value is not None and (ref := self.ref(binding.value, binding.scope)):
            return ref if not binding.entered or ref.kind == "client" else None
        if binding.annotation is not None:
            found = self.declared_as(binding.annotation, binding.scope)
            if found is not None and found.kind == "class":
                return found if binding.makes else Ref("client", found.package)
            return None
        return binding.ref

    def declared_as(self, annotation: ast.expr, scope: Scope) -> Ref | None:
        """Return the class of a generated package that an annotation names."""
        match annotation:
            case ast.Constant(value=str() as text):
                try:
                    return self.declared_as(ast.parse(text, mode="eval").body, scope)
                except (SyntaxError, ValueError):
                    return None
            case ast.BinOp(left=left, right=right):  # Aki | None
                return self.declared_as(left, scope) or self.declared_as(right, scope)
            case ast.Subscript(value=value, slice=inner) if last_name(value) in _WRAPPERS:
                first = inner.elts[0] if isinstance(inner, ast.Tuple) and inner.elts else inner
                return self.declared_as(first, scope)
            case _:
                found = self.ref(annotation, scope)
                return found if found is not None and found.kind in ("class", "params") else None

    def _attribute(self, of_class: Scope, name: str) -> Ref | None:
        bindings = [*of_class.attributes.get(name, ()), *of_class.bound.get(name, ())]
        for base in of_class.bases if not bindings else ():
            written = last_name(base)
            owner = of_class.parent.owner(written) if of_class.parent is not None else None
            bodies = [binding.body for binding in owner.bound[written]] if owner is not None else []
            if len(bodies) == 1 and bodies[0] not in (None, of_class):
                return self._attribute(bodies[0], name)
        return self._same(of_class, f".{name}", bindings)

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
        package = self._packages[base.package]
        match base.kind:
            case "package" if name in _CLIENTS:
                return Ref("class", base.package)
            case "package":
                return self._module(f"{base.package}.{name}")
            case "endpoints" if name == "aio":
                return base
            case "endpoints" | "client" if name in package.names:
                return Ref("endpoint", base.package, name)
            case "client" if name == "with_options":
                return Ref("options", base.package)
            case "endpoint" if name in _FORMS:
                return base
            case "endpoint" if name == "with_options":
                return Ref("options", base.package, base.name)
            case "input" if name == "model_validate":
                return Ref("validate", base.package, base.name)
            case "batch" if name in _BATCH:
                return Ref("rows", base.package)
            case "models":
                for end, kind in _PARTS.items():
                    endpoint = package.models.get(name.removesuffix(end))
                    if endpoint is not None and name.endswith(end):
                        return Ref(kind, base.package, endpoint)
            case _:
                pass
        return None


_READING = frozenset({"copy", "get", "items", "keys", "values"})
_EXPECTING = frozenset({"raises", "assertRaises", "assertRaisesRegex", "suppress"})
_REFUSALS = frozenset({"InvalidParametersError", "EndpointRemovedError", "ValidationError"})


def _is_holder(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in _HOLDERS


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
