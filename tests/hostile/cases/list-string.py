"""A list that is none: string."""

from hostile.corpus import offered

WHY = __doc__
OUTCOME = "refused"
SAYS = "instead of JSON"


def answers():
    return {**offered({}), "": b'"innocent"'}
