"""Rows become outcomes, in a file or one by one; those that are faulty are told before anything is sent."""

import asyncio
import json

import pytest
from aki_client import ConfigurationError, batch
from batch.rows import CHAT, write


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
    """Rows that cannot be submitted."""

    def test_are_all_told_and_nothing_is_sent(self, run, folder, hub, output):
        rows = [{"prompt_input": "x", "top_k": 5000}, {"top_k": 6000}, {"promt": 1}]
        with pytest.raises(batch.InvalidRowsError) as caught:
            run(write(folder / "rows.jsonl", rows))
        assert (
            str(caught.value).splitlines()
            == [
                "rows.jsonl has 3 faults; nothing was sent:",
                "  - line 1: top_k=5000 is out of range 0–1000 (nearest allowed: 1000)",
                "  - line 2: top_k=6000 is out of range 0–1000 (nearest allowed: 1000)",
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


def test_a_number_out_of_range_is_refused(run, source):
    with pytest.raises(ConfigurationError, match="concurrency=0 is out of range; it is 1 to 100"):
        run(source, concurrency=0)
