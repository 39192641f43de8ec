"""From JSON Schema to the source of pydantic models: the only module that knows datamodel-code-generator.

Fields and their annotations are read back from the source, so that a signature can never disagree with its
model.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

from .ir import Endpoint, Output, Parameter
from .literals import Code, visible
from .schema import EXTRA_KEYS, endpoint_schema
from .verify import RenderedWrongError

PARTS = ("Input", "Output", "Progress")
"""What the names of an endpoint's models end in."""


@dataclass(frozen=True)
class ModelField:
    """A field as the generated source has it.

    Attributes:
        annotation: Its type, without constraints.
        default: The source of its default; None where it is required.
    """

    name: str
    annotation: Code
    default: Code | None


@dataclass(frozen=True)
class ModelSource:
    """The source of an endpoint's models.

    Attributes:
        imports: The import statements.
        classes: The class statements.
        fields: The fields of each class, by its name.
    """

    imports: Code
    classes: Code
    fields: dict[str, tuple[ModelField, ...]]


def generator_version() -> str:
    """Return the version of datamodel-code-generator, which the manifest names."""
    return version("datamodel-code-generator")


def model_source(endpoint: Endpoint, package: str) -> ModelSource:
    """Make the source of an endpoint's input, output and progress models.

    Raises:
        RenderedWrongError: There is no such source.
    """
    try:
        text = visible(_generate(endpoint, package))
    except Exception as error:  # it is no code of ours, and what it is given came from outside
        raise RenderedWrongError(
            f"no models could be made of it ({type(error).__name__})"
        ) from error
    tree = ast.parse(text)
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    if [node.name for node in classes] != [f"{endpoint.models}{part}" for part in PARTS]:
        raise RenderedWrongError("its models are not those of the metadata")
    return ModelSource(
        imports=Code("\n".join(ast.unparse(node) for node in imports)),
        classes=Code("\n\n\n".join(ast.get_source_segment(text, node) or "" for node in classes)),
        fields={node.name: _fields(node) for node in classes},
    )


def _generate(endpoint: Endpoint, package: str) -> str:
    sections: dict[str, tuple[Parameter, ...] | tuple[Output, ...]] = {
        "Input": endpoint.inputs,
        "Output": endpoint.outputs,
        "Progress": endpoint.progress,
    }
    made = _generator()(
        endpoint_schema(endpoint, package),
        aliases={
            f"{endpoint.models}{section}.{field.wire_name}": str(field.name)
            for section, fields in sections.items()
            for field in fields
            if field.wire_name != field.name
        },
        base_class_map={
            f"{endpoint.models}{section}": f"{package}._runtime.models.{section}Model"
            for section in sections
        },
        **_options(),
    )
    if not isinstance(made, str):
        raise TypeError(f"datamodel-code-generator made no single module of {endpoint.name}")
    return made


@cache
def _generator() -> Callable[..., object]:
    # Importing it takes most of a second, which a command that makes no models need not wait for.
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
        "use_field_description": True,
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


def _fields(node: ast.ClassDef) -> tuple[ModelField, ...]:
    return tuple(
        ModelField(
            name=statement.target.id,
            annotation=_code(_without_constraints(statement.annotation)),
            default=_code(statement.value) if statement.value is not None else None,
        )
        for statement in node.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    )


def _code(node: ast.expr) -> Code:
    return Code(visible(ast.unparse(node)))


def _without_constraints(annotation: ast.expr) -> ast.expr:
    match annotation:
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[kind, *_])):
            return kind
        case _:
            return annotation
