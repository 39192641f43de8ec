"""Schemathesis draws calls from the OpenAPI document and holds the sandbox's answers against it.

What JSON Schema cannot draw is drawn here: the document within a JSON text, and the bytes of a medium.
"""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from agreement.compare import catalogue_documents
from agreement.inputs import media_samples
from aki_codegen.ir import Field
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from hypothesis import given
from hypothesis import strategies as st
from support.drawing import drawn

from .documents import endpoints_of, openapi_of

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

pytestmark = pytest.mark.slow

KEY = "any-key"
EXAMPLES = 6
"""Per operation and kind of data."""

SAMPLES = {"image": "image_fine_png", "audio": "audio_wav", "video": "video_mp4"}
MESSAGES = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant"]), "content": st.text(max_size=9)}
)
SETTINGS = HubSettings(job_seconds=0.01, max_queue_length=10_000, gated=frozenset())
DOCUMENT = openapi_of(catalogue_documents())
OPERATIONS = sorted(
    (method, path) for path, methods in DOCUMENT["paths"].items() for method in methods
)


def drawable(document: dict[str, Any]) -> Any:
    """Name a format at each text whose content JSON Schema does not draw, and tell how to draw it."""

    def walk(value: Any, name: str) -> Any:
        if isinstance(value, list):
            return [walk(item, name) for item in value]
        if not isinstance(value, dict):
            return value
        if value.get("format") == "password":  # any text is one, whatever a mutation thinks
            return {k: v for k, v in value.items() if k != "format"}
        if "contentSchema" in value:
            is_chat = isinstance(value["contentSchema"], dict)
            return {**value, "format": "messages" if is_chat else "any-json"}
        if str(value.get("pattern", "")).startswith("^data:"):
            kind = next((kind for kind in SAMPLES if kind in name), "image")
            return {**value, "format": f"sample-{kind}"}
        return {key: walk(item, key) for key, item in value.items()}

    schemathesis.openapi.format("messages", st.lists(MESSAGES, max_size=3).map(json.dumps))
    schemathesis.openapi.format("any-json", (st.none() | st.integers() | MESSAGES).map(json.dumps))
    for kind in SAMPLES:
        schemathesis.openapi.format(f"sample-{kind}", st.just(_data_uri(kind)))
    return walk(document, "")


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(settings=SETTINGS) as running:
        yield running


def new_job(server: SandboxServer, name: str) -> str:
    """Return the id of a job that the hub knows."""
    (endpoint,) = endpoints_of({name: server.hub.catalogue[name].document})
    inputs = {p.wire_name: _fitting(p) for p in endpoint.inputs if p.required}
    reply = server.hub.submit(name, {**inputs, "key": KEY, "wait_for_result": False})
    assert reply.status == 200, reply.body
    return str(reply.body["job_id"])


def _fitting(parameter: Field) -> Any:
    if parameter.medium is not None:
        return _data_uri(parameter.medium)
    return parameter.choices[0] if parameter.choices else "x"


def _data_uri(kind: str) -> str:
    return f"data:{kind}/any;base64,{base64.b64encode(media_samples()[SAMPLES[kind]]).decode()}"


@pytest.fixture(scope="module")
def schema() -> Any:
    # 402 is how the hub refuses what names no job that it knows.
    refusals = {"expected-statuses": [400, 401, 402]}
    config = schemathesis.Config.from_dict({"checks": {"negative_data_rejection": refusals}})
    return schemathesis.openapi.from_dict(drawable(DOCUMENT), config=config)


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[path for _, path in OPERATIONS])
def test_a_call_that_the_document_allows_is_answered_as_it_says(
    server: SandboxServer, schema: Any, method: str, path: str
) -> None:
    def prepare(body: dict[str, Any]) -> None:
        body["key"] = KEY
        if "/progress/" in path:
            body["job_id"] = new_job(server, path.rpartition("/")[2])

    draw(schema[path][method.upper()], schemathesis.GenerationMode.POSITIVE, prepare, server)


@pytest.mark.parametrize("path", [path for method, path in OPERATIONS if method == "post"])
def test_a_call_that_the_document_forbids_is_refused_as_it_says(
    server: SandboxServer, schema: Any, path: str
) -> None:
    def prepare(body: dict[str, Any]) -> None:
        if isinstance(body.get("key", ""), str):  # else the key may be what is wrong
            body["key"] = KEY

    draw(schema[path]["POST"], schemathesis.GenerationMode.NEGATIVE, prepare, server)


def draw(
    operation: Any, mode: Any, prepare: Callable[[dict[str, Any]], None], server: SandboxServer
) -> None:
    """Send some drawn calls, and hold the answers against the document."""

    @drawn(EXAMPLES)
    @given(operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        if isinstance(case.body, dict):
            prepare(case.body)
        case.call_and_validate(base_url=server.url)

    check()
