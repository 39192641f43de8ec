"""An endpoint whose name is longer than an address and a terminal line may be."""

from hostile.corpus import document, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "with 100,000 characters"


def answers():
    return offered({"x" * 100_000: document()})
