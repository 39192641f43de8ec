"""An answer that is no HTTP."""

from hostile.corpus import HOSTILE, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "could not be had"


def answers():
    return offered({HOSTILE: lambda: b"SSH-2.0-OpenSSH_9.6\r\n"})
