"""Compression of the transfer."""

import gzip

from hostile.corpus import HOSTILE, offered
from hostile.hub import respond

WHY = __doc__
OUTCOME = "problem"
SAYS = "could not be had"


def answers():
    return offered(
        {HOSTILE: lambda: respond(gzip.compress(b"{}"), Transfer_Encoding="gzip, chunked")}
    )
