"""A header that never ends, letter by letter."""

import asyncio

from hostile.corpus import HOSTILE, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "no complete answer"
LIMITS = {"seconds": 0.3}


async def body():
    yield b"HTTP/1.1 200 OK\r\nX-Slow: "
    while True:
        yield b"x"
        await asyncio.sleep(0.02)


def answers():
    return offered({HOSTILE: body})
