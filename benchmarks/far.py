"""A TCP proxy in another process that makes whatever is behind it as far away as a round trip says.

A new connection costs one round trip more, as on a network, and a TLS handshake would cost another.
"""

import asyncio
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from urllib.parse import urlsplit


@contextmanager
def far_away(url: str, round_trip: float) -> Iterator[tuple[str, Callable[[], int]]]:
    """Run the proxy while the block runs; yields its URL, and what counts the connections made so far.

    Args:
        url: What is behind it.
        round_trip: Seconds there and back; 0 leaves the proxy out.
    """
    if not round_trip:
        yield url, lambda: 0
        return
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    process = context.Process(target=_serve, args=(its, url, round_trip), daemon=True)
    process.start()
    its.close()

    def connections() -> int:
        ours.send("count")
        count: int = ours.recv()
        return count

    try:
        yield ours.recv(), connections
    finally:
        ours.close()
        process.join()


def _serve(pipe: Connection, url: str, round_trip: float) -> None:
    asyncio.run(_relay(pipe, url, round_trip))


async def _relay(pipe: Connection, url: str, round_trip: float) -> None:
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    behind, made, ways = urlsplit(url), 0, set[asyncio.Future[None]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal made
        made += 1
        opened = loop.time()
        onward = await asyncio.open_connection(behind.hostname, behind.port)
        there = _carry(reader, onward[1], round_trip / 2, opened + 1.5 * round_trip)
        back = _carry(onward[0], writer, round_trip / 2, 0.0)
        for way in (there, back):
            task = asyncio.ensure_future(way)
            ways.add(task)
            task.add_done_callback(ways.discard)

    def asked() -> None:
        try:
            pipe.recv()
        except EOFError:
            over.set()
        else:
            pipe.send(made)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=2048)
    loop.add_reader(pipe.fileno(), asked)
    pipe.send("http://{}:{}".format(*server.sockets[0].getsockname()))
    await over.wait()


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float, first: float
) -> None:
    """Pass on what comes, each piece so much later, and nothing before the first moment."""
    loop, due = asyncio.get_running_loop(), first
    with suppress(OSError):
        while piece := await reader.read(65_536):
            due = max(due + 1e-6, loop.time() + delay)  # timers of one moment keep no order
            loop.call_at(due, writer.write, piece)
    loop.call_at(max(due + 1e-6, loop.time() + delay), writer.close)
