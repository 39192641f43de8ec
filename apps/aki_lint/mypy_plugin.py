"""`aki lint` as a plugin of mypy, which knows constants of other modules and what a `Final` or a `Literal` is.

Names and types are mypy's own matter; judged is what a type cannot say.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mypy.errorcodes import ErrorCode
from mypy.nodes import DictExpr, Expression, FloatExpr, ListExpr, StrExpr, TupleExpr, UnaryExpr
from mypy.plugin import MethodContext, Plugin
from mypy.types import Instance, LiteralType, NoneType, Type, get_proper_type

from .files import ignored_by
from .judging import code_of, judge, said
from .packages import KnownEndpoint, package_at, project_of
from .values import UNKNOWN

AKI = ErrorCode("aki", "Values that the hub refuses", "aki-client")
_ENDPOINT = re.compile(r"(?P<package>\w+)\.endpoints\._(?P<name>\w+)\.")
_FORMS = ("__call__", "stream", "submit")
_LEFT_TO_MYPY = frozenset(map(code_of, ("missing", "type", "unknown")))


class AkiPlugin(Plugin):
    """The plugin."""

    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        """Return what judges the calls of an endpoint."""
        owner, _, method = fullname.rpartition(".")
        is_endpoint = owner.startswith("aki_runtime.client.endpoint.") or _ENDPOINT.match(owner)
        return _judge_call if is_endpoint and method in _FORMS else None


def plugin(version: str) -> type[Plugin]:
    """Return the plugin, as mypy asks for it."""
    return AkiPlugin


def _judge_call(ctx: MethodContext) -> Type:
    endpoint = _endpoint_of(ctx)
    places: dict[str, tuple[Expression, Type]] = {}
    for names, args, types in zip(ctx.arg_names, ctx.args, ctx.arg_types, strict=True):
        for name, arg, kind in zip(names, args, types, strict=True):
            if name is not None:
                places[name] = arg, kind
    given = {name: _value(*place) for name, place in places.items()}
    api: Any = ctx.api
    ignored = ignored_by(project_of(Path(api.path).absolute().parent))
    for problem in judge(endpoint, given, is_whole=False) if endpoint is not None else ():
        code = code_of(problem.kind)
        if code not in _LEFT_TO_MYPY and not code.startswith(ignored):
            place = places[problem.parameter][0] if problem.parameter in places else ctx.context
            say = api.note if problem.kind == "converted" else api.fail
            say(said(problem.message), place, code=AKI)
    return ctx.default_return_type


def _endpoint_of(ctx: MethodContext) -> KnownEndpoint | None:
    called = get_proper_type(ctx.type)
    if not isinstance(called, Instance):
        return None
    inner = [get_proper_type(each) for each in called.args]
    kinds = [called, *(each for each in inner if isinstance(each, Instance))]
    for kind in kinds:
        found = _ENDPOINT.match(kind.type.fullname)
        module = getattr(ctx.api, "modules", {}).get(found["package"]) if found else None
        package = package_at(Path(module.path).parent) if module is not None else None
        if found is not None and package is not None:
            return package.endpoint(found["name"])
    return None


def _value(node: Expression, kind: Type | None = None) -> Any:
    known = get_proper_type(kind) if kind is not None else None
    if isinstance(known, Instance) and known.last_known_value is not None:
        known = known.last_known_value
    if isinstance(known, LiteralType):
        return known.value
    match node:
        case StrExpr() | FloatExpr():
            return node.value
        case ListExpr() | TupleExpr():
            return [_value(item) for item in node.items]
        case DictExpr():
            values = {_value(key) if key else UNKNOWN: _value(item) for key, item in node.items}
            return values if all(isinstance(key, str) for key in values) else UNKNOWN
        case UnaryExpr(op="-") if isinstance(node.expr, FloatExpr):
            return -node.expr.value
        case _:
            return None if isinstance(known, NoneType) else UNKNOWN
