"""A hub that never answers the first question."""

import asyncio

from hostile.corpus import offered

WHY = __doc__
OUTCOME = "refused"
SAYS = "no complete answer"
LIMITS = {"seconds": 0.2}


async def body():
    await asyncio.sleep(60)
    yield b""


def answers():
    return {**offered({}), "": body}
