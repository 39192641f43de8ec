"""A hundred endpoints, each of which takes its time."""

import asyncio

from hostile.corpus import offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "for all of them"
LIMITS = {"seconds": 0.2, "total_seconds": 0.5}


async def body():
    await asyncio.sleep(60)
    yield b""


def answers():
    return offered({f"z{n}": body for n in range(100)})
