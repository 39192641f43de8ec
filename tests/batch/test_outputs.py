"""The output: made of the journal, whole or not at all."""

import itertools
import json
from decimal import Decimal

import pytest
from aki_client import batch
from aki_runtime.batch.errors import OutputError, UnreadableInputError
from aki_runtime.batch.files import MediaFolder, OutputFile, require_writable
from aki_runtime.batch.journal import Journal, RowState
from aki_runtime.batch.outcome import Outcome, RowError, outcome_of
from aki_runtime.batch.parquet import column_types, flat, read_parquet, write_parquet
from aki_runtime.media.objects import Image
from aki_sandbox.faults.edits import Edit
from batch.rows import CHAT

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture
def journal(journal):
    """Three rows that ended in the order 3, 1, 2, and one that did not."""
    for number in (1, 2, 3, 4):
        journal.begin(str(number), place=number, kept={"id": f"r{number}"})
        journal.note_job(str(number), f"job-{number}")
    for number in (3, 1, 2):
        state = RowState.FAILED if number == 2 else RowState.DONE
        error = RowError("JobFailedError", "out of memory") if number == 2 else None
        outputs = {} if number == 2 else {"text": f"text {number}\ud800", "n": number}
        note = Outcome(number, "done", outputs, error, tokens=number).to_note()
        journal.note_outcome(str(number), state, note)
    return journal


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


class TestJsonLines:
    """One JSON object per outcome."""

    def test_come_in_the_order_of_the_input(self, journal, tmp_path):
        OutputFile(tmp_path / "out.jsonl", "place").write(journal)
        assert [line["row"] for line in lines(tmp_path / "out.jsonl")] == [1, 2, 3]

    def test_come_in_the_order_in_which_rows_ended(self, journal, tmp_path):
        OutputFile(tmp_path / "out.jsonl", "finished").write(journal)
        assert [line["row"] for line in lines(tmp_path / "out.jsonl")] == [3, 1, 2]

    def test_tell_what_came_of_a_row(self, journal, tmp_path):
        OutputFile(tmp_path / "out.jsonl", "place").write(journal)
        assert lines(tmp_path / "out.jsonl")[:2] == [
            {
                "row": 1,
                "status": "done",
                "input": {"id": "r1"},
                "outputs": {"text": "text 1\ud800", "n": 1},
                "job_id": "job-1",
                "tokens": 1,
            },
            {
                "row": 2,
                "status": "failed",
                "input": {"id": "r2"},
                "outputs": {},
                "error": {"type": "JobFailedError", "message": "out of memory"},
                "job_id": "job-2",
                "tokens": 2,
            },
        ]

    def test_grow_with_each_outcome_where_rows_come_as_they_end(self, journal, tmp_path):
        file = OutputFile(tmp_path / "out.jsonl", "finished")
        file.begin(journal, [])
        file.add(Outcome(4, "done"))
        assert [line["row"] for line in lines(tmp_path / "out.jsonl")] == [3, 1, 2, 4]
        file.close()

    def test_leave_out_what_is_begun_again(self, journal, tmp_path):
        file = OutputFile(tmp_path / "out.jsonl", "finished")
        file.begin(journal, [RowState.FAILED])
        assert [line["row"] for line in lines(tmp_path / "out.jsonl")] == [3, 1]
        file.close()


class TestParquet:
    """A table."""

    @pytest.fixture(autouse=True)
    def _pyarrow(self):
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")

    def test_has_a_column_for_each_input_and_output(self, tmp_path):
        import pyarrow.parquet as pq

        path = tmp_path / "out.parquet"
        with Journal.open(tmp_path / "plain", survives_power_loss=False) as plain:
            for number in (1, 2):
                plain.begin(str(number), place=number, kept={"id": number})
                note = {"outputs": {"text": "a", "n": number / 2, "paths": ["p"]}, "tokens": 3}
                plain.note_outcome(str(number), RowState.DONE, note)
            OutputFile(path, "place").write(plain)
        table = pq.read_table(path)
        assert table.column_names == [
            "row",
            "status",
            "input.id",
            "output.text",
            "output.n",
            "output.paths",
            "error_type",
            "error",
            "job_id",
            "total_duration",
            "compute_duration",
            "tokens",
            "seconds",
            "cost",
        ]
        assert table.to_pylist()[1]["output.n"] == 1.0
        assert table.to_pylist()[1]["input.id"] == 2
        assert table.to_pylist()[1]["output.paths"] == ["p"]

    def test_holds_every_value_that_json_has(self, tmp_path):
        numbers = [1, 1 << 53, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, 10**400, -1.5]
        for values in itertools.combinations(numbers, 2):
            outcomes = [Outcome(1, "done", {"a\ud800": v}, tokens=1) for v in values]
            write_parquet(tmp_path / "out.parquet", lambda outcomes=outcomes: outcomes)
            read = [line["outputs"] for line in read_parquet(tmp_path / "out.parquet")]
            assert read == [{"a\\ud800": value} for value in values]

    def test_is_written_whatever_a_hub_counts(self, hub, folder, prompts):
        def count(body):
            if "job_result" in body:
                body["job_result"]["num_generated_tokens"] = 10**30

        hub.faults.add(Edit(count), on="poll", times=None)
        assert batch.run(CHAT, prompts(1), folder / "out.parquet", keep=["id"]).done == 1
        (line,) = read_parquet(folder / "out.parquet")
        assert line["outputs"]["num_generated_tokens"] == 10**30
        assert "tokens" not in line

    def test_escapes_what_is_no_text(self, journal, tmp_path):
        import pyarrow.parquet as pq

        OutputFile(tmp_path / "out.parquet", "place").write(journal)
        table = pq.read_table(tmp_path / "out.parquet")
        assert table.column("output.text").to_pylist() == ["text 1\\ud800", None, "text 3\\ud800"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], "integer"),
        ([1, None, 2.5], "number"),
        ([True, False], "boolean"),
        ([1, True], "json"),
        (["a"], "text"),
        (["a", 1], "json"),
        ([["a", "b"], []], "texts"),
        ([["a", 1]], "json"),
        ([{"a": 1}], "json"),
        ([1 << 70], "json"),
        ([1, (1 << 53) + 1], "long"),
        ([1.5, (1 << 53) + 1], "json"),
        ([1.5, 1, 1 << 53], "number"),
        ([None], "text"),
    ],
)
def test_a_column_has_the_type_that_loses_nothing(values, kind):
    rows = [flat(Outcome(1, "done", {"x": value})) for value in values]
    assert column_types(rows)["output.x"] == kind


class TestTrouble:
    """Files that cannot be written."""

    def test_an_output_of_another_kind_is_refused(self, tmp_path):
        with pytest.raises(UnreadableInputError, match=r"give a \.jsonl or \.parquet file"):
            OutputFile(tmp_path / "out.csv", "place")

    def test_a_full_disk_leaves_the_older_file(self, journal, tmp_path, monkeypatch):
        path = tmp_path / "out.jsonl"
        path.write_text("older\n")

        def full(_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(OutputError, match="No space left on device; every outcome is in the"):
            OutputFile(path, "place").write(journal)
        assert path.read_text() == "older\n"
        assert not list(tmp_path.glob(".*"))

    def test_a_folder_that_is_not_there_is_found_before_anything_is_paid(self, tmp_path):
        with pytest.raises(OutputError, match="cannot be written to: No such file"):
            require_writable(tmp_path / "nowhere")


class TestMedia:
    """Pictures as files."""

    @pytest.fixture
    def media(self, tmp_path):
        return MediaFolder(tmp_path / "media", tmp_path, survives_power_loss=True)

    def test_are_named_by_row_and_output(self, media, tmp_path):
        assert media.keep(17, Image(PNG), "images-1") == "media/000017-images-1.png"
        assert (tmp_path / "media/000017-images-1.png").read_bytes() == PNG

    def test_take_the_place_of_what_an_earlier_try_left(self, media, tmp_path):
        media.keep(17, Image(PNG), "images-1")
        media.keep(17, Image(PNG + b"\0"), "images-1")
        assert len(list((tmp_path / "media").iterdir())) == 1

    def test_are_never_written_elsewhere_whatever_a_hub_calls_them(self, media, tmp_path):
        assert media.keep(1, Image(PNG), "../../etc/x\0") == "media/000001-_etc_x_.png"

    def test_of_long_names_that_begin_alike_are_all_kept(self, media, tmp_path):
        paths = [media.keep(1, Image(PNG), f"{'a_very_long_name_' * 4}-{n}") for n in range(3)]
        assert len({*paths}) == len(list((tmp_path / "media").iterdir())) == 3

    def test_that_are_none_stay_in_the_outputs(self, media):
        broken = Image("data:image/png;base64,!!!")
        assert media.keep(1, broken, "image") == "data:image/png;base64,!!!"

    def test_leave_nothing_behind_where_the_disk_is_full(self, media, tmp_path, monkeypatch):
        def full(_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            media.keep(1, Image(PNG), "image")
        assert list((tmp_path / "media").iterdir()) == []


def test_an_outcome_comes_back_from_the_journal_as_it_was(journal):
    outcome = Outcome(
        row=4,
        status="done",
        outputs={"text": "x"},
        input={"id": "r4"},
        job_id="job-4",
        total_duration=1.5,
        compute_duration=0.5,
        tokens=7,
        seconds=2.0,
        cost=Decimal("0.0000105"),
    )
    journal.note_outcome("4", RowState.DONE, outcome.to_note())
    assert outcome_of(journal.get("4")) == outcome
