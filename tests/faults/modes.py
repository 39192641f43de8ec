"""The two clients behind one face, so that a test is written once: `mode.wait(aki.flux_dev(...))`.

Owns how an async client is driven from sync code. Must not know any fault, or what is expected of one.
"""

import asyncio
from collections.abc import Awaitable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Self

from aki_client import Aki, AsyncAki

KEY = "aki-key-of-the-fault-tests-5d1c"
MODES = ("sync", "async")


class Mode:
    """One of the two ways to use the client, in a `with` block; an async one has an event loop of its own.

    Attributes:
        name: "sync" or "async".
        tasks_left: The tasks that were still there at the end.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_async = name == "async"
        self.tasks_left: list[str] = []

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner() if self.is_async else None
        return self

    def __exit__(self, *_: object) -> None:
        if self._runner is not None:
            # What was left amid an answer ends in the next round of the loop.
            self._runner.run(asyncio.sleep(0.005))
            loop = self._runner.get_loop()
            self.tasks_left = [repr(task.get_coro()) for task in asyncio.all_tasks(loop)]
            self._runner.close()

    @contextmanager
    def client(self, server: str, **options: Any) -> Iterator[Any]:
        """Open a client, and close it."""
        make = AsyncAki if self.is_async else Aki
        with self.using(make(KEY, api_server=server, **options)) as client:
            yield client

    @contextmanager
    def using(self, manager: Any) -> Iterator[Any]:
        """Enter a context manager of the client, such as a stream."""
        if not self.is_async:
            with manager as entered:
                yield entered
            return
        entered = self.wait(manager.__aenter__())
        try:
            yield entered
        except BaseException as error:
            self.wait(manager.__aexit__(type(error), error, error.__traceback__))
            raise
        self.wait(manager.__aexit__(None, None, None))

    def wait(self, outcome: Any) -> Any:
        """Return what the client returned, or what the awaitable brings that it returned."""
        if self._runner is None:
            return outcome
        return self._runner.run(_awaited(outcome))

    def items(self, iterable: Any) -> Iterator[Any]:
        """Iterate over what the client lets one iterate over."""
        if self._runner is None:
            yield from iterable
            return
        iterator = aiter(iterable)
        try:
            while True:
                try:
                    yield self._runner.run(_awaited(anext(iterator)))
                except StopAsyncIteration:
                    return
        finally:
            self.wait(_closed(iterator))


def perform(mode: Mode, how: str, endpoint: Any, timeout: float | None, **inputs: Any) -> Any:
    """Have a job done in one of the three ways, and return its output.

    Args:
        mode: Sync or async.
        how: "call", "stream" or "submit".
        endpoint: The endpoint of a client of this mode.
        timeout: Seconds that the caller is willing to wait.
        inputs: The parameters of the call.
    """
    match how:
        case "call":
            return mode.wait(endpoint.with_options(timeout=timeout)(**inputs))
        case "stream":
            return _streamed(mode, endpoint.with_options(timeout=timeout).stream(**inputs))
        case "submit":
            job = mode.wait(endpoint.submit(**inputs))
            first = mode.wait(job.result(timeout=timeout))
            assert mode.wait(job.result(timeout=timeout)) is first, "a result can be read again"
            return first
        case _:
            raise ValueError(how)


def _streamed(mode: Mode, stream: Any) -> Any:
    shown = ""
    with mode.using(stream):
        for event in mode.items(stream):
            rewritten = getattr(event, "rewritten", False)
            shown = event.text_delta if rewritten else shown + event.text_delta
        output = mode.wait(stream.result())
    if "text" in output.model_fields_set and isinstance(output.text, str):
        assert shown == output.text, "a stream neither repeats nor loses a character"
    return output


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _closed(iterator: Any) -> Coroutine[Any, Any, None]:
    async def close() -> None:
        await iterator.aclose()

    return close()
