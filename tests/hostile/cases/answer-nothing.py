"""A connection that closes without a word."""

from hostile.corpus import HOSTILE, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "could not be had"


def answers():
    return offered({HOSTILE: lambda: b""})
