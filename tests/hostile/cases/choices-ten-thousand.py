"""A selection with 10,000 choices."""

from hostile.corpus import HOSTILE, document, offered

WHY = __doc__
OUTCOME = "package"


def answers():
    return offered(
        {
            HOSTILE: document(
                input={"a": {"type": "selection", "supported": [f"c{n}" for n in range(10_000)]}}
            )
        }
    )
