"""An error that repeats the key."""

from hostile.corpus import HOSTILE, offered
from hostile.hub import respond

WHY = __doc__
OUTCOME = "problem"
SAYS = "***"


def answers():
    return offered(
        {
            HOSTILE: lambda: respond(
                b'{"error": "no endpoint at /?key=sk-key-of-the-user"}', "404 Not Found"
            )
        }
    )
