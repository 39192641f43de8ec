"""A choice and a default of a megabyte."""

from hostile.corpus import HOSTILE, document, offered

WHY = __doc__
OUTCOME = "package"


def answers():
    return offered(
        {
            HOSTILE: document(
                input={
                    "a": {"type": "selection", "supported": ["x" * 1_000_000, "y"], "default": "y"},
                    "b": {"default": "z" * 1_000_000},
                }
            )
        }
    )
