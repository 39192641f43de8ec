"""JSON Schemas (2020-12) of each endpoint's inputs, outputs and progress: one document, or a file for each."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from ..ir import Endpoint
from ..literals import doc_text
from ..rendering.schema import Schema, input_schema, output_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_files(endpoints: Iterable[Endpoint]) -> dict[PurePosixPath, Schema]:
    """Return a schema for each file; the names of files are the endpoints' Python names."""
    return {
        PurePosixPath(f"{endpoint.name}.{part.lower()}.schema.json"): {"$schema": DIALECT, **schema}
        for endpoint in endpoints
        for part, schema in _schemas(endpoint).items()
    }


def schema_bundle(endpoints: Iterable[Endpoint]) -> Schema:
    """Return all schemas as one document, under the names that the models have in Python."""
    definitions = {
        f"{endpoint.models}{part}": schema
        for endpoint in endpoints
        for part, schema in _schemas(endpoint).items()
    }
    return {"$schema": DIALECT, "$defs": definitions}


def _schemas(endpoint: Endpoint) -> Mapping[str, Schema]:
    schemas = {"Input": input_schema(endpoint), "Output": output_schema(endpoint.outputs)}
    if endpoint.progress:
        schemas["Progress"] = output_schema(endpoint.progress)
    title = doc_text(endpoint.title)
    return {
        part: {"title": f"{title}: {part.lower()}", **schema} for part, schema in schemas.items()
    }
