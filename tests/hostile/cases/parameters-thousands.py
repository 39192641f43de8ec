"""More parameters than any model has."""

from hostile.corpus import HOSTILE, document, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "holds 20,000 fields"


def answers():
    return offered({HOSTILE: document(input={f"p{n}": {"type": "integer"} for n in range(20_000)})})
