"""A list without an end."""

from hostile.corpus import offered

WHY = __doc__
OUTCOME = "refused"
SAYS = "larger than 4,000,000 bytes"


async def body():
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    yield b'{"endpoints": ['
    while True:
        yield b'"innocent",' * 10_000


def answers():
    return {**offered({}), "": body}
