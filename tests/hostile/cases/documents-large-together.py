"""Documents that are small enough each, and too many together."""

from hostile.corpus import document, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "larger than 400,000 bytes"
LIMITS = {"total_size": 400000}


def answers():
    return offered({f"z{n}": document(input={"a": {"x": "y" * 50_000}}) for n in range(12)})
