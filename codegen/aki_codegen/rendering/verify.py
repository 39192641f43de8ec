"""The last look before writing: what was rendered must parse, and say what the IR says."""

import ast
from itertools import chain
from pathlib import PurePosixPath

from ..ir import NamedEndpoint


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
    tree = verify_module(path, text)
    inputs = [str(field.name) for field in endpoint.inputs]
    expected = {
        f"{endpoint.models}Input": inputs,
        f"{endpoint.models}Output": [str(field.name) for field in endpoint.outputs],
        f"{endpoint.models}Progress": [str(field.name) for field in endpoint.progress],
        f"{endpoint.models}Params": inputs,
    }
    *models, run, shown = tree.body
    statements, forms = [*models, *_run(run)], _forms(shown)
    classes = {node.name: _fields(node) for node in statements if isinstance(node, ast.ClassDef)}
    functions = {node.name: node for node in statements if isinstance(node, ast.FunctionDef)}
    if classes != expected:
        raise RenderedWrongError(f"{path}: its models are not those of the metadata")
    if list(functions) != [str(endpoint.name)]:
        raise RenderedWrongError(f"{path}: its function is not that of the metadata")
    if list(forms) != ["__call__", "stream", "submit"]:
        raise RenderedWrongError(f"{path}: its forms are not those of the metadata")
    for function in (functions[str(endpoint.name)], *forms.values()):
        if [argument.arg for argument in function.args.kwonlyargs] != inputs:
            raise RenderedWrongError(f"{path}: its parameters are not those of the metadata")
    if not all(map(_is_of_template, statements)):
        raise RenderedWrongError(f"{path}: it holds a statement that no template has")
    called = {"Field", "endpoint"}
    # What the forms take is printed of the same text as what the function takes.
    nodes = chain.from_iterable(map(ast.walk, statements))
    if not all(_is_value(node, called) for node in nodes if isinstance(node, ast.expr)):
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


def _forms(node: ast.stmt) -> dict[str, ast.FunctionDef]:
    """Return the methods that are spelled out for type checkers; none where there is anything beside them."""
    match node:
        case ast.If(test=ast.Name("TYPE_CHECKING"), body=body, orelse=[]):
            imports, classes = body[:-3], body[-3:]
        case _:
            return {}
    match classes:
        case [
            ast.ClassDef(body=[text, *methods]),
            ast.ClassDef(body=[sync]),
            ast.ClassDef(body=[asynchronous]),
        ] if all(map(_is_text, (text, sync, asynchronous))) and all(map(_is_import, imports)):
            return {m.name: m for m in methods if isinstance(m, ast.FunctionDef) and _is_empty(m)}
        case _:
            return {}


def _is_empty(function: ast.FunctionDef) -> bool:
    match function.body:
        case [text, ast.Expr(value=ast.Constant(value=value))]:
            return _is_text(text) and value is ...
        case _:
            return False


def _is_import(node: ast.stmt) -> bool:
    match node:
        case ast.ImportFrom(module=str(module)):
            known = ("types", "typing", "typing_extensions", "pydantic")
            return module in known or module.startswith("aki_runtime.")
        case _:
            return False


def _is_of_template(node: ast.stmt) -> bool:
    match node:
        case ast.Expr():
            return _is_text(node)
        case ast.ImportFrom():
            return _is_import(node)
        case ast.ClassDef(body=body):
            return all(
                isinstance(line, ast.AnnAssign | ast.Pass) or _is_text(line) for line in body
            )
        case ast.FunctionDef(body=[text]):
            return _is_text(text)
        case _:
            return False


def _is_value(node: ast.expr, called: set[str]) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in called
    return isinstance(node, _VALUES)


_VALUES = (
    *(ast.Constant, ast.Name, ast.Tuple, ast.List, ast.Dict, ast.UnaryOp, ast.BinOp),
    ast.Subscript,
)


def _is_text(node: ast.stmt) -> bool:
    match node:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
        case _:
            return False


def _fields(node: ast.ClassDef) -> list[str]:
    return [
        statement.target.id
        for statement in node.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    ]
