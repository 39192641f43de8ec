"""A length that cuts the document."""

from hostile.corpus import HOSTILE, offered
from hostile.hub import respond

WHY = __doc__
OUTCOME = "problem"
SAYS = "instead of JSON"


def answers():
    return offered({HOSTILE: lambda: respond(b'{"title": "x"}', Content_Length="5")})
