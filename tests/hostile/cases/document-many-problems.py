"""A document with ten thousand faults: the report must stay a report."""

from hostile.corpus import HOSTILE, document, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "attributes are not an object"


def answers():
    return offered({HOSTILE: document(input={f"p{n}": [] for n in range(1_000)})})
