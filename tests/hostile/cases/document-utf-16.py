"""A document in UTF-16, which JSON readers detect."""

import json

from hostile.corpus import HOSTILE, document, offered

WHY = __doc__
OUTCOME = "package"


def answers():
    return offered({HOSTILE: json.dumps(document()).encode("utf-16")})
