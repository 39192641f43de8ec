"""A document that is nested too deep to be read."""

from hostile.corpus import HOSTILE, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "instead of JSON"


def answers():
    return offered({HOSTILE: b"[" * 100_000})
