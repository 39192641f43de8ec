"""From a field's JSON Schema to its source: the only module that knows datamodel-code-generator.

A field's source depends on nothing but the field, so that equal fields of a thousand endpoints are made once.
They are made many at a time, because most of a call's time does not depend on how much is asked for; where
one can not be made, the others still are.
"""

import ast
import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from ..literals import Code, visible
from .modelfields import FieldRequest, FieldSource, ModelField
from .schema import EXTRA_KEYS, Schema

BATCH = 400
"""Fields that are made in one call at the most; it bounds the memory of the call."""


def generator_version() -> str:
    """Return the version of datamodel-code-generator, which the manifest names."""
    return version("datamodel-code-generator")


class FieldSources:
    """The source of fields, each made once.

    Args:
        package: What the package is imported as.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._made: dict[FieldRequest, FieldSource | None] = {}

    def make(self, requests: Iterable[FieldRequest]) -> None:
        """Make what is not there yet, together."""
        wanted = [r for r in dict.fromkeys(requests) if r not in self._made]
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            self._made |= {**dict.fromkeys(batch), **_made(batch, self._package)}

    def get(self, request: FieldRequest) -> FieldSource | None:
        """Return a field's source, None where none could be made."""
        return self._made[request]


def _made(requests: Sequence[FieldRequest], package: str) -> dict[FieldRequest, FieldSource]:
    try:
        return _made_at_once(requests, package)
    except Exception:  # it is no code of ours, and what it is given came from outside
        if len(requests) == 1:
            return {}
    middle = len(requests) // 2
    return _made(requests[:middle], package) | _made(requests[middle:], package)


def _made_at_once(
    requests: Sequence[FieldRequest], package: str
) -> dict[FieldRequest, FieldSource]:
    sheets = _sheets(requests)
    text = visible(_generate(sheets, package))
    tree = ast.parse(text)
    modules = {
        alias.name: node.module or ""
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    lines = text.split("\n")
    return {
        request: source
        for name, sheet in sheets.items()
        for request, source in zip(
            sheet, _fields(classes[name], [r.name for r in sheet], lines, modules), strict=True
        )
    }


def _sheets(requests: Sequence[FieldRequest]) -> dict[str, list[FieldRequest]]:
    """Spread fields over models in each of which a name, the hub's or Python's, is met once."""
    sheets: dict[str, list[FieldRequest]] = {}
    met: dict[tuple[str, str, str], int] = {}
    for request in requests:
        names = (
            (request.part, "wire", request.wire_name),
            (request.part, "name", request.name),
        )
        number = max(met.get(name, 0) for name in names)
        met |= dict.fromkeys(names, number + 1)
        sheets.setdefault(f"Sheet{number}{request.part}", []).append(request)
    return sheets


def _generate(sheets: dict[str, list[FieldRequest]], package: str) -> str:
    made = _generator()(
        {"$defs": {name: _model(sheet) for name, sheet in sheets.items()}},
        aliases={
            f"{name}.{request.wire_name}": request.name
            for name, sheet in sheets.items()
            for request in sheet
            if request.wire_name != request.name
        },
        base_class_map={
            name: f"aki_runtime.fields.base.{sheet[0].part}Model" for name, sheet in sheets.items()
        },
        **_options(),
    )
    if not isinstance(made, str):
        raise TypeError("datamodel-code-generator made no single module")
    return made


def _model(sheet: Sequence[FieldRequest]) -> Schema:
    return {
        "type": "object",
        "properties": {request.wire_name: json.loads(request.schema) for request in sheet},
        "required": [request.wire_name for request in sheet if request.required],
    }


def _fields(
    node: ast.ClassDef, names: Sequence[str], lines: Sequence[str], modules: dict[str, str]
) -> list[FieldSource]:
    """Read the fields of a class back; each is an annotated name and, perhaps, a text that describes it."""
    declared: list[tuple[ast.AnnAssign, int]] = []
    for statement in node.body:
        end = statement.end_lineno or statement.lineno
        match statement:
            case ast.AnnAssign():
                declared.append((statement, end))
            case ast.Expr(value=ast.Constant(value=str())) if declared:
                declared[-1] = (declared[-1][0], end)
            case _:
                raise ValueError(f"{node.name} holds more than fields")
    found = [ast.unparse(statement.target) for statement, _ in declared]
    if found != list(names):
        raise ValueError(f"{node.name} does not hold the fields that were asked for")
    return [
        FieldSource(
            # The generator leaves room behind a field's text, which is kept.
            statement="\n".join(lines[statement.lineno - 1 : end])
            + ("\n\n" if end != statement.end_lineno else ""),
            field=ModelField(
                name=name,
                annotation=_code(_without_constraints(statement.annotation)),
                default=_code(statement.value) if statement.value is not None else None,
            ),
            imports=_imports(statement, modules),
        )
        for name, (statement, end) in zip(names, declared, strict=True)
    ]


def _imports(statement: ast.AnnAssign, modules: dict[str, str]) -> frozenset[tuple[str, str]]:
    values = (statement.annotation, *([statement.value] if statement.value is not None else []))
    words = {node.id for value in values for node in ast.walk(value) if isinstance(node, ast.Name)}
    return frozenset((modules[word], word) for word in words if word in modules)


def _code(node: ast.expr) -> Code:
    return Code(visible(ast.unparse(node)))


def _without_constraints(annotation: ast.expr) -> ast.expr:
    match annotation:
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[kind, *_])):
            return kind
        case _:
            return annotation


@cache
def _generator() -> Callable[..., object]:
    # Importing it takes a while, which a command that makes no models need not wait for.
    from datamodel_code_generator import generate

    return generate


@cache
def _options() -> dict[str, Any]:
    from datamodel_code_generator.enums import DataModelType, InputFileType
    from datamodel_code_generator.format import PythonVersion
    from datamodel_code_generator.parser import LiteralType

    return {
        "input_file_type": InputFileType.JsonSchema,
        "output": None,
        "output_model_type": DataModelType.PydanticV2BaseModel,
        "target_python_version": PythonVersion.PY_311,
        "strict_nullable": True,
        "use_annotated": True,
        "field_constraints": True,
        "enum_field_as_literal": LiteralType.All,
        # As a docstring for editors, and in the field for whoever reads the model's JSON Schema.
        "use_inline_field_description": True,
        "use_union_operator": True,
        "use_standard_collections": True,
        "use_double_quotes": True,
        "skip_root_model": True,
        "disable_timestamp": True,
        "disable_future_imports": True,
        "allow_remote_refs": False,
        "field_extra_keys": set(EXTRA_KEYS),
        "custom_file_header": "#",
        # Formatting is the business of one later step; with none given, the current folder would decide.
        "formatters": [],
    }
