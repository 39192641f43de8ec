"""A title, a description and a category of a megabyte, without a blank."""

from hostile.corpus import HOSTILE, document, offered

WHY = __doc__
OUTCOME = "package"


def answers():
    return offered(
        {
            HOSTILE: {
                **document(),
                "title": "t" * 1_000_000,
                "description": "d" * 1_000_000,
                "category": "c" * 1_000_000,
            }
        }
    )
