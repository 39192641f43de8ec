"""A hundred thousand quotes and backslashes."""

from hostile.corpus import HOSTILE, document, offered

WHY = __doc__
OUTCOME = "package"


def answers():
    return offered(
        {
            HOSTILE: document(
                input={
                    "a": {"description": '"' * 100_000, "default": "\\" * 100_000},
                    '"' * 10_000: {"description": "\\" * 99_999},
                }
            )
        }
    )
