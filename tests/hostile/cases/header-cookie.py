"""Cookies and challenges, which are for nobody."""

from hostile.corpus import HOSTILE, offered
from hostile.hub import respond

WHY = __doc__
OUTCOME = "problem"
SAYS = "could not be had"


def answers():
    return offered(
        {
            HOSTILE: lambda: respond(
                b"{}",
                "401 Unauthorized",
                Set_Cookie="a=b; Domain=127.0.0.1",
                WWW_Authenticate="Basic",
            )
        }
    )
