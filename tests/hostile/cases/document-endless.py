"""A document without an end, as fast as it goes."""

from hostile.corpus import HOSTILE, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "larger than 4,000,000 bytes"


async def body():
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    while True:
        yield b" " * 65_536


def answers():
    return offered({HOSTILE: body})
