"""A megabyte of zeros in a kilobyte of gzip, which was not asked for."""

import gzip

from hostile.corpus import HOSTILE, offered
from hostile.hub import respond

WHY = __doc__
OUTCOME = "problem"
SAYS = "is compressed"


def answers():
    return offered(
        {HOSTILE: lambda: respond(gzip.compress(bytes(10_000_000)), Content_Encoding="gzip")}
    )
