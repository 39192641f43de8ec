"""OpenAPI 3.1 of a hub: what it offers to everybody, and each endpoint's call and progress with its own schemas."""

from collections.abc import Sequence
from typing import Any

from aki_runtime.hub import Address
from aki_runtime.shapes import is_array, is_object

from .. import __version__
from ..ir import Endpoint
from ..literals import doc_text
from ..markup import without_markup
from ..naming import identifiers
from ..rendering.describe import endpoint_summary
from ..rendering.schema import Schema, input_schema, output_schema
from ..snapshot.snapshot import Snapshot
from .hub_answers import (
    ASK_ERRORS,
    CALL_ERRORS,
    DURATIONS,
    FIGURES,
    IDENTITY,
    JOB_STATE,
    KEY,
    POLL_ERRORS,
    SHARED_COMPONENTS,
    WAIT,
    error_responses,
)

ABOUT = (
    "Every model is an endpoint. A call makes a job, which costs money; a call that is sent twice runs twice. "
    "The job is asked after at the endpoint's progress until its state is final. A result is handed out once."
)


def openapi(endpoints: Sequence[Endpoint], snapshot: Snapshot) -> Schema:
    """Return the OpenAPI document of a hub.

    Args:
        endpoints: The endpoints that it offers.
        snapshot: The hub's address and layout of routes.
    """
    address = Address(snapshot.server, snapshot.layout)
    paths: dict[str, Any] = _asking(address)
    components: dict[str, Schema] = dict(SHARED_COMPONENTS)
    for endpoint in endpoints:
        paths[_path(address.call_url(endpoint.wire_name), address)] = {"post": _call(endpoint)}
        paths[_path(address.progress_url(endpoint.wire_name), address)] = {"post": _poll(endpoint)}
        components |= _components(endpoint)
    document: Schema = {
        "openapi": "3.1.0",
        "info": {
            "title": f"Models of {doc_text(snapshot.server.partition('://')[2])}",
            "version": __version__,
            "description": ABOUT,
        },
        "servers": [{"url": snapshot.server}],
        "tags": [{"name": name} for name in sorted({"hub", *map(_tag, endpoints)})],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "key"}},
        },
    }
    return {name: _without_markup(part) for name, part in document.items()}


def _asking(address: Address) -> dict[str, Any]:
    """Return the routes on which a hub tells of itself. The key is in the query there, and may be left out."""
    listed = {"type": "object", "properties": {"endpoints": _list_of({"type": "string"})}}
    checked = {
        "type": "object",
        "properties": {"success": {"type": "boolean"}, "error": {"type": ["string", "null"]}},
    }
    name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
    version = {
        "name": "version",
        "in": "query",
        "description": "Name and version of the client.",
        "schema": {"type": "string"},
    }
    return {
        _path(address.list_url(), address): {
            "get": _ask("list_endpoints", "The endpoints that the key may use", listed)
        },
        f"{_path(address.list_url(), address)}/{{name}}": {
            "get": _ask(
                "endpoint_details", "What an endpoint takes and gives", {"type": "object"}, name
            )
        },
        _path(address.validate_key_url(), address): {
            "get": _ask(
                "validate_key", "Whether a key is good; a bad one is no error", checked, version
            )
        },
    }


def _ask(operation: str, summary: str, answer: Schema, *parameters: Schema) -> Schema:
    return {
        "operationId": operation,
        "summary": summary,
        "tags": ["hub"],
        "security": [{}, {"key": []}],
        **({"parameters": list(parameters)} if parameters else {}),
        "responses": {"200": _answer("The answer.", answer), **error_responses(ASK_ERRORS)},
    }


def _call(endpoint: Endpoint) -> Schema:
    return {
        "operationId": f"call_{endpoint.name}",
        "summary": doc_text(endpoint.title),
        "description": endpoint_summary(endpoint),
        "tags": [_tag(endpoint)],
        "requestBody": _body(f"{endpoint.models}Call"),
        "responses": {
            "200": _answer(
                "The job is accepted; where the call waits, it has ended, and the outputs are there.",
                _reference(f"{endpoint.models}Result"),
            ),
            **error_responses(CALL_ERRORS),
        },
    }


def _poll(endpoint: Endpoint) -> Schema:
    return {
        "operationId": f"progress_{endpoint.name}",
        "summary": f"Progress: {doc_text(endpoint.title)}",
        "description": "How a job is, and its result, once. A request to cancel rides along.",
        "tags": [_tag(endpoint)],
        "requestBody": _body("PollQuestion"),
        "responses": {
            "200": _answer("How the job is.", _reference(f"{endpoint.models}ProgressAnswer")),
            **error_responses(POLL_ERRORS),
        },
    }


def _components(endpoint: Endpoint) -> dict[str, Schema]:
    inputs, outputs = input_schema(endpoint), output_schema(endpoint.outputs)
    figures = {**FIGURES, "progress_data": _reference(f"{endpoint.models}ProgressData")}
    return {
        f"{endpoint.models}Call": {
            **inputs,
            "properties": {**inputs["properties"], "key": KEY, "wait_for_result": WAIT},
        },
        f"{endpoint.models}Result": {
            **outputs,
            "description": "A non-empty `error` is a failed job, whatever `success` says.",
            "properties": {**IDENTITY, **DURATIONS, **outputs["properties"]},
        },
        f"{endpoint.models}ProgressData": {
            **output_schema(endpoint.progress),
            "description": "What the worker tells so far. Text is the whole text so far.",
        },
        f"{endpoint.models}ProgressAnswer": {
            "type": "object",
            "properties": {
                **IDENTITY,
                "job_state": JOB_STATE,
                "progress": {
                    "type": "object",
                    "properties": figures,
                    "additionalProperties": True,
                },
                "job_result": _reference(f"{endpoint.models}Result"),
            },
            "required": ["success", "job_state"],
            "additionalProperties": True,
        },
    }


def _tag(endpoint: Endpoint) -> str:
    # Generators make folders and modules of tags: naming sees to it that they can.
    category = endpoint.category or "other"
    return str(identifiers([category], "endpoint", {})[category])


def _path(url: str, address: Address) -> str:
    return url.removeprefix(address.server)


def _body(component: str) -> Schema:
    return {
        "required": True,
        "content": {"application/json": {"schema": _reference(component)}},
    }


def _answer(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _reference(component: str) -> Schema:
    return {"$ref": f"#/components/schemas/{component}"}


def _list_of(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def _without_markup(value: object) -> object:
    """Write descriptions as readers of OpenAPI take them, which show CommonMark."""
    if is_array(value):
        return [_without_markup(item) for item in value]
    if not is_object(value):
        return value
    return {
        name: without_markup(item)
        if name == "description" and isinstance(item, str)
        else _without_markup(item)
        for name, item in value.items()
    }
