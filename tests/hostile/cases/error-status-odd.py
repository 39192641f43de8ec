"""Statuses that no server sends."""

from hostile.corpus import HOSTILE, offered
from hostile.hub import respond

WHY = __doc__
OUTCOME = "problem"
SAYS = "could not be had"


def answers():
    return offered({HOSTILE: lambda: respond(b"{}", "999 \x1b[31mOdd")})
