"""A document that is no UTF-8."""

from hostile.corpus import HOSTILE, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "instead of JSON"


def answers():
    return offered({HOSTILE: b'{"title": "\xff\xfe\x80"}'})
