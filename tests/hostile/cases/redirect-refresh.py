"""Headers and a page that browsers take for a redirect."""

from hostile.corpus import HOSTILE, offered
from hostile.hub import respond

WHY = __doc__
OUTCOME = "problem"
SAYS = "HTML page"


def answers():
    return offered(
        {
            HOSTILE: lambda: respond(
                b'<html><meta http-equiv="refresh" content="0;url=@ELSEWHERE@/"></html>',
                Refresh="0; url=@ELSEWHERE@/",
                Link="<@ELSEWHERE@/x>; rel=preload",
                Alt_Svc='h2="@ELSEWHERE@"',
            )
        }
    )
