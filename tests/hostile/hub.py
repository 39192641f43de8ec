"""A hub that answers whatever a case says, byte by byte, and a second one that must never be asked.

Asyncio streams in a thread: no server library stands between an attack and the generator.
"""

import asyncio
import inspect
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from hostile.corpus import Body


class SandboxedHub:
    """Two listeners on this machine: the hub, and an elsewhere that counts who comes.

    Attributes:
        requests: The head of every request to the hub, as it came.
        visits: The head of every request that went elsewhere.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._answers: Mapping[str, Body] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._servers: list[asyncio.Server] = []
        self.requests: list[str] = []
        self.visits: list[str] = []

    def serve(self, answers: Mapping[str, Body]) -> None:
        """Answer like this from now on, by the path below `/api/endpoints`."""
        self._answers = answers
        self.requests.clear()
        self.visits.clear()

    @property
    def url(self) -> str:
        """The hub's address."""
        return _url(self._servers[0])

    @property
    def elsewhere(self) -> str:
        """The address that nothing may be asked of."""
        return _url(self._servers[1])

    def __enter__(self) -> Self:
        self._thread.start()
        self._servers = [
            self._run(asyncio.start_server(h, "127.0.0.1", 0)) for h in (self._answer, self._count)
        ]
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.requests.append(head)
            path = unquote(head.split(" ")[1].partition("?")[0].removeprefix("/api/endpoints"))
            body = self._answers.get(path)
            if body is None:
                writer.write(respond(b'{"message": "no such route"}', status="404 Not Found"))
            elif isinstance(body, bytes):
                writer.write(respond(self._marked(body)))
            else:
                await self._perform(body, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the generator hung up, which is its right
        finally:
            writer.close()

    async def _perform(self, body: Body, writer: asyncio.StreamWriter) -> None:
        made = body()
        if inspect.isasyncgen(made):
            async for chunk in made:
                writer.write(self._marked(chunk))
                await writer.drain()
        else:
            writer.write(self._marked(made))

    async def _count(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits.append((await reader.readline()).decode("latin-1") or "(a connection)")
        writer.write(respond(b'{"type": "string"}'))
        writer.close()

    def _marked(self, body: bytes) -> bytes:
        if b"@" not in body:
            return body
        return body.replace(b"@ELSEWHERE@", self.elsewhere.encode()).replace(
            b"@FOLDER@", str(self._folder).encode()
        )


def respond(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """Return a whole HTTP answer; an underscore in a header's name is a hyphen."""
    named = {"Content_Type": "application/json", "Content_Length": str(len(body)), **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in named.items()]
    head = "\r\n".join([f"HTTP/1.1 {status}", *lines, "Connection: close", "", ""])
    return head.encode() + body


def _url(server: asyncio.Server) -> str:
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
