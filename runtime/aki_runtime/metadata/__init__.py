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
from .words import MAX_SHOWN_CHOICES, field_in_words, limits_in_words

__all__ = [
    "MAX_SHOWN_CHOICES",
    "MEDIA",
    "TYPES",
    "EndpointMetadata",
    "FieldMetadata",
    "MediaLimit",
    "MediaLimits",
    "MetadataProblem",
    "Scalar",
    "field_in_words",
    "is_utf8",
    "json_text",
    "limits_in_words",
    "read_metadata",
    "shown",
]
