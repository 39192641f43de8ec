"""A hub's details documents as one OpenAPI document, as plain as a generator that knows no hub can use it.

As of our own client there are an operation that calls an endpoint and one that asks for a job's progress.
"""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

_NUMBERS = {"integer": "integer", "int": "integer", "float": "number"}
_TRUTHS = ("bool", "boolean")


def openapi_document(documents: Mapping[str, Any]) -> Schema:
    """Return two operations per endpoint, with schemas of its parameters, its outputs and its progress."""
    paths: Schema = {}
    schemas: Schema = {}
    for name, document in documents.items():
        model = "".join(word.capitalize() for word in name.replace("-", "_").split("_"))
        described = document["parameter_description"]
        schemas[f"{model}Input"] = _object(described["input"])
        schemas[f"{model}Output"] = _object(described["output"])
        progress = described.get("progress") or {}
        schemas[f"{model}Progress"] = _object(progress.get("OUTPUTS") or {})
        paths[f"/api/call/{name}"] = {"post": _call(name, document, model)}
        paths[f"/api/progress/{name}"] = {"get": _progress(name, document, model)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Bench Hub", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _call(name: str, document: Mapping[str, Any], model: str) -> Schema:
    return {
        "operationId": f"call_{name}",
        "summary": document["title"],
        "description": document.get("description") or "",
        "requestBody": {"required": True, "content": _content(f"{model}Input")},
        "responses": {"200": {"description": "The result", "content": _content(f"{model}Output")}},
    }


def _progress(name: str, document: Mapping[str, Any], model: str) -> Schema:
    job = {"name": "job_id", "in": "query", "required": True, "schema": {"type": "string"}}
    return {
        "operationId": f"progress_of_{name}",
        "summary": document["title"],
        "parameters": [job],
        "responses": {
            "200": {"description": "The progress", "content": _content(f"{model}Progress")}
        },
    }


def _content(schema: str) -> Schema:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _object(fields: Mapping[str, Any]) -> Schema:
    return {
        "type": "object",
        "properties": {name: _field(attributes) for name, attributes in fields.items()},
        "required": [name for name, attributes in fields.items() if attributes.get("required")],
    }


def _field(attributes: Mapping[str, Any]) -> Schema:
    schema = _typed(attributes)
    if "description" in attributes:
        schema["description"] = attributes["description"]
    if "default" in attributes and schema.get("type") in ("string", "integer", "number", "boolean"):
        schema["default"] = attributes["default"]
    return schema


def _typed(attributes: Mapping[str, Any]) -> Schema:
    word = attributes.get("type", "string")
    if word in _NUMBERS:
        bounds = {key: attributes[key] for key in ("minimum", "maximum") if key in attributes}
        return {"type": _NUMBERS[word], **bounds}
    if word in _TRUTHS:
        return {"type": "boolean"}
    if word == "selection":
        return _choice(attributes["supported"])
    if word.endswith("_list"):
        return {"type": "array", "items": {"type": "string"}}
    if word in ("json", "chat_context"):
        return {}
    return {"type": "string"}


def _choice(values: list[Any]) -> Schema:
    # openapi-python-client leaves out an endpoint with a choice of fractions.
    if all(isinstance(value, str) for value in values):
        return {"type": "string", "enum": values}
    whole = all(isinstance(value, int) for value in values)
    return {"type": "integer", "enum": values} if whole else {"type": "number"}
