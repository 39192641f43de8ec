"""From the IR to the source of pydantic models: which fields a model has, and what it is made of."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from ..ir import Endpoint, Output, Parameter
from ..literals import Code
from .fieldsource import FieldSources
from .modelfields import PARTS, FieldRequest, FieldSource, ModelField, Part
from .schema import endpoint_schema
from .verify import RenderedWrongError


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


class Models:
    """The models of endpoints, whose fields are made together.

    Args:
        package: What the package is imported as.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._fields = FieldSources(package)

    def prepare(self, endpoints: Iterable[Endpoint]) -> None:
        """Make the fields of endpoints that will be asked for."""
        self._fields.make(r for e in endpoints for r in _requests(e, self._package))

    def source(self, endpoint: Endpoint) -> ModelSource:
        """Return the source of an endpoint's input, output and progress models.

        Raises:
            RenderedWrongError: There is no such source.
        """
        requests = list(_requests(endpoint, self._package))
        self._fields.make(requests)
        parts: dict[Part, list[FieldSource]] = {part: [] for part in PARTS}
        for request in requests:
            made = self._fields.get(request)
            if made is None:
                where = f"{request.part.lower()} {request.wire_name!r}"
                raise RenderedWrongError(f"no model could be made of its {where}")
            parts[request.part].append(made)
        runtime = "aki_runtime.fields.base"
        imports = {(runtime, f"{part}Model") for part in PARTS}.union(
            *(made.imports for fields in parts.values() for made in fields)
        )
        return ModelSource(
            imports=Code("\n".join(f"from {module} import {n}" for module, n in sorted(imports))),
            classes=Code(
                "\n\n\n".join(_class(endpoint, part, fields) for part, fields in parts.items())
            ),
            fields={
                f"{endpoint.models}{part}": tuple(made.field for made in fields)
                for part, fields in parts.items()
            },
        )


def _requests(endpoint: Endpoint, package: str) -> Iterable[FieldRequest]:
    declared: dict[Part, tuple[Parameter, ...] | tuple[Output, ...]] = {
        "Input": endpoint.inputs,
        "Output": endpoint.outputs,
        "Progress": endpoint.progress,
    }
    schemas = endpoint_schema(endpoint, package)["$defs"]
    for part, fields in declared.items():
        model = schemas[f"{endpoint.models}{part}"]
        required = frozenset(model["required"])
        for field in fields:
            wire = field.wire_name
            schema = model["properties"][wire]
            if part == "Input" and wire not in required:
                schema = {**schema, "nullable": True}  # None is as good as absent
            yield FieldRequest(part, wire, str(field.name), wire in required, json.dumps(schema))


def _class(endpoint: Endpoint, part: Part, fields: list[FieldSource]) -> str:
    body = "\n".join(made.statement for made in fields).rstrip("\n") or "    pass"
    return f"class {endpoint.models}{part}({part}Model):\n{body}"
