"""What a hub says of its endpoints: `read_metadata` reads a details document, for all who need to know."""

from .attributes import Scalar as Scalar
from .attributes import json_text as json_text
from .attributes import shown as shown
from .endpoint import EndpointMetadata as EndpointMetadata
from .endpoint import MetadataProblem as MetadataProblem
from .endpoint import as_settled as as_settled
from .endpoint import missing_sections as missing_sections
from .endpoint import read_metadata as read_metadata
from .endpoint import why_unreadable as why_unreadable
from .field import MAX_SHOWN_CHOICES as MAX_SHOWN_CHOICES
from .field import TYPES as TYPES
from .field import FieldMetadata as FieldMetadata
from .field import field_in_words as field_in_words
from .media import MEDIA as MEDIA
from .media import MediaLimit as MediaLimit
from .media import MediaLimits as MediaLimits
from .media import limits_as_json as limits_as_json
from .media import limits_in_words as limits_in_words
