"""Interim answers without an end."""

import asyncio

from hostile.corpus import HOSTILE, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "no complete answer"
LIMITS = {"seconds": 0.3}


async def body():
    while True:
        yield b"HTTP/1.1 102 Processing\r\n\r\n" * 10
        await asyncio.sleep(0.005)


def answers():
    return offered({HOSTILE: body})
