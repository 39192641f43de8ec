"""The last look before writing: what was rendered must parse, and say what the IR says."""

import ast
from pathlib import PurePosixPath

from ..ir import NamedEndpoint


class RenderedWrongError(Exception):
    """A rendered module is not what the IR calls for; it must not be written."""


def verify_module(path: PurePosixPath, text: str) -> ast.Module:
    """Compile a module and return its tree.

    Raises:
        RenderedWrongError: It is not valid Python.
    """
    try:
        tree = ast.parse(text)
        # Some faults are found only when the tree is compiled: an argument that stands twice, for one.
        compile(tree, str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RenderedWrongError(f"{path} is not valid Python: {error}") from None
    return tree


def verify_endpoint(path: PurePosixPath, text: str, endpoint: NamedEndpoint) -> None:
    """Compare an endpoint's module with the IR: exactly its classes, its fields and its function.

    Raises:
        RenderedWrongError: Something is missing, or there is more than was called for.
    """
    tree = verify_module(path, text)
    expected = {
        f"{endpoint.models}Input": [str(field.name) for field in endpoint.inputs],
        f"{endpoint.models}Output": [str(field.name) for field in endpoint.outputs],
        f"{endpoint.models}Progress": [str(field.name) for field in endpoint.progress],
    }
    classes = {node.name: _fields(node) for node in tree.body if isinstance(node, ast.ClassDef)}
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if classes != expected:
        raise RenderedWrongError(f"{path}: its models are not those of the metadata")
    if list(functions) != [str(endpoint.name)]:
        raise RenderedWrongError(f"{path}: its function is not that of the metadata")
    given = [argument.arg for argument in functions[str(endpoint.name)].args.kwonlyargs]
    if given != expected[f"{endpoint.models}Input"]:
        raise RenderedWrongError(f"{path}: its parameters are not those of the metadata")
    if not all(map(_is_of_template, tree.body)):
        raise RenderedWrongError(f"{path}: it holds a statement that no template has")
    called = {"Field", "endpoint", f"{endpoint.models}Input"}
    if not all(_is_value(node, called) for node in ast.walk(tree) if isinstance(node, ast.expr)):
        raise RenderedWrongError(f"{path}: it holds an expression that no template has")


def _is_of_template(node: ast.stmt) -> bool:
    match node:
        case ast.Expr():
            return _is_text(node)
        case ast.ImportFrom(module=str(module)):
            return module in ("typing", "pydantic") or module.startswith("aki_runtime.")
        case ast.ClassDef(body=body):
            return all(
                isinstance(line, ast.AnnAssign | ast.Pass) or _is_text(line) for line in body
            )
        case ast.FunctionDef(body=[text, ast.Return()]):
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
