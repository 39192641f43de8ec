"""What a run notes of its rows: each step through the writer, and again until there is room for it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from .errors import JournalFullError
from .journal import Entry, JournalWriter, RowState
from .outcome import Outcome
from .rows import Row

T = TypeVar("T")

ROOM_SECONDS = 600.0
"""Seconds that results in hand wait for room on the disk before they are given up."""

_PAUSE_FOR_ROOM = 1.0


class Notes:
    """Notes the steps of rows. What may be noted when is the business of `Calls`.

    Args:
        writer: What writes into the journal.
        on_no_room: Told why nothing can be written, each time that is tried in vain; raises where it is to be given up.
        now: The clock.
    """

    def __init__(
        self,
        writer: JournalWriter,
        on_no_room: Callable[[BaseException], None],
        now: Callable[[], float],
    ) -> None:
        self._writer = writer
        self._on_no_room = on_no_room
        self._now = now

    async def claim(self, row: Row, after: RowState | None) -> bool:
        """Note that a row is begun, or begun again after a state; false where somebody else has it."""
        if after is not None:
            return await self._claim_again(row.row_id, after)
        claim = await self._writer.write(
            lambda journal: journal.begin(
                row.row_id, place=row.number, digest=row.digest, kept=row.kept
            )
        )
        return claim.is_mine

    async def claim_job(self, entry: Entry) -> bool:
        """Note that the job of a row that has failed is followed once more; false where somebody else has it."""
        if not await self._claim_again(entry.row_id, RowState.FAILED):
            return False
        await self._writer.write(lambda journal: journal.note_job(entry.row_id, entry.job_id or ""))
        return True

    async def job(self, row: Row, job_id: str) -> None:
        """Note the job that a row became."""
        await self.surely(
            lambda: self._writer.write(lambda journal: journal.note_job(row.row_id, job_id))
        )

    async def release(self, row: Row) -> None:
        """Forget that a row was begun."""
        await self.surely(lambda: self._writer.write(lambda journal: journal.release(row.row_id)))

    async def outcome(self, state: RowState, outcome: Outcome) -> None:
        """Note how a row ended."""
        row_id, noted = str(outcome.row), outcome.to_note()
        await self.surely(
            lambda: self._writer.write(lambda journal: journal.note_outcome(row_id, state, noted))
        )

    async def surely(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Repeat what writes something that was paid for until there is room for it."""
        until = self._now() + ROOM_SECONDS
        while True:
            try:
                return await attempt()
            except (JournalFullError, OSError) as error:
                self._on_no_room(error)
                if self._now() > until:
                    raise
            await asyncio.sleep(_PAUSE_FOR_ROOM)

    async def _claim_again(self, row_id: str, after: RowState) -> bool:
        claim = await self._writer.write(lambda journal: journal.begin_again(row_id, after=after))
        return claim.is_mine
