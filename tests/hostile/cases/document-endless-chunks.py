"""A chunked document without an end, one byte in a chunk."""

from hostile.corpus import HOSTILE, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "larger than 5,000 bytes"
LIMITS = {"size": 5000}


async def body():
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    while True:
        yield b"1\r\n \r\n" * 1_000


def answers():
    return offered({HOSTILE: body})
