"""A redirect (308) to another host, which would get the key."""

from hostile.corpus import HOSTILE, offered
from hostile.hub import respond

WHY = __doc__
OUTCOME = "problem"
SAYS = "HTTP 308"


def answers():
    return offered(
        {HOSTILE: lambda: respond(b"", "308 Moved", Location="@ELSEWHERE@/api/endpoints/hostile")}
    )
