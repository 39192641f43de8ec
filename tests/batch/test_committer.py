"""Notes of many tasks in one transaction: one that fails spoils nothing for the others."""

import asyncio

from aki_runtime.batch.committer import Committer
from aki_runtime.batch.entry import RowState
from aki_runtime.batch.errors import JournalError


def test_notes_of_many_tasks_are_all_written(journal):
    async def main():
        async with Committer(journal) as committer:
            claims = await asyncio.gather(
                *(committer.note(lambda j, n=n: j.begin(f"row {n % 100}")) for n in range(300))
            )
        assert sum(claim.is_mine for claim in claims) == 100

    asyncio.run(main())


def test_a_note_that_fails_fails_alone(journal):
    async def main():
        async with Committer(journal) as committer:
            results = await asyncio.gather(
                committer.note(lambda j: j.begin("a")),
                committer.note(lambda j: j.note_job("never begun", "job")),
                committer.note(lambda j: j.begin("b")),
                return_exceptions=True,
            )
        assert isinstance(results[1], JournalError)
        assert [entry.row_id for entry in journal.entries()] == ["a", "b"]

    asyncio.run(main())


def test_a_note_is_written_although_its_task_is_cancelled(journal):
    async def main():
        async with Committer(journal) as committer:
            task = asyncio.create_task(committer.note(lambda j: j.begin("a")))
            await asyncio.sleep(0)
            task.cancel()
        assert task.cancelled()

    asyncio.run(main())
    assert journal.get("a").state is RowState.SUBMITTING
