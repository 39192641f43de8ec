"""A list that is none: empty."""

from hostile.corpus import offered

WHY = __doc__
OUTCOME = "refused"
SAYS = "lists no endpoints"


def answers():
    return {**offered({}), "": b'{"endpoints": []}'}
