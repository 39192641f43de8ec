"""A redirect (303) to another host, which would get the key."""

from hostile.corpus import HOSTILE, offered
from hostile.hub import respond

WHY = __doc__
OUTCOME = "problem"
SAYS = "HTTP 303"


def answers():
    return offered(
        {HOSTILE: lambda: respond(b"", "303 Moved", Location="@ELSEWHERE@/api/endpoints/hostile")}
    )
