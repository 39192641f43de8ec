"""A selection with more choices than that."""

from hostile.corpus import HOSTILE, document, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "with 50,000 choices"


def answers():
    return offered(
        {HOSTILE: document(input={"a": {"type": "selection", "supported": list(range(50_000))}})}
    )
