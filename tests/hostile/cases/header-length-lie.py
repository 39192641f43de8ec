"""A length that is a lie: a trillion bytes."""

from hostile.corpus import HOSTILE, offered
from hostile.hub import respond

WHY = __doc__
OUTCOME = "problem"
SAYS = "could not be had"


def answers():
    return offered({HOSTILE: lambda: respond(b"{}", Content_Length="1" + "0" * 12)})
