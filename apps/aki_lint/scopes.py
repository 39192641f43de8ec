"""What a file binds, and where: one walk of its tree, which looks nothing up and knows Python alone."""

import ast
from collections import deque
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import takewhile
from operator import is_not
from typing import Any

from aki_runtime.shapes import is_array

NOTHING = ast.Pass()
"""What a name gets where that is not written out, as in a loop."""

HOLDERS = {"self": "client", "cls": "class"}
"""What they are of the class, in the words of `Ref.kind`."""
_READING = frozenset({"copy", "get", "items", "keys", "values"})
_PATCHING = frozenset({"setattr", "delattr", "patch", "object"})
_EXPECTING = frozenset({"raises", "assertRaises", "assertRaisesRegex", "suppress"})
_REFUSALS = frozenset({"InvalidParametersError", "EndpointRemovedError", "ValidationError"})
_LEAVES = frozenset({ast.Constant, ast.Load, ast.Store})
"""Nodes without a meaning of their own, which are many."""
_OPENERS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(slots=True, eq=False)
class Scope:
    """A module, class or function.

    Attributes:
        opener: The node that it belongs to.
        parent: The scope around it.
        bound: What each name gets: an expression, or the node that says what it stands for (an import, a definition, a
            parameter, a declaration, a `with`); `NOTHING` where it is not written out.
        elsewhere: Where names are bound that are declared to be global or nonlocal.
        returned: What a function returns or yields.
    """

    opener: ast.AST
    parent: "Scope | None" = None
    bound: dict[str, list[ast.AST]] = field(default_factory=dict[str, list[ast.AST]])
    elsewhere: dict[str, "Scope"] = field(default_factory=dict[str, "Scope"])
    returned: list[ast.expr] = field(default_factory=list[ast.expr])

    @property
    def is_class(self) -> bool:
        """Whether functions within do not see its names."""
        return isinstance(self.opener, ast.ClassDef)

    @property
    def bases(self) -> list[ast.expr]:
        """What a class is derived from, or made by."""
        if not isinstance(self.opener, ast.ClassDef):
            return []
        return [*self.opener.bases, *(keyword.value for keyword in self.opener.keywords)]

    def owner(self, name: str) -> "Scope | None":
        """Return the scope in which a name that is read here is bound."""
        scope: Scope | None = self.elsewhere.get(name, self)
        while scope is not None:
            if name in scope.bound and (scope is self or not scope.is_class):
                return scope
            scope = scope.parent
        return None

    def bind(self, name: str | None, given: ast.AST = NOTHING) -> None:
        """Note what a name gets."""
        if name is not None:
            self.elsewhere.get(name, self).bound.setdefault(name, []).append(given)


class Scopes:
    """All that a file binds.

    Args:
        tree: The file.
        known: Packages that it is known to import all names of without binding others anew.

    Attributes:
        calls: Every call.
        declared: Annotations of names and of results, each with a value that is declared so.
        assigned: Attributes and items, each with a value that it gets.
        stars: Modules of known packages all names of which are imported.
        inner: The scopes of classes and functions.
    """

    def __init__(self, tree: ast.Module, known: Container[str]) -> None:
        self.calls: list[ast.Call] = []
        self.declared: list[tuple[ast.expr, ast.expr]] = []
        self.assigned: list[tuple[ast.Attribute | ast.Subscript, ast.expr]] = []
        self.stars: list[str] = []
        self.inner: dict[ast.AST, Scope] = {}
        self._known = known
        self._module = Scope(tree)
        self._parents: dict[ast.AST, ast.AST] = {}
        self._scopes: dict[ast.AST, Scope] = {}
        self._read: list[ast.Name] = []
        self._set: dict[str, list[tuple[ast.AST, ast.AST]]] = {}
        self.add(tree, self._module)

    def add(self, tree: ast.AST, scope: Scope) -> None:
        """Note what a tree binds that stands in a scope."""
        waiting: deque[tuple[list[ast.AST], Scope]] = deque([([tree], scope)])
        # What is within a function or class comes behind all that is around it, which it may name.
        while waiting:
            nodes, scope = waiting.popleft()
            while nodes:
                node = nodes.pop()
                self._scopes[node] = scope
                self._note(node, scope)
                if isinstance(node, ast.Name):
                    continue
                children = self._children(node)
                if isinstance(node, _OPENERS):
                    inner = self.inner[node] = Scope(node, scope)
                    if not isinstance(node, ast.ClassDef):
                        _bind_parameters(node.args, inner)
                    within = {*node.body} if isinstance(node.body, list) else {node.body}
                    waiting.append(([each for each in children[::-1] if each in within], inner))
                    children = [each for each in children if each not in within]
                nodes += reversed(children)

    def _children(self, node: ast.AST) -> list[ast.AST]:
        found: list[ast.AST] = []
        for name in node._fields:
            value: Any = getattr(node, name, None)
            for child in value if is_array(value) else (value,):
                if isinstance(child, ast.AST):
                    self._parents[child] = node
                    if type(child) not in _LEAVES:
                        found.append(child)
        return found

    def _note(self, node: ast.AST, scope: Scope) -> None:
        match node:
            case ast.Name(ctx=ast.Load()):
                self._read.append(node)
            case ast.Name(id=name):
                scope.bind(name, self._given(node))
            case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store()):
                given = self._given(node)
                if (value := written(given)) is not None:
                    self.assigned.append((node, value))
                if isinstance(node, ast.Attribute):
                    self._set.setdefault(node.attr, []).append((node.value, given))
            case ast.Call(func=func, args=args):
                self.calls.append(node)
                for given in args if last_name(func) in _PATCHING else ():
                    if isinstance(given, ast.Constant) and isinstance(given.value, str):
                        name = given.value.rpartition(".")[2]
                        self._set.setdefault(name, []).append((node, NOTHING))
            case ast.AnnAssign(annotation=annotation, value=ast.expr() as value):
                self.declared.append((annotation, value))
            case ast.Return(value=ast.expr() as value):
                scope.returned.append(value)
                returns: ast.expr | None = getattr(scope.opener, "returns", None)
                if returns is not None:
                    self.declared.append((returns, value))
            case ast.Yield(value=ast.expr() as value):
                scope.returned.append(value)
            case _:
                self._bind(node, scope)

    def _bind(self, node: ast.AST, scope: Scope) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                scope.bind(node.name, node)
            case ast.alias():
                self._import(node, scope)
            case ast.Global(names=names):
                scope.elsewhere |= dict.fromkeys(names, self._module)
            case ast.Nonlocal(names=names) if scope.parent is not None:
                owners = {name: scope.parent.owner(name) for name in names}
                scope.elsewhere |= {name: owner for name, owner in owners.items() if owner}
            case ast.ExceptHandler(name=name) | ast.MatchAs(name=name) | ast.MatchStar(name=name):
                scope.bind(name)
            case ast.MatchMapping(rest=name):
                scope.bind(name)
            case _:
                pass

    def _given(self, target: ast.expr) -> ast.AST:
        """Return what a name, an attribute or an item gets where it stands, as in `Scope.bound`."""
        match self._parents[target]:
            case ast.Assign(value=value) | ast.NamedExpr(value=value):
                return value
            case ast.AnnAssign() | ast.withitem() as parent:
                return parent
            case ast.Tuple(elts=targets) as parent:
                whole = self._given(parent)
                if isinstance(whole, ast.Tuple) and len(whole.elts) == len(targets):
                    return whole.elts[targets.index(target)]
            case _:
                pass
        return NOTHING

    def _import(self, alias: ast.alias, scope: Scope) -> None:
        if alias.name != "*":
            scope.bind(alias.asname or alias.name.partition(".")[0], alias)
            return
        module = self.path(alias).removesuffix(".*")
        if module.partition(".")[0] in self._known:
            self.stars.append(module)
            return
        self.stars.clear()
        for name in scope.bound:  # any of which it may bind anew
            scope.bind(name)

    def path(self, alias: ast.alias) -> str:
        """Return the full name of what is imported; empty where it is relative."""
        statement = self._parents[alias]
        if isinstance(statement, ast.ImportFrom):
            is_full = statement.level == 0 and statement.module is not None
            return f"{statement.module}.{alias.name}" if is_full else ""
        return alias.name if alias.asname else alias.name.partition(".")[0]

    def around(self, node: ast.AST) -> Scope:
        """Return the scope that a node stands in."""
        while node not in self._scopes:
            node = self._parents[node]
        return self._scopes[node]

    def owner(self, name: ast.Name) -> Scope | None:
        """Return the scope in which a name is bound."""
        return self._scopes[name].owner(name.id)

    def held(self, node: ast.AST) -> Scope | None:
        """Return the class that `self` or `cls` is of; None for anything else."""
        owner = self.owner(node) if isinstance(node, ast.Name) and node.id in HOLDERS else None
        is_method = owner is not None and owner.parent is not None and owner.parent.is_class
        return owner.parent if owner is not None and is_method else None

    def set_from(self, name: str, *holders: Scope | None) -> list[ast.AST]:
        """Return what an attribute gets, as in `Scope.bound`.

        Args:
            name: The attribute.
            holders: Of what: of `self` or `cls` of these classes; None stands for anything else.
        """
        return [given for of, given in self._set.get(name, ()) if self.held(of) in holders]

    def is_shared(self, value: ast.expr) -> bool:
        """Whether a value may have other names than the one that gets it."""
        match self._parents[value]:
            case ast.Assign(targets=[_]) | ast.AnnAssign():
                return False
            case ast.Tuple() as parent:
                return self.is_shared(parent)
            case _:
                return True

    def uses(self, name: ast.Name) -> Iterator[tuple[ast.Call | None, bool]]:
        """Return how a name's value is read: by which call, if any, and whether what is within alone could change."""
        return map(self._use, self._reads.get((self.owner(name), name.id), ()))

    @cached_property
    def _reads(self) -> dict[tuple[Scope | None, str], list[ast.Name]]:
        found: dict[tuple[Scope | None, str], list[ast.Name]] = {}
        for name in self._read:
            found.setdefault((self.owner(name), name.id), []).append(name)
        return found

    def _use(self, node: ast.expr) -> tuple[ast.Call | None, bool]:
        is_inner = False
        while (
            isinstance(item := self._parents[node], ast.Subscript)
            and item.value is node
            and isinstance(item.ctx, ast.Load)
        ):
            is_inner, node = True, item
        match self._parents[node]:
            case ast.Call(func=func) as call if func is not node:
                return call, is_inner
            case ast.keyword(arg=name) as keyword:
                of = self._parents[keyword]
                return of if isinstance(of, ast.Call) else None, is_inner or name is None
            case ast.BinOp():
                return None, True
            case ast.Dict(keys=keys, values=values) if node in values:
                return None, is_inner or keys[values.index(node)] is None
            case ast.Attribute(attr=name, ctx=ast.Load()):
                return None, is_inner or name in _READING
            case _:
                return None, is_inner

    def is_refusal_expected(self, node: ast.AST) -> bool:
        """Whether a node is in a block that is there to show that something is refused, as in `pytest.raises`."""
        while (parent := self._parents.get(node)) is not None:
            match parent:
                case ast.With(items=items) | ast.AsyncWith(items=items):
                    entered = takewhile(partial(is_not, node), items)
                    called = [
                        i.context_expr for i in entered if isinstance(i.context_expr, ast.Call)
                    ]
                    if any(last_name(call.func) in _EXPECTING for call in called):
                        return True
                case (
                    ast.Try(body=body, handlers=handlers)
                    | ast.TryStar(body=body, handlers=handlers)
                ) if node in body:
                    caught = [each for h in handlers if h.type for each in ast.walk(h.type)]
                    if any(last_name(each) in _REFUSALS for each in caught):
                        return True
                case _:
                    pass
            node = parent
        return False


def _bind_parameters(args: ast.arguments, scope: Scope) -> None:
    for each in (*args.posonlyargs, *args.args, *args.kwonlyargs):
        scope.bind(each.arg, each)
    for rest in (args.vararg, args.kwarg):
        scope.bind(rest.arg if rest is not None else None)


def written(given: ast.AST) -> ast.expr | None:
    """Return the expression that a name gets, where it gets one."""
    value = given.value if isinstance(given, ast.AnnAssign) else given
    return value if isinstance(value, ast.expr) else None


def last_name(node: ast.AST) -> str:
    """Return the name behind the last dot of an expression; empty where there is none."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
