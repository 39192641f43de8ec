"""A list of more names than are taken."""

import json

from hostile.corpus import INNOCENT, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "more than 10,000"


def answers():
    return {**offered({}), "": json.dumps({"endpoints": [INNOCENT] * 10_050}).encode()}
