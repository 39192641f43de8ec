"""Short ways to write metadata and to read it, for tests that are about one attribute of it."""

from typing import Any

from aki_codegen.ir import Field, NamedEndpoint
from aki_codegen.parsing.parse import Parsed, parse
from aki_codegen.snapshot.snapshot import Snapshot, canonical
from aki_runtime.changes.compare import Change, compare_hubs

Fields = dict[str, Any]


def details(
    input: Fields | None = None,  # noqa: A002 - the hub's word
    output: Fields | None = None,
    progress: Fields | None = None,
    **top: Any,
) -> dict[str, Any]:
    """Return a details document of these fields."""
    return {
        "title": "Painter",
        **top,
        "parameter_description": {
            "input": input or {},
            "output": output or {},
            "progress": {"OUTPUTS": progress} if progress else {},
        },
    }


def compare_endpoints(name: str, old: object, new: object) -> tuple[Change, ...]:
    """Compare two details documents of one endpoint."""
    return compare_hubs({name: old}, {name: new})


def parse_one(document: object, name: str = "painter") -> Parsed:
    """Read one endpoint that nothing is remembered of."""
    return parse({name: document}, {})


def endpoint_of(document: object, name: str = "painter") -> NamedEndpoint:
    """Return an endpoint whose metadata is without a fault."""
    parsed = parse_one(document, name)
    assert parsed.problems == ()
    return parsed.endpoints[0]


def parameter_of(attributes: object) -> Field:
    """Return the parameter that these attributes, which have no fault, describe."""
    return endpoint_of(details({"value": attributes})).inputs[0]


def snapshot_of(documents: dict[str, object]) -> Snapshot:
    """Return the snapshot of a hub with these details documents."""
    return Snapshot(
        "https://hub.example",
        "aki",
        {name: canonical(name, document) for name, document in documents.items()},
    )
