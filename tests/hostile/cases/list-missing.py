"""A list that is none: missing."""

from hostile.corpus import offered

WHY = __doc__
OUTCOME = "refused"
SAYS = "answered no endpoint list"


def answers():
    return {**offered({}), "": b"{}"}
