"""The course of a batch: told as it goes, stopped when it is asked to, and without room on the disk."""

import asyncio
import threading

import pytest
from aki_client import batch
from aki_sandbox.faults.effects import Delay
from batch.rows import CHAT


def test_progress_is_told_after_each_outcome(run, source):
    told = []
    run(source, on_progress=told.append)
    assert [progress.ended for progress in told] == list(range(1, 21))
    assert told[-1].rows == 20
    assert told[-1].left == 0


def test_nothing_is_left_behind(run, source):
    run(source)
    assert [t.name for t in threading.enumerate() if t.name.startswith("aki-batch")] == []


@pytest.mark.slow
class TestStopping:
    """Being asked to stop, once and twice."""

    def rows(self):
        seconds = [0.02] + [1.5] * 199
        return [{"prompt_input": f"[[dur={s}]] {n}", "id": n} for n, s in enumerate(seconds)]

    def test_once_finishes_what_runs(self, run, hub):
        stop = batch.Stop()
        summary = run(self.rows(), stop=stop, on_progress=lambda _: stop.soon())
        assert summary.interrupted
        assert 1 < summary.done < 100
        assert hub.hub.jobs_submitted == summary.done

    def test_twice_leaves_jobs_on_the_hub_for_the_next_run(self, run, hub, output):
        stop = batch.Stop()
        summary = run(self.rows(), stop=stop, on_progress=lambda _: stop.now())
        jobs = hub.hub.jobs_submitted
        assert summary.done < jobs
        assert summary.uncertain == 0
        with batch.Journal.open(f"{output}.journal") as journal:
            left = journal.counts()[batch.RowState.SUBMITTED]
        assert summary.done + left == jobs
        summary = run(self.rows(), limit=left)
        assert summary.picked_up == left

    def test_twice_leaves_jobs_too_whose_submit_is_under_way(self, run, hub, output):
        hub.faults.add(Delay(0.5), on="submit", nth=2, times=None)
        stop = batch.Stop()
        rows = [{"prompt_input": f"[[dur={s}]]", "id": s} for s in [0.02] + [5] * 19]
        summary = run(rows, stop=stop, on_progress=lambda _: stop.now())
        assert (summary.done, summary.uncertain) == (1, 0)
        with batch.Journal.open(f"{output}.journal") as journal:
            left = journal.counts()[batch.RowState.SUBMITTED]
        assert left == hub.hub.jobs_submitted - 1 > 0

    def test_a_cancelled_task_leaves_a_journal_that_goes_on(self, hub, output):
        async def main():
            seen = asyncio.Event()
            task = asyncio.create_task(
                batch.arun(CHAT, self.rows(), output, keep=["id"], on_progress=lambda _: seen.set())
            )
            await seen.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(main())
        with batch.Journal.open(f"{output}.journal") as journal:
            counts = journal.counts()
        assert counts[batch.RowState.SUBMITTING] == counts[batch.RowState.UNCERTAIN] == 0
        assert sum(counts.values()) == hub.hub.jobs_submitted


class TestAFullDisk:
    """No room for what was paid for."""

    def test_waits_for_room_and_loses_nothing(self, run, prompts, hub, monkeypatch, read):
        failures = iter([OSError(28, "No space left on device")] * 3)
        real = batch.Journal.note_outcome

        def note(journal, *arguments):
            for _ in failures:
                raise batch.JournalFullError("the disk has no room")
            return real(journal, *arguments)

        monkeypatch.setattr(batch.Journal, "note_outcome", note)
        monkeypatch.setattr("aki_runtime.batch.row_life._PAUSE_FOR_ROOM", 0.01)
        told = []
        summary = run(prompts(4), on_notice=told.append)
        assert (summary.done, summary.uncertain) == (hub.hub.jobs_submitted, 0)
        assert len(told) == 1
        assert "the results in hand wait for room" in told[0]

    def test_sends_nothing_that_it_can_not_note(self, run, prompts, hub, monkeypatch):
        def full(*_, **__):
            raise batch.JournalFullError("the disk has no room")

        monkeypatch.setattr(batch.Journal, "begin", full)
        with pytest.raises(batch.JournalFullError):
            run(prompts(4))
        assert hub.hub.jobs_submitted == 0
