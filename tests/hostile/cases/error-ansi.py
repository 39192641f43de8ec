"""An error whose text a terminal would obey."""

from hostile.corpus import HOSTILE, offered
from hostile.hub import respond

WHY = __doc__
OUTCOME = "problem"
SAYS = "evil"


def answers():
    return offered(
        {
            HOSTILE: lambda: respond(
                b'{"error": ["\\u001b[2J\\u202eevil\\u0007", "\\ud800"]}', "400 Bad Request"
            )
        }
    )
