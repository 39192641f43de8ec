"""What a file binds, calls and assigns: one walk of its tree, which looks nothing up.

It knows Python, and of generated packages nothing but what they are imported as.
"""

import ast
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

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

HOLDERS: dict[str, Kind] = {"self": "client", "cls": "class"}
_PATCHING = frozenset({"setattr", "delattr", "patch", "object"})

_READING = frozenset({"copy", "get", "items", "keys", "values"})
_EXPECTING = frozenset({"raises", "assertRaises", "assertRaisesRegex", "suppress"})
_REFUSALS = frozenset({"InvalidParametersError", "EndpointRemovedError", "ValidationError"})


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


class Bindings(ast.NodeVisitor):
    """All that a file binds.

    Args:
        tree: The file.
        known: What generated packages are imported as.

    Attributes:
        calls: Every call, with its scope, in the order of the file, but those whose refusal the file expects.
        declared: Values of names and results whose annotation is given, with their scopes.
        assigned: Values that attributes and items get, with their scopes.
        uses: Where names are read so that a list or dict could be changed.
        replaced: What attributes of whatever get by their names, as in tests.
        all_of: Modules of generated packages all names of which are imported.
    """

    def __init__(self, tree: ast.Module, known: Container[str]) -> None:
        self.calls: list[tuple[ast.Call, Scope]] = []
        self.declared: list[tuple[ast.expr, ast.expr, Scope]] = []
        self.assigned: list[tuple[ast.Attribute | ast.Subscript, ast.expr, Scope]] = []
        self.uses: dict[str, list[Use]] = {}
        self.replaced: dict[str, list[Binding]] = {}
        self.all_of: list[str] = []
        self._known = known
        self._scope = Scope()
        self._function = Binding(self._scope)
        self._is_expected: bool = False
        self._visit_all(tree.body)

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
                    self.replaced.setdefault(name, []).append(Binding(self._scope))
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
        owner = self._scope.owner(name) if name in HOLDERS else None
        held = owner.bound[name][0].ref if owner is not None else None
        noted = held.own.attributes if held is not None and held.own else self.replaced
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
            self._scope.bind(alias.asname or path, Binding(self._scope, path=path))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = (node.module or "") if node.level == 0 else ""
        for alias in node.names:
            path = f"{module}.{alias.name}" if module else ""
            if alias.name != "*":
                self._scope.bind(alias.asname or alias.name, Binding(self._scope, path=path))
            elif module.partition(".")[0] in self._known:
                self.all_of.append(module)
            else:  # it may bind any name anew
                self.all_of.clear()
                for bindings in self._scope.bound.values():
                    bindings.append(Binding(self._scope))

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
            kind = HOLDERS.get(each.arg) if outer.is_class and place == 0 else None
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


def last_name(node: ast.AST) -> str:
    """Return the name behind the last dot of an expression; empty where there is none."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _is_refusal(node: ast.AST) -> bool:
    return last_name(node) in _REFUSALS


def _expects_refusal(item: ast.withitem) -> bool:
    """Whether a block is there to show that something is refused, as in `pytest.raises`."""
    expr = item.context_expr
    return isinstance(expr, ast.Call) and last_name(expr.func) in _EXPECTING
