"""A redirect of the list itself to another host."""

from hostile.corpus import offered
from hostile.hub import respond

WHY = __doc__
OUTCOME = "refused"
SAYS = "HTTP 302"


def answers():
    return {
        **offered({}),
        "": lambda: respond(b"", "302 Found", Location="@ELSEWHERE@/api/endpoints"),
    }
