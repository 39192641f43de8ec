"""The documents that the tests of exports are about, made from metadata without a file."""

from collections.abc import Mapping
from typing import Any

from aki_codegen.commands.export import offered_endpoints
from aki_codegen.export.openapi import openapi
from aki_codegen.ir import NamedEndpoint
from aki_codegen.snapshot.snapshot import Snapshot, canonical
from aki_runtime.hub import Layout


def snapshot_of(documents: Mapping[str, Any], layout: Layout = "aki") -> Snapshot:
    """Return the snapshot of a hub with these details documents."""
    return Snapshot(
        "https://hub.example", layout, {name: canonical(name, d) for name, d in documents.items()}
    )


def endpoints_of(documents: Mapping[str, Any]) -> list[NamedEndpoint]:
    """Return the endpoints of these details documents."""
    return list(offered_endpoints(snapshot_of(documents)))


def openapi_of(documents: Mapping[str, Any], layout: Layout = "aki") -> dict[str, Any]:
    """Return the OpenAPI document of a hub with these details documents."""
    snapshot = snapshot_of(documents, layout)
    return openapi(offered_endpoints(snapshot), snapshot)
