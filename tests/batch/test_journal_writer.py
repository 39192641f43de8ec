"""Notes of many tasks in one transaction: one that fails spoils nothing for the others."""

import asyncio

from aki_runtime.batch.engine import JournalWriter
from aki_runtime.batch.errors import JournalError
from aki_runtime.batch.journal import RowState


def test_notes_of_many_tasks_are_all_written(journal):
    async def main():
        async with JournalWriter(journal) as writer:
            claims = await asyncio.gather(
                *(writer.write(lambda j, n=n: j.begin(f"row {n % 100}")) for n in range(300))
            )
        assert sum(claim.is_mine for claim in claims) == 100

    asyncio.run(main())


def test_a_note_that_fails_fails_alone(journal):
    async def main():
        async with JournalWriter(journal) as writer:
            results = await asyncio.gather(
                writer.write(lambda j: j.begin("a")),
                writer.write(lambda j: j.note_job("never begun", "job")),
                writer.write(lambda j: j.begin("b")),
                return_exceptions=True,
            )
        assert isinstance(results[1], JournalError)
        assert [entry.row_id for entry in journal.entries()] == ["a", "b"]

    asyncio.run(main())


def test_a_note_is_written_although_its_task_is_cancelled(journal):
    async def main():
        async with JournalWriter(journal) as writer:
            task = asyncio.create_task(writer.write(lambda j: j.begin("a")))
            await asyncio.sleep(0)
            task.cancel()
        assert task.cancelled()

    asyncio.run(main())
    assert journal.get("a").state is RowState.SUBMITTING
