"""A value that is nested so deep that it can be read, but not printed."""

from hostile.corpus import HOSTILE, document, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "nested deeper"


def nested(levels):
    value = "x"
    for _ in range(levels):
        value = {"a": [value]} if levels % 2 else [value]
    return value


def answers():
    return offered({HOSTILE: document(input={"a": {"type": "json", "default": nested(900)}})})
