"""Compression under several names."""

import gzip

from hostile.corpus import HOSTILE, offered
from hostile.hub import respond

WHY = __doc__
OUTCOME = "problem"
SAYS = "is compressed"


def answers():
    return offered(
        {
            HOSTILE: lambda: respond(
                gzip.compress(gzip.compress(bytes(1_000_000))), Content_Encoding="gzip, br, gzip"
            )
        }
    )
