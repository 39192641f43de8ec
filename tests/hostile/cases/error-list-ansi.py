"""A refusal of the list whose text a terminal would obey."""

from hostile.corpus import offered
from hostile.hub import respond

WHY = __doc__
OUTCOME = "refused"
SAYS = "refused the key"


def answers():
    return {
        **offered({}),
        "": lambda: respond(b'{"error": "\\u001b[31mno\\u2066 key\\u0000"}', "401 Unauthorized"),
    }
