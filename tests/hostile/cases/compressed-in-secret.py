"""A compressed document that does not say so."""

import gzip

from hostile.corpus import HOSTILE, offered
from hostile.hub import respond

WHY = __doc__
OUTCOME = "problem"
SAYS = "instead of JSON"


def answers():
    return offered({HOSTILE: lambda: respond(gzip.compress(b"{}"))})
