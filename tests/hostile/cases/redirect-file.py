"""A redirect to a file of this machine."""

from hostile.corpus import HOSTILE, offered
from hostile.hub import respond

WHY = __doc__
OUTCOME = "problem"
SAYS = "HTTP 302"


def answers():
    return offered(
        {HOSTILE: lambda: respond(b"", "302 Found", Location="file://@FOLDER@/secret.txt")}
    )
