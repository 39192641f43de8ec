"""From the IR to the source of pydantic models: the only module that knows datamodel-code-generator.

It makes the models of some endpoints in one call, from one document of schemas; what it made is compared with what
was asked for and cut at the borders of classes. Where a call fails, its halves are tried, so that an endpoint of
which no models can be made takes no other one down.
"""

import ast
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from aki_runtime.fields.parameters import EXTRA_KEYS

from ..ir import NamedEndpoint
from ..literals import Code, visible
from .schema import ModelSchema, model_schemas


@dataclass(frozen=True)
class ModelField:
    """A field as the generated source has it.

    Attributes:
        annotation: Its type, without constraints.
        default: The source of its default; None where it is required.
        source: All of it, constraints included.
    """

    name: Code
    annotation: Code
    default: Code | None
    source: Code


@dataclass(frozen=True)
class ModelSource:
    """The source of an endpoint's models.

    Attributes:
        imports: The import statements of all that was made with it; ruff takes out what a module does not need.
        fields: The fields of each class, by its name, read back from the source: a signature never disagrees with it.
    """

    imports: Code = field(compare=False)
    fields: dict[str, tuple[ModelField, ...]]


def model_sources(endpoints: Sequence[NamedEndpoint]) -> dict[str, ModelSource]:
    """Return the models of endpoints, by the hub's names; an endpoint of which none can be made is left out."""
    if not endpoints:
        return {}
    try:
        return _made(endpoints)
    except Exception:  # a fault of theirs, met by what came from outside, is not to end the run
        if len(endpoints) == 1:
            return {}
    middle = len(endpoints) // 2
    return model_sources(endpoints[:middle]) | model_sources(endpoints[middle:])


def _made(endpoints: Sequence[NamedEndpoint]) -> dict[str, ModelSource]:
    asked = {endpoint.wire_name: model_schemas(endpoint) for endpoint in endpoints}
    # Models that differ in their names alone, as the outputs of many endpoints do, are made once.
    alike: dict[str, list[ModelSchema]] = {}
    for models in asked.values():
        for model in models:
            kind = json.dumps([model.part, model.fields, model.schema])
            alike.setdefault(kind, []).append(model)
    text = visible(_generate([first for first, *_ in alike.values()]))
    tree, lines = ast.parse(text), text.split("\n")
    imports = (ast.unparse(node) for node in tree.body if isinstance(node, ast.ImportFrom))
    imported = Code("\n".join(imports))
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    fields: dict[str, tuple[ModelField, ...]] = {}
    for first, *others in alike.values():
        # A missing class is a fault like any other: the endpoint is left out.
        read = _fields(first, classes[first.name], lines)
        fields |= {model.name: read for model in (first, *others)}
    return {
        wire: ModelSource(imported, {model.name: fields[model.name] for model in models})
        for wire, models in asked.items()
    }


def _generate(models: Sequence[ModelSchema]) -> str:
    # Importing it takes a while, which a command that makes no models need not wait for.
    from datamodel_code_generator import generate

    made = generate(
        {"$defs": {model.name: model.schema for model in models}},
        aliases={
            f"{model.name}.{wire}": name
            for model in models
            for wire, name in model.fields.items()
            if wire != name
        },
        base_class_map={
            model.name: f"aki_runtime.fields.base.{model.part}Model" for model in models
        },
        **_options(),
    )
    if not isinstance(made, str):
        raise TypeError("datamodel-code-generator made no single module")
    return made


def _fields(model: ModelSchema, node: ast.ClassDef, lines: list[str]) -> tuple[ModelField, ...]:
    """Read the fields of a class back.

    Raises:
        ValueError: They are not those that were asked for.
    """
    # It falls back to Any without a word where it does not know a type.
    if any(isinstance(each, ast.Name) and each.id == "Any" for each in ast.walk(node)):
        raise ValueError("a type was not understood")
    declared = [line for line in node.body if isinstance(line, ast.AnnAssign)]
    properties, required = model.schema["properties"], model.schema["required"]
    fields: list[ModelField] = []
    found: list[tuple[object, ...]] = [tuple(map(ast.unparse, node.bases))]
    asked: list[tuple[object, ...]] = [(f"{model.part}Model",)]
    for (wire, name), line in zip(model.fields.items(), declared, strict=True):
        match line.annotation:
            case ast.Subscript(slice=ast.Tuple(elts=[kind, ast.Call(keywords=rules), *_])):
                aliases = [rule.value for rule in rules if rule.arg == "alias"]
            case kind:
                aliases = []
        default, alias = line.value, ast.literal_eval(aliases[0]) if aliases else name
        shown = ... if default is None else ast.literal_eval(default)
        is_required = wire in required and "default" not in properties[wire]
        found.append((ast.unparse(line.target), alias, shown))
        asked.append((name, wire, ... if is_required else properties[wire].get("default")))
        fields.append(
            ModelField(
                Code(name),
                _code(kind),
                None if default is None else _code(default),
                Code("\n".join(lines[line.lineno - 1 : line.end_lineno]).strip()),
            )
        )
    if found != asked:
        raise ValueError(f"{model.name} is not what was asked for")
    return tuple(fields)


def _code(node: ast.expr) -> Code:
    return Code(visible(ast.unparse(node)))


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
