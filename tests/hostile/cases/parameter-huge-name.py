"""A parameter whose name is a megabyte long."""

from hostile.corpus import HOSTILE, document, offered

WHY = __doc__
OUTCOME = "package"


def answers():
    return offered(
        {
            HOSTILE: document(
                input={"x" * 1_000_000: {"type": "string"}, "y" * 500: {"type": "integer"}}
            )
        }
    )
