"""A document that stops half way, with the connection open."""

import asyncio

from hostile.corpus import HOSTILE, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "no complete answer"
LIMITS = {"seconds": 0.2}


async def body():
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    yield b'{"title": '
    await asyncio.sleep(60)


def answers():
    return offered({HOSTILE: body})
