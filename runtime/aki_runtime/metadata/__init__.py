"""What a hub says of its endpoints: `read_metadata` reads a details document, for all who need to know."""

from .attributes import Scalar, json_text, shown
from .endpoint import (
    EndpointMetadata,
    MetadataProblem,
    as_settled,
    missing_sections,
    read_metadata,
    why_unreadable,
)
from .field import MAX_SHOWN_CHOICES, TYPES, FieldMetadata, field_in_words
from .media import MEDIA, MediaLimit, MediaLimits, limits_as_json, limits_in_words

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
    "as_settled",
    "field_in_words",
    "json_text",
    "limits_as_json",
    "limits_in_words",
    "missing_sections",
    "read_metadata",
    "shown",
    "why_unreadable",
]
