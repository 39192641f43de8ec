"""A document of 100 MB."""

from hostile.corpus import HOSTILE, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "larger than 4,000,000 bytes"


async def body():
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    yield b"["
    for _ in range(100):
        yield b"0," * 500_000
    yield b"0]"


def answers():
    return offered({HOSTILE: body})
