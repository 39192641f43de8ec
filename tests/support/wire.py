"""What a hub receives."""

import json
from collections.abc import Mapping
from typing import Any

from aki_runtime.protocol.requests import Body


def as_received(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON document that a request with these values holds."""
    return json.loads(b"".join(Body(values)))
