"""The way from a worker's tasks to the ledger: what they ask at one moment goes in one message.

Every message says that the worker lives, and one is sent even when there is nothing to ask. While none gets
through the worker has to count as dead itself, and a little before the ledger takes it for dead.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeAlias

from ..batch.errors import JournalError, JournalFullError
from .ledger import Operation, Reply

Deliver: TypeAlias = Callable[[Sequence[Operation]], Awaitable[Sequence[Reply]]]
"""Brings operations to the ledger and returns an answer to each."""

_MOST_TOGETHER = 200
_PAUSE = 1.0


class Mailbox:
    """The mailbox of one worker and its event loop.

    Args:
        send: Brings operations to the ledger.
        lease: Seconds of silence after which the ledger takes the worker for dead.
        on_lost: Called each time when the ledger may be about to take this worker for dead.
        outage_timeout: Seconds that the ledger may be out of reach, or its disk full, before the worker gives up.
    """

    def __init__(
        self,
        send: Deliver,
        lease: float,
        on_lost: Callable[[], object],
        outage_timeout: float = 600.0,
    ) -> None:
        self._send = send
        self._lease = lease
        self._on_lost = on_lost
        self._outage_timeout = outage_timeout
        self._loop = asyncio.get_running_loop()
        self._questions: list[tuple[Operation, asyncio.Future[Reply]]] = []
        self._has_some = asyncio.Event()
        self._alive_until = self._loop.time() + lease * 0.75
        self._tasks = [asyncio.create_task(self._deliver()), asyncio.create_task(self._watch())]

    @property
    def is_alive(self) -> bool:
        """Whether the ledger certainly counts this worker among the living."""
        return self._loop.time() < self._alive_until

    async def ask(self, operation: Operation) -> Reply:
        """Ask the ledger for something, and return its answer once that is on the disk.

        Raises:
            JournalError: The ledger cannot be reached, or not use its journal.
        """
        answer: asyncio.Future[Reply] = self._loop.create_future()
        self._questions.append((operation, answer))
        self._has_some.set()
        return await answer

    async def close(self) -> None:
        """Send nothing any more; the ledger takes the worker for dead when the lease is over."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._lease / 5):
                    await self._has_some.wait()
            questions = self._questions[:_MOST_TOGETHER]
            del self._questions[:_MOST_TOGETHER]
            if not self._questions:
                self._has_some.clear()
            answers: Sequence[Reply | JournalError]
            try:
                answers = await self._sent([operation for operation, _ in questions])
            except JournalError as error:
                answers = [error] * len(questions)
            for (_, future), answer in zip(questions, answers, strict=True):
                if future.done():
                    continue  # who has asked was cancelled
                if isinstance(answer, JournalError):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    async def _sent(self, operations: Sequence[Operation]) -> Sequence[Reply]:
        """Send until it arrives: an operation that comes twice means the same."""
        until = self._loop.time() + self._outage_timeout
        while True:
            began = self._loop.time()
            try:
                answers = await self._send(operations)
            except Exception as error:  # Ray has many ways to say that an actor is not there
                if isinstance(error, JournalError) and not isinstance(error, JournalFullError):
                    raise
                if self._loop.time() > until:
                    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
                    raise JournalError(
                        f"the journal could not be reached for {self._outage_timeout:.0f} s ({reason}); "
                        "what it holds is kept, and the same run goes on from there"
                    ) from None
            else:
                self._alive_until = began + self._lease * 0.75
                return answers
            await asyncio.sleep(_PAUSE)

    async def _watch(self) -> None:
        while True:
            until = self._alive_until
            await asyncio.sleep(max(until - self._loop.time(), 0.0))
            if self._alive_until == until:
                self._on_lost()
                while self._alive_until == until:
                    await asyncio.sleep(self._lease / 20)
