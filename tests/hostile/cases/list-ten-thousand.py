"""A list of 10,000 endpoints: asking for them has a time limit altogether."""

from hostile.corpus import offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "for all of them"
LIMITS = {"total_seconds": 3.0}


def answers():
    return offered({}, listed=[f"z{n}" for n in range(9_999)])
