"""A batch against a sandbox hub: what it promises, one promise at a time."""

import asyncio
import json
import threading

import pytest
from aki_client import AuthenticationError, ConfigurationError, batch
from aki_codegen.sandbox.faults.effects import Cut, Delay, Reset, Status
from aki_codegen.sandbox.faults.job_effects import QueueFull
from aki_codegen.sandbox.settings import HubSettings
from aki_codegen.sandbox.web.connections import unserved_url

CHAT = "llama3_8b_chat"


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def source(folder, prompts):
    return write(folder / "rows.jsonl", prompts(20))


@pytest.fixture
def run(hub, output):
    """Run a batch of a chat endpoint into the output."""

    def run_batch(rows, **settings):
        settings = {"keep": ["id"], "survives_power_loss": False, **settings}
        return batch.run(CHAT, rows, output, **settings)

    return run_batch


class TestRows:
    """From rows to outcomes."""

    def test_each_has_its_own_outcome_in_its_own_place(self, run, source, read):
        summary = run(source)
        assert (summary.rows, summary.done, summary.left, summary.interrupted) == (20, 20, 0, False)
        assert [o["input"]["id"] for o in read()] == list(range(1, 21))
        assert all(f"row {o['row']};" in o["outputs"]["text"] for o in read())

    def test_tell_what_they_cost(self, run, source, read):
        summary = run(source)
        assert summary.tokens == sum(o["tokens"] for o in read()) > 0
        assert summary.compute_seconds == pytest.approx(sum(o["compute_duration"] for o in read()))

    def test_come_from_a_list(self, run, prompts, read):
        assert run(prompts(3)).done == 3
        assert len(read()) == 3

    def test_come_from_a_generator(self, run, prompts):
        assert run(row for row in prompts(3)).done == 3

    def test_come_from_an_async_generator(self, run, prompts):
        async def rows():
            for row in prompts(3):
                await asyncio.sleep(0)
                yield row

        assert run(rows()).done == 3

    def test_come_from_a_csv_file_with_pictures_beside_it(self, hub, folder):
        pytest.importorskip("PIL", reason="pillow is not installed")
        from PIL import Image

        (folder / "in").mkdir()
        Image.new("RGB", (64, 64), "red").save(folder / "in/red.png")
        (folder / "in/rows.csv").write_text("what,image,width\nMake it blue,red.png,128\n")
        output = folder / "out.jsonl"
        batch.run(
            "qwen_image_edit",
            folder / "in/rows.csv",
            output,
            columns={"what": "prompt"},
            constants={"height": 128},
        )
        (outcome,) = [json.loads(line) for line in output.read_text().splitlines()]
        paths = outcome["outputs"]["images"]
        assert paths == ["out.jsonl.media/000001-images-1.jpg"]
        assert (folder / paths[0]).stat().st_size > 0

    def test_are_no_more_than_the_limit_and_go_on_without_it(self, run, source, read):
        assert run(source, limit=5).done == 5
        assert run(source).done == 20
        assert [o["row"] for o in read()] == list(range(1, 21))

    def test_come_as_they_end_where_that_is_wanted(self, run, folder, read):
        slow = [{"prompt_input": f"[[dur={0.6 if n == 1 else 0.02}]] {n}", "id": n} for n in (1, 2)]
        run(write(folder / "rows.jsonl", slow), as_completed=True)
        assert [o["row"] for o in read()] == [2, 1]


class TestFaultyRows:
    """Rows that can not be submitted."""

    def test_are_all_told_and_nothing_is_sent(self, run, folder, hub, output):
        rows = [{"prompt_input": "x", "top_k": 5000}, {"top_k": 6000}, {"promt": 1}]
        with pytest.raises(batch.InvalidRowsError) as caught:
            run(write(folder / "rows.jsonl", rows))
        assert (
            str(caught.value).splitlines()
            == [
                "rows.jsonl has 3 faults; nothing was sent:",
                "  - line 1: top_k=5000: 0 to 1000; nearest 1000",
                "  - line 2: top_k=6000: 0 to 1000; nearest 1000",
                "  - line 3: column promt is for no parameter (did you mean top_p for promt?); "
                "map, keep or ignore what is extra",
            ]
            or caught.value.count == 3
        )
        assert hub.hub.request_count == 0
        assert not output.exists()
        assert not output.with_name("out.jsonl.journal").exists()

    def test_that_are_alike_are_told_once(self, run, folder):
        rows = [{"prompt_input": "x", "top_k": 5000}] * 100
        with pytest.raises(batch.InvalidRowsError) as caught:
            run(write(folder / "rows.jsonl", rows))
        (fault,) = caught.value.faults
        assert fault.place == "line 1, line 2, line 3, line 4, line 5 and 95 more"
        assert caught.value.count == 100

    def test_are_told_in_part_where_they_are_very_many(self, run, folder):
        rows = [{"prompt_input": "x", "top_k": 5000 + n} for n in range(100)]
        with pytest.raises(batch.InvalidRowsError, match="has 100 faults") as caught:
            run(write(folder / "rows.jsonl", rows))
        assert str(caught.value).endswith("… and 80 more")

    def test_of_an_iterator_fail_alone(self, run, read):
        summary = run(iter([{"prompt_input": "a"}, {"top_k": 5000}, 7]))
        assert (summary.done, summary.failed) == (1, 2)
        assert [o["error"]["type"] for o in read()[1:]] == ["InvalidParametersError"] * 2

    def test_are_found_by_a_check_that_sends_nothing(self, hub, source):
        assert batch.check(CHAT, source, keep=["id"]) == 20
        assert hub.hub.request_count == 0

    def test_with_a_column_for_nothing_are_refused_by_the_head_alone(self, hub, folder, output):
        (folder / "rows.csv").write_text("prompt_input,note\n" + "x,y\n" * 100)
        with pytest.raises(batch.UnreadableInputError, match="column note is for no parameter"):
            batch.run(CHAT, folder / "rows.csv", output)


class TestGoingOn:
    """The same call once more."""

    def test_sends_nothing_that_is_done(self, run, source, hub):
        run(source)
        summary = run(source)
        assert (summary.done, summary.before) == (20, 20)
        assert hub.hub.jobs_submitted == 20

    def test_writes_an_output_that_was_lost(self, run, source, output, read):
        run(source)
        output.unlink()
        run(source)
        assert len(read()) == 20

    def test_picks_up_jobs_by_their_ids(self, run, source, hub, output, read, monkeypatch):
        from aki_client import Aki

        with batch.Journal.open(f"{output}.journal") as journal, Aki() as aki:
            journal.begin("3", place=3, kept={"id": 3})
            journal.note_job("3", aki.llama3_8b_chat.submit(prompt_input="row 3;").id)
        summary = run(source)
        assert (summary.done, summary.picked_up) == (20, 1)
        assert hub.hub.jobs_submitted == 20
        assert "row 3;" in read()[2]["outputs"]["text"]

    def test_names_what_was_left_submitting_uncertain_and_does_not_send_it(
        self, run, source, hub, output, read
    ):
        with batch.Journal.open(f"{output}.journal") as journal:
            journal.begin("3", place=3, kept={"id": 3})
        summary = run(source)
        assert (summary.done, summary.uncertain) == (19, 1)
        assert hub.hub.jobs_submitted == 19
        assert (read()[2]["status"], read()[2]["input"]) == ("uncertain", {"id": 3})
        assert "the job may or may not have been made" in read()[2]["error"]["message"]

    def test_sends_what_is_uncertain_where_that_is_said(self, run, source, output, read):
        with batch.Journal.open(f"{output}.journal") as journal:
            journal.begin("3", place=3, kept={"id": 3})
        assert run(source, resubmit_uncertain=True).done == 20
        assert [o["row"] for o in read()] == list(range(1, 21))

    def test_sends_failed_rows_only_where_that_is_said(self, run, source, hub):
        fault = hub.faults.add(Reset(reached=True), on="final", nth=5)
        assert run(source).failed == 1
        assert fault.hits == 1
        assert run(source).failed == 1
        assert run(source, retry_failed=True).done == 20
        assert hub.hub.jobs_submitted == 21

    def test_asks_for_the_same_job_where_only_its_end_was_not_learnt(
        self, run, source, hub, output, read
    ):
        from aki_client import Aki

        told = {"error": {"type": "ConnectionFailedError", "message": "the hub stayed away"}}
        with batch.Journal.open(f"{output}.journal") as journal, Aki() as aki:
            journal.begin("3", place=3, kept={"id": 3})
            journal.note_job("3", aki.llama3_8b_chat.submit(prompt_input="row 3;").id)
            journal.note_outcome("3", batch.RowState.FAILED, told)
        assert run(source).failed == 1
        summary = run(source, retry_failed=True)
        assert (summary.done, summary.picked_up) == (20, 1)
        assert hub.hub.jobs_submitted == 20

    @pytest.mark.parametrize("as_completed", [False, True])
    def test_writes_a_row_once_that_is_tried_again(self, run, source, hub, read, as_completed):
        hub.faults.add(Reset(reached=True), on="final", nth=5)
        run(source, as_completed=as_completed)
        run(source, retry_failed=True, as_completed=as_completed)
        assert sorted(o["row"] for o in read()) == list(range(1, 21))

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"constants": {"top_k": 5}}, r"constants was \{\}, is now \{\"top_k\": \"5\"\}"),
            ({"keep": []}, "kept columns was"),
        ],
    )
    def test_with_something_else_is_refused(self, run, source, changes, told):
        run(source)
        with pytest.raises(batch.JournalMismatchError, match=told):
            run(source, **changes)

    def test_with_another_input_is_refused(self, run, source, prompts, hub):
        run(source)
        write(source, prompts(21))
        with pytest.raises(batch.JournalMismatchError, match=r"input was .* bytes, sha256"):
            run(source)
        assert hub.hub.jobs_submitted == 20

    def test_with_other_rows_from_python_is_refused(self, run, prompts):
        run(prompts(3))
        with pytest.raises(batch.JournalMismatchError, match="row 2 is not what it was"):
            run([prompts(1)[0], {"prompt_input": "another", "id": 2}])

    def test_is_refused_while_another_run_works_on_it(self, run, source, output):
        with (
            batch.Journal.open(f"{output}.journal", exclusive=True),
            pytest.raises(batch.JournalInUseError, match="another process works on the journal"),
        ):
            run(source)


class TestTheHub:
    """A hub that fails, refuses, or is away."""

    def test_that_may_have_taken_a_row_makes_it_uncertain(self, run, source, hub, read):
        hub.faults.add(Cut(), on="submit", nth=4)
        summary = run(source)
        assert (summary.done, summary.uncertain) == (19, 1)
        (uncertain,) = [o for o in read() if o["status"] == "uncertain"]
        assert uncertain["error"]["type"] == "ConnectionFailedError"
        assert hub.hub.jobs_submitted == 20

    def test_that_fails_a_submit_with_503_makes_it_uncertain(self, run, source, hub, read):
        hub.faults.add(Status(503), on="submit", nth=4)
        assert run(source).uncertain == 1
        (uncertain,) = [o for o in read() if o["status"] == "uncertain"]
        assert uncertain["error"]["type"] == "ServerError"

    def test_that_has_no_room_gets_every_row_later(self, run, source, hub):
        hub.faults.add(QueueFull(), on="submit", nth=2, times=12)
        summary = run(source)
        assert (summary.done, hub.hub.jobs_submitted) == (20, 20)

    def test_that_fails_polls_loses_nothing(self, run, source, hub):
        hub.faults.add(Status(503), on="poll", nth=2, times=10, every=2)
        assert run(source).done == 20

    def test_whose_job_fails_fails_the_row_and_keeps_what_came(self, run, read):
        summary = run([{"prompt_input": "[[errkeep=truncated]] a b c d e f"}])
        assert summary.failed == 1
        (outcome,) = read()
        assert outcome["error"]["type"] == "JobFailedError"
        assert outcome["outputs"]["text"]

    def test_that_refuses_the_key_ends_the_batch_and_nothing_is_uncertain(
        self, hub, source, output, monkeypatch
    ):
        monkeypatch.setenv("AKI_API_KEY", "bad-key")
        with pytest.raises(AuthenticationError):
            batch.run(CHAT, source, output, keep=["id"])
        with batch.Journal.open(f"{output}.journal") as journal:
            assert sum(journal.counts().values()) == 0

    def test_that_is_away_for_long_ends_the_batch_and_nothing_is_uncertain(
        self, run, source, output, monkeypatch
    ):
        with unserved_url() as url:
            monkeypatch.setenv("AKI_API_SERVER", url)
            with pytest.raises(batch.BatchStoppedError, match="the same command goes on from here"):
                run(source, patience=0.5)
        with batch.Journal.open(f"{output}.journal") as journal:
            assert sum(journal.counts().values()) == 0

    def test_that_has_no_such_endpoint_is_not_asked(self, hub, source, output):
        with pytest.raises(ConfigurationError, match=r"did you mean llama3_8b_chat\?"):
            batch.run("llama38b_chat", source, output)
        assert hub.hub.request_count == 0


@pytest.mark.slow
class TestACrowdedHub:
    """A queue with room for a few."""

    @pytest.fixture
    def settings(self):
        return HubSettings(worker_slots=2, max_queue_length=3, job_seconds=0.02)

    def test_gets_all_rows_in_the_end(self, run, prompts, hub):
        summary = run(prompts(60))
        assert (summary.done, hub.hub.jobs_submitted) == (60, 60)


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
        monkeypatch.setattr("aki_client._runtime.batch.notes._PAUSE_FOR_ROOM", 0.01)
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


class TestStream:
    """Outcomes without files."""

    def test_yields_each_outcome(self, hub, prompts):
        async def main():
            return [outcome async for outcome in batch.stream(CHAT, prompts(5), keep=["id"])]

        found = asyncio.run(main())
        assert sorted(outcome.row for outcome in found) == [1, 2, 3, 4, 5]
        assert {outcome.status for outcome in found} == {"done"}

    def test_leaving_it_early_leaves_nothing_behind(self, hub, prompts):
        async def main():
            stream = batch.stream(CHAT, prompts(50), keep=["id"])
            async for _ in stream:
                break
            await stream.aclose()
            return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]

        assert asyncio.run(main()) == []

    def test_holds_media_where_no_folder_is_given(self, hub):
        async def main():
            rows = [{"prompt": "A cat", "width": 128, "height": 128}]
            return [outcome async for outcome in batch.stream("z_image_turbo", rows)]

        (outcome,) = asyncio.run(main())
        assert outcome.outputs["images"][0].startswith("data:image/")


def test_progress_is_told_after_each_outcome(run, source):
    told = []
    run(source, on_progress=told.append)
    assert [progress.ended for progress in told] == list(range(1, 21))
    assert told[-1].rows == 20
    assert told[-1].left == 0


def test_nothing_is_left_behind(run, source):
    run(source)
    assert [t.name for t in threading.enumerate() if t.name.startswith("aki-batch")] == []


def test_a_number_out_of_range_is_refused(run, source):
    with pytest.raises(ConfigurationError, match="concurrency=0 is out of range; it is 1 to 100"):
        run(source, concurrency=0)
