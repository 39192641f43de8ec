"""The way from a worker's tasks to the ledger: what they ask at one moment goes together.

Every letter says that the worker lives, and one is sent even when there is nothing to ask. While none gets
through the worker has to count as dead itself, and a little before the ledger takes it for dead.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ..batch.errors import JournalError, JournalFullError
from .operations import Answer, Operation

Send: TypeAlias = Callable[[Sequence[Operation]], Awaitable[Sequence[Answer]]]
"""Brings operations to the ledger and returns an answer to each."""

MOST_TOGETHER = 200
"""Operations in one letter, at most."""

OUTAGE_TIMEOUT = 600.0
"""Seconds that the ledger may be out of reach, or its disk full, before the worker gives up."""

_PAUSE = 1.0


@dataclass
class _Question:
    operation: Operation
    answer: "asyncio.Future[Answer]" = field(default_factory=asyncio.Future)


class Mailbox:
    """The mailbox of one worker and its event loop.

    Args:
        send: Brings operations to the ledger.
        lease: Seconds of silence after which the ledger takes the worker for dead.
        outage_timeout: Seconds that the ledger may be out of reach.
    """

    def __init__(
        self,
        send: Send,
        lease: float,
        outage_timeout: float = OUTAGE_TIMEOUT,
    ) -> None:
        self._send = send
        self._lease = lease
        self._on_lost: list[Callable[[], None]] = []
        self._outage_timeout = outage_timeout
        self._loop = asyncio.get_running_loop()
        self._questions: list[_Question] = []
        self._has_some = asyncio.Event()
        self._alive_until = self._loop.time() + lease * 0.75
        self._tasks = [asyncio.create_task(self._deliver()), asyncio.create_task(self._watch())]

    @property
    def is_alive(self) -> bool:
        """Whether the ledger certainly counts this worker among the living."""
        return self._loop.time() < self._alive_until

    def when_lost(self, act: Callable[[], None]) -> None:
        """Say what is to happen each time when the ledger may be about to take this worker for dead."""
        self._on_lost.append(act)

    async def ask(self, operation: Operation) -> Answer:
        """Ask the ledger for something, and return its answer once that is on the disk.

        Raises:
            JournalError: The ledger cannot be reached, or not use its journal.
        """
        question = _Question(operation)
        self._questions.append(question)
        self._has_some.set()
        return await question.answer

    async def close(self) -> None:
        """Send nothing any more; the ledger takes the worker for dead when the lease is over."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._lease / 5):
                    await self._has_some.wait()
            except TimeoutError:
                pass
            questions = self._questions[:MOST_TOGETHER]
            del self._questions[:MOST_TOGETHER]
            if not self._questions:
                self._has_some.clear()
            try:
                answers = await self._sent([question.operation for question in questions])
            except JournalError as error:
                for question in questions:
                    question.answer.set_exception(error)
                continue
            for question, answer in zip(questions, answers, strict=True):
                question.answer.set_result(answer)

    async def _sent(self, operations: Sequence[Operation]) -> Sequence[Answer]:
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
                    raise JournalError(
                        f"the journal could not be reached for {self._outage_timeout:.0f} s ({_first_line(error)}); "
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
                for act in self._on_lost:
                    act()
                while self._alive_until == until:
                    await asyncio.sleep(self._lease / 20)


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
