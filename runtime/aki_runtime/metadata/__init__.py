"""What a hub says of its endpoints, read from their details documents.

from aki_runtime.metadata import read_metadata

metadata = read_metadata(client.endpoint_details("flux-dev"))
metadata.inputs["width"].maximum, metadata.problems
"""

from .reading import TYPES, is_utf8, json_text, read_metadata, shown
from .values import (
    MEDIA,
    EndpointMetadata,
    FieldMetadata,
    MediaLimit,
    MediaLimits,
    MetadataProblem,
    Scalar,
)

__all__ = [
    "MEDIA",
    "TYPES",
    "EndpointMetadata",
    "FieldMetadata",
    "MediaLimit",
    "MediaLimits",
    "MetadataProblem",
    "Scalar",
    "is_utf8",
    "json_text",
    "read_metadata",
    "shown",
]
