"""A hub that does nothing but answer: what a request costs its sender is not hidden by what it costs the hub.

A job ends with its fourth poll; on the routes of OpenAI and of Anthropic a chat has its answer at once. Run as a
program it prints its port and serves until its standard input ends.
"""

import asyncio
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import ClassVar

POLLS = 4
"""Polls of one job, the final one among them."""

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_RUNNING = (
    b'{"success":true,"job_state":"processing","progress":{"progress":40,"queue_position":0,'
    b'"estimate":0,"num_workers_online":2,"progress_data":{}}}'
)
_DONE = (
    b'{"success":true,"job_state":"done","job_result":{"success":true,"images":[],"seed":7,'
    b'"total_duration":1.5,"compute_duration":1.25}}'
)
_CHATS = {
    b"/chat/completions": b'{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
    b'"finish_reason":"stop","message":{"role":"assistant","content":"Hello"}}],'
    b'"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}',
    b"/messages": b'{"id":"m","type":"message","role":"assistant","model":"m","stop_reason":"end_turn",'
    b'"content":[{"type":"text","text":"Hello"}],"stop_sequence":null,'
    b'"usage":{"input_tokens":1,"output_tokens":1}}',
}


class _Connection(asyncio.Protocol):
    _numbers = count()
    _polls: ClassVar[Counter[bytes]] = Counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._came = bytearray()

    def data_received(self, data: bytes) -> None:
        self._came += data
        while (end := self._came.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._came[:end])
            mark = head.lower().find(b"content-length:")
            length = int(head[mark + 15 :].partition(b"\r\n")[0]) if mark >= 0 else 0
            if len(self._came) < end + 4 + length:
                return
            body = self._answer(head, bytes(self._came[end + 4 : end + 4 + length]))
            del self._came[: end + 4 + length]
            self._transport.write(_HEAD % len(body) + body)

    def _answer(self, head: bytes, body: bytes) -> bytes:
        first = head.partition(b"\r\n")[0]
        for route, answer in _CHATS.items():
            if route in first:
                return answer
        if b"/api/call/" in first:
            return b'{"success":true,"job_id":"job-%030d","ep_version":3}' % next(self._numbers)
        job = body[body.find(b'"job-') + 1 :].partition(b'"')[0]
        self._polls[job] += 1
        return _RUNNING if self._polls[job] % POLLS else _DONE


@contextmanager
def canned_hub() -> Iterator[str]:
    """Serve in another process, and return the address."""
    command = [sys.executable, "-m", "benchmarks.canned"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0, backlog=2000)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    waiting = lambda: (sys.stdin.read(), loop.call_soon_threadsafe(ended.set))  # noqa: E731
    threading.Thread(target=waiting, daemon=True).start()
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(_serve())
