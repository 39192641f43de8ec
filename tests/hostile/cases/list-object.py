"""A list that is none: object."""

from hostile.corpus import offered

WHY = __doc__
OUTCOME = "refused"
SAYS = "answered no endpoint list"


def answers():
    return {**offered({}), "": b'{"endpoints": {"innocent": {}}}'}
