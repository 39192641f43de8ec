"""OpenAPI 3.1 of a hub, and JSON Schemas (2020-12) of its endpoints: what it takes and answers, for other tools.

What every hub answers, whatever the endpoint, stands first. Component names of it end in none of the words that an
endpoint's components end in, so that the two never meet.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from aki_runtime.hub import Address
from aki_runtime.shapes import is_array, is_object

from .. import __version__
from ..ir import NamedEndpoint
from ..literals import doc_text
from ..markup import without_markup
from ..naming import identifiers
from ..rendering.describe import endpoint_summary
from ..rendering.schema import Schema, input_schema, output_schema
from ..snapshot.snapshot import Snapshot

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ABOUT = (
    "Every model is an endpoint. A call makes a job, which costs money; a call that is sent twice runs twice. "
    "The job is asked after at the endpoint's progress until its state is final. A result is handed out once."
)


def _of(kind: str | list[str], description: str = "", **more: object) -> Schema:
    return {"type": kind, **({"description": description} if description else {}), **more}


def _object(properties: Schema, description: str = "", **more: object) -> Schema:
    return _of("object", description, properties=properties, **more)


def _reference(component: str) -> Schema:
    return {"$ref": f"#/components/schemas/{component}"}


KEY = _of(
    "string",
    "The API key. It travels in the body, there is no header for it. "
    "A hub that asks for keys answers 401 without one.",
    format="password",
    writeOnly=True,
)
WAIT = _of(
    "boolean",
    "Send false: the hub answers at once, and the job is followed by its progress. With true the answer is the result; "
    "one that takes longer than the server's time limit (60 s by default) is answered 503, and its result cannot be "
    "had any more.",
    default=True,
)
JOB_ID = _of("string", "The job. Whoever knows it can read the job: treat it as a secret.")
JOB_STATE = _of(
    "string",
    "queued, processing, done, canceled or lapsed; further words may come and are not final.",
    examples=["queued", "processing", "done", "canceled", "lapsed"],
)
VERSION = _of(["integer", "null"])
IDENTITY = {"success": _of("boolean"), "job_id": JOB_ID, "ep_version": VERSION}
DURATIONS = {
    "total_duration": _of(["number", "null"], "Seconds from arrival to the end."),
    "compute_duration": _of(["number", "null"], "Seconds of computing."),
}
FIGURES = {
    "queue_position": _of("integer", "1 is next, 0 is being processed, -1 is unknown."),
    "estimate": _of(["number", "null"], "Seconds left as the hub guesses; -1 is unknown."),
    "num_workers_online": _of("integer"),
    "progress": _of(
        ["number", "null"],
        "0 to 100 for images; the number of tokens so far, without an upper bound, for text.",
    ),
}
_CANCEL = "True asks the hub to stop the job, which may still end as done."
_REASONS = {
    "description": "What was refused: one sentence, or a list with every reason.",
    "anyOf": [_of("string"), _of("array", items=_of("string")), _of("object")],
}
SHARED_COMPONENTS = {
    "PollQuestion": _object(
        {"key": KEY, "job_id": {**JOB_ID, "minLength": 1}, "cancel": _of("boolean", _CANCEL)},
        "Ask one job at a time: the first answer after its end has the only copy of its result.",
        required=["job_id"],
        additionalProperties=True,
    ),
    "HubError": _object(
        {
            "success": _of("boolean"),
            "error": _REASONS,
            "ep_version": VERSION,
            "job_state": JOB_STATE,
            "progress": _of(["object", "null"]),
            "status": _of("integer"),
            "description": _of("string"),
            "message": _of("string"),
        },
        "Servers and proxies word errors in many ways: read whichever field is there.",
        additionalProperties=True,
    ),
}
_GENERAL = {
    "404": "No such endpoint or route.",
    "413": "The body is larger than the server takes (100,000,000 bytes by default).",
    "500": "The server failed.",
    "502": "A proxy reached no server, as during a restart; jobs that ran then are forgotten.",
    "503": "No worker, or a blocking call that took too long: its result cannot be had any more.",
    "504": "A proxy waited too long.",
}
CALL_ERRORS = {
    "400": "The inputs are refused, all reasons in one list; or the queue is full or the endpoint disabled, "
    "which is one sentence.",
    "401": "The key is missing or not valid.",
    "402": "The key may not use this endpoint.",
    **_GENERAL,
}
POLL_ERRORS = {
    "400": "The job has lapsed, or the body is not JSON.",
    "401": "The key is missing or not valid.",
    "402": "The hub does not know the job, or has forgotten it.",
    **_GENERAL,
}
ASK_ERRORS = {"401": "The key is not valid.", **{s: _GENERAL[s] for s in ("404", "500", "502")}}


def openapi(endpoints: Sequence[NamedEndpoint], snapshot: Snapshot) -> Schema:
    """Return the OpenAPI document of a hub.

    Args:
        endpoints: The endpoints that it offers.
        snapshot: The hub's address and layout of routes.
    """
    address = Address(snapshot.server, snapshot.layout)
    operations = _asking(address)
    components: dict[str, Schema] = dict(SHARED_COMPONENTS)
    for endpoint in endpoints:
        operations[address.url("call", endpoint.wire_name)] = {"post": _call(endpoint)}
        operations[address.url("progress", endpoint.wire_name)] = {"post": _poll(endpoint)}
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
        "paths": {url.removeprefix(address.server): at for url, at in operations.items()},
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "key"}},
        },
    }
    return {name: _without_markup(part) for name, part in document.items()}


def schema_files(endpoints: Iterable[NamedEndpoint]) -> dict[PurePosixPath, Schema]:
    """Return a JSON Schema for each file; the names of files are the endpoints' Python names."""
    return {
        PurePosixPath(f"{e.name}.{part.lower()}.schema.json"): {"$schema": DIALECT, **schema}
        for e, part, schema in _schemas(endpoints)
    }


def schema_bundle(endpoints: Iterable[NamedEndpoint]) -> Schema:
    """Return all JSON Schemas as one document, under the names that the models have in Python."""
    definitions = {f"{e.models}{part}": schema for e, part, schema in _schemas(endpoints)}
    return {"$schema": DIALECT, "$defs": definitions}


def _schemas(endpoints: Iterable[NamedEndpoint]) -> Iterator[tuple[NamedEndpoint, str, Schema]]:
    for endpoint in endpoints:
        schemas = {"Input": input_schema(endpoint), "Output": output_schema(endpoint.outputs)}
        if endpoint.progress:
            schemas["Progress"] = output_schema(endpoint.progress)
        for part, schema in schemas.items():
            title = f"{doc_text(endpoint.title)}: {part.lower()}"
            yield endpoint, part, {"title": title, **schema}


def _asking(address: Address) -> dict[str, Any]:
    """Return the URLs at which a hub describes itself. The key is in the query there, and may be left out."""
    text, names = _of("string"), address.url("list")
    listed = _object({"endpoints": _of("array", items=text)})
    checked = _object({"success": _of("boolean"), "error": _of(["string", "null"])})
    name = {"name": "name", "in": "path", "required": True, "schema": text}
    version = {
        "name": "version",
        "in": "query",
        "description": "Name and version of the client.",
        "schema": text,
    }
    details, valid = (
        "What an endpoint takes and gives",
        "Whether a key is good; a bad one is not an error",
    )
    operations: list[tuple[str, str, str, Schema, list[Schema]]] = [
        (names, "list_endpoints", "The endpoints that the key may use", listed, []),
        (f"{names}/{{name}}", "endpoint_details", details, _of("object"), [name]),
        (address.url("validate_key"), "validate_key", valid, checked, [version]),
    ]
    return {
        url: {
            "get": {
                "operationId": operation,
                "summary": summary,
                "tags": ["hub"],
                "security": [{}, {"key": []}],
                **({"parameters": parameters} if parameters else {}),
                "responses": _responses("The answer.", answer, ASK_ERRORS),
            }
        }
        for url, operation, summary, answer, parameters in operations
    }


def _call(endpoint: NamedEndpoint) -> Schema:
    accepted = "The job is accepted; where the call waits, it has ended, and the outputs are there."
    return {
        "operationId": f"call_{endpoint.name}",
        "summary": doc_text(endpoint.title),
        "description": endpoint_summary(endpoint),
        "tags": [_tag(endpoint)],
        "requestBody": _body(f"{endpoint.models}Call"),
        "responses": _responses(accepted, _reference(f"{endpoint.models}Result"), CALL_ERRORS),
    }


def _poll(endpoint: NamedEndpoint) -> Schema:
    answer = _reference(f"{endpoint.models}ProgressAnswer")
    return {
        "operationId": f"progress_{endpoint.name}",
        "summary": f"Progress: {doc_text(endpoint.title)}",
        "description": "How a job is, and its result, once. A request to cancel rides along.",
        "tags": [_tag(endpoint)],
        "requestBody": _body("PollQuestion"),
        "responses": _responses("How the job is.", answer, POLL_ERRORS),
    }


def _components(endpoint: NamedEndpoint) -> dict[str, Schema]:
    inputs, outputs = input_schema(endpoint), output_schema(endpoint.outputs)
    figures = {**FIGURES, "progress_data": _reference(f"{endpoint.models}ProgressData")}
    answer = {
        **IDENTITY,
        "job_state": JOB_STATE,
        "progress": _object(figures, additionalProperties=True),
        "job_result": _reference(f"{endpoint.models}Result"),
    }
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
        f"{endpoint.models}ProgressAnswer": _object(
            answer, required=["success", "job_state"], additionalProperties=True
        ),
    }


def _tag(endpoint: NamedEndpoint) -> str:
    # Generators make folders and modules of tags: naming sees to it that they can.
    category = endpoint.category or "other"
    return str(identifiers([category], "endpoint", {})[category])


def _body(component: str) -> Schema:
    return {"required": True, "content": _json(_reference(component))}


def _responses(description: str, answer: Schema, errors: dict[str, str]) -> Schema:
    # A proxy between may answer with a page of its own.
    page = {"schema": _of("string")}
    content = {**_json(_reference("HubError")), "text/plain": page, "text/html": page}
    return {
        "200": {"description": description, "content": _json(answer)},
        **{status: {"description": text, "content": content} for status, text in errors.items()},
    }


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


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
