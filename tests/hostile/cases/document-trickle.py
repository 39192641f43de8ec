"""A document that comes byte by byte: none is late, the whole never comes."""

import asyncio

from hostile.corpus import HOSTILE, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "no complete answer"
LIMITS = {"seconds": 0.3}


async def body():
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    while True:
        yield b" "
        await asyncio.sleep(0.02)


def answers():
    return offered({HOSTILE: body})
