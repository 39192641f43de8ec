"""What changed about one parameter, output or progress field: a kind from the table of rules, and a sentence.

Owns the comparison of two fields' facts. Must not know endpoints, or how grave a kind is.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from .change_media import media_changes, support_changes
from .facts import CONVERTIBLE, FieldFacts, is_multiple

MAX_SHOWN = 60
"""Characters of a value that a sentence shows."""

MAX_LISTED = 8
"""Values of a list that a sentence names."""


@dataclass(frozen=True)
class Found:
    """A change without its place.

    Attributes:
        kind: A key of the table of rules.
        message: What changed, one sentence.
    """

    kind: str
    message: str
