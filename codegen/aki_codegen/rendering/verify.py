"""The last look before writing: what was rendered must parse, and say what the IR says."""

import ast
from collections.abc import Sequence
from itertools import chain
from pathlib import PurePosixPath
from types import EllipsisType

from ..ir import NamedEndpoint

_MODULE = ""
_VALUES = (
    *(ast.Constant, ast.Name, ast.Tuple, ast.List, ast.Dict, ast.UnaryOp, ast.BinOp),
    ast.Subscript,
)
"""The expressions of templates, but for calls."""


class RenderedWrongError(Exception):
    """A rendered module is not what the IR calls for; it must not be written."""


def verify_module(path: PurePosixPath, text: str) -> ast.Module:
    """Compile a module, and return its tree.

    Raises:
        RenderedWrongError: It is not valid Python.
    """
    try:
        tree = ast.parse(text)
        # Some faults are found only when the tree is compiled: an argument that stands twice, for one.
        # What type checkers alone see has the arguments of what is compiled, and is as long as all the rest.
        compiled = [part for node in tree.body for part in _run(node)]
        compile(ast.Module(compiled, []), str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RenderedWrongError(f"{path} is not valid Python: {error}") from None
    return tree


def verify_endpoint(path: PurePosixPath, text: str, endpoint: NamedEndpoint) -> None:
    """Compare an endpoint's module with the IR: exactly its classes, fields, function and forms.

    Raises:
        RenderedWrongError: Something is missing, or there is more than was called for.
    """
    *statements, last = verify_module(path, text).body
    run = [part for node in statements for part in _run(node)]
    shown = last.body if isinstance(last, ast.If) and not _run(last) else [last]
    inputs, outputs, progress = (
        [str(field.name) for field in fields]
        for fields in (endpoint.inputs, endpoint.outputs, endpoint.progress)
    )
    models = endpoint.models
    classes = {
        _MODULE: [f"{endpoint.name}()"],
        f"{models}Input": inputs,
        f"{models}Output": outputs,
        f"{models}Progress": progress,
        f"{models}Params": inputs,
    }
    forms = {
        _MODULE: [],
        f"_{models}Endpoint": ["__call__()", "stream()", "submit()"],
        f"{models}Endpoint": [],
        f"Async{models}Endpoint": [],
    }
    for what, body, expected in (("models or function", run, classes), ("forms", shown, forms)):
        if _members(path, body, inputs) != expected:
            raise RenderedWrongError(f"{path}: its {what} are not those of the metadata")
    # What the forms take is printed of the same text as what the function takes.
    nodes = chain.from_iterable(map(ast.walk, run))
    others = (n for n in nodes if isinstance(n, ast.expr) and not isinstance(n, _VALUES))
    if not all(map(_is_of_template, others)):
        raise RenderedWrongError(f"{path}: it holds an expression that no template has")


def _run(node: ast.stmt) -> list[ast.stmt]:
    """Return what runs of a statement: all that is not for type checkers alone."""
    match node:
        case ast.If(test=ast.Name("TYPE_CHECKING"), orelse=run):
            return run
        case ast.If(test=ast.UnaryOp(ast.Not(), ast.Name("TYPE_CHECKING")), body=run, orelse=[]):
            return run
        case _:
            return [node]


def _members(
    path: PurePosixPath, body: Sequence[ast.stmt], inputs: list[str], owner: str = _MODULE
) -> dict[str, list[str]]:
    """Return the fields and functions of a module and its classes, which hold nothing else that does anything.

    Raises:
        RenderedWrongError: There is something else, or a function with other parameters than these.
    """
    members: dict[str, list[str]] = {owner: []}
    is_module = owner == _MODULE
    for node in body:
        match node:
            case ast.ClassDef(name=name) if is_module:
                members |= _members(path, node.body, inputs, name)
            case ast.FunctionDef(name=name) if all(map(_is_text, node.body)):
                members[owner].append(f"{name}()")
                if [argument.arg for argument in node.args.kwonlyargs] != inputs:
                    raise RenderedWrongError(
                        f"{path}: its parameters are not those of the metadata"
                    )
            case ast.AnnAssign(target=ast.Name(name)) if not is_module:
                members[owner].append(name)
            case ast.ImportFrom(module=str(module)) if is_module and _is_known(module):
                pass
            case _:
                if not _is_text(node):
                    raise RenderedWrongError(f"{path}: it holds a statement that no template has")
    return members


def _is_known(module: str) -> bool:
    known = ("types", "typing", "typing_extensions", "pydantic")
    return module in known or module.startswith("aki_runtime.")


def _is_text(node: ast.stmt) -> bool:
    """Whether a statement does nothing."""
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant(value=str() | EllipsisType())):
            return True
        case _:
            return False


def _is_of_template(node: ast.expr) -> bool:
    """Whether an expression is a call that templates make."""
    match node:
        case ast.Call(func=ast.Name("Field" | "endpoint")):
            return True
        case _:
            return False
