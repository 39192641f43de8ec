"""A list of 10,000 endpoints that never answer: asking for them has a time limit altogether."""

import asyncio

from hostile.corpus import offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "for all of them"
LIMITS = {"total_seconds": 5.0}


async def body():
    await asyncio.sleep(60)
    yield b""


def answers():
    return offered(dict.fromkeys((f"z{n}" for n in range(9_999)), body))
