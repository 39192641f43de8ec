"""A hub that takes the question and never answers."""

import asyncio

from hostile.corpus import HOSTILE, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "no complete answer"
LIMITS = {"seconds": 0.2}


async def body():
    await asyncio.sleep(60)
    yield b""


def answers():
    return offered({HOSTILE: body})
