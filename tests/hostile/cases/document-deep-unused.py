"""An attribute that nobody reads, nested 400 levels deep: the snapshot would hold it."""

from hostile.corpus import HOSTILE, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "nested deeper"


def answers():
    return offered(
        {HOSTILE: b'{"parameter_description": {"x": ' + b'{"a":' * 400 + b"1" + b"}" * 402}
    )
