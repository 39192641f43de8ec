"""Headers without an end."""

from hostile.corpus import HOSTILE, offered

WHY = __doc__
OUTCOME = "problem"
SAYS = "could not be had"
LIMITS = {"seconds": 2.0}


async def body():
    yield b"HTTP/1.1 200 OK\r\n"
    number = 0
    while True:
        number += 1
        yield b"X-%d: y\r\n" % number


def answers():
    return offered({HOSTILE: body})
