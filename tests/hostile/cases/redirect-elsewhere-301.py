"""A redirect (301) to another host, which would get the key."""

from hostile.corpus import HOSTILE, offered
from hostile.hub import respond

WHY = __doc__
OUTCOME = "problem"
SAYS = "HTTP 301"


def answers():
    return offered(
        {HOSTILE: lambda: respond(b"", "301 Moved", Location="@ELSEWHERE@/api/endpoints/hostile")}
    )
