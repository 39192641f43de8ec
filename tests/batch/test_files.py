"""The files of a batch: nothing of the user's is replaced, and a damaged or lost journal never pays a row again."""

import os
import shutil
import sqlite3

import pytest
from aki_client import batch
from batch.rows import CHAT, write

pytestmark = pytest.mark.filterwarnings("error::ResourceWarning")


@pytest.fixture
def journal_file(output):
    return output.with_name("out.jsonl.journal")


def empty(journal):
    journal.write_bytes(b"")


def cut(journal):
    os.truncate(journal, journal.stat().st_size // 2)


def cut_within_the_first_page(journal):
    os.truncate(journal, 1000)


def wipe_a_page(journal):
    whole = journal.read_bytes()
    journal.write_bytes(whole[:8192] + bytes(4096) + whole[12288:])


def remove(journal):
    journal.unlink()


def replace_by_a_new_one(journal):
    journal.unlink()
    batch.Journal.open(journal).close()


WHOLE_DAMAGES = [empty, remove, replace_by_a_new_one]
DAMAGES = [*WHOLE_DAMAGES, cut, cut_within_the_first_page, wipe_a_page]


class TestAJournalThatIsNotWhatItWas:
    """The output is there, and its journal is not, or not whole."""

    @pytest.mark.parametrize("damage", WHOLE_DAMAGES)
    def test_pays_nothing_again_and_leaves_the_output(
        self, run, source, hub, output, journal_file, damage
    ):
        run(source)
        before = output.read_bytes()
        damage(journal_file)
        with pytest.raises(batch.BatchError):
            run(source)
        assert hub.hub.jobs_submitted == 20
        assert output.read_bytes() == before

    @pytest.mark.parametrize("damage", DAMAGES)
    def test_is_an_error_that_says_what_can_be_done(self, run, source, journal_file, damage):
        run(source)
        damage(journal_file)
        with pytest.raises(
            batch.BatchError, match=r"out\.jsonl\.journal .* put (it back|back a copy)"
        ):
            run(source)

    @pytest.mark.parametrize("damage", WHOLE_DAMAGES)
    def test_goes_on_once_it_is_put_back(self, run, source, hub, journal_file, damage):
        run(source, limit=5)
        copy = journal_file.read_bytes()
        damage(journal_file)
        with pytest.raises(batch.BatchError):
            run(source)
        journal_file.write_bytes(copy)
        assert run(source).done == 20
        assert hub.hub.jobs_submitted == 20

    def test_is_noticed_by_the_output_of_a_run_that_had_no_outcome_yet(
        self, run, source, hub, output, journal_file
    ):
        seen = []
        stop = batch.Stop()

        def look(_):
            seen.append(output.exists())
            stop.now()

        run(source, on_progress=look, stop=stop)
        assert seen[0]

    def test_is_noticed_by_the_log_that_it_has_left(self, run, source, hub, journal_file):
        log = journal_file.with_name(f"{journal_file.name}-wal")
        log.write_bytes(b"rows that were paid")
        with pytest.raises(batch.JournalError, match="put the journal back"):
            run(source)
        assert log.read_bytes() == b"rows that were paid"
        assert hub.hub.jobs_submitted == 0


class TestAnOlderCopyOfAJournal:
    """It is whole, and knows less than the output: what the output holds is not paid again."""

    @pytest.fixture
    def put_back(self, journal_file):
        """Keep a copy of the journal as it is now; a call puts it back."""

        def keep():
            copy = journal_file.read_bytes()
            return lambda: journal_file.write_bytes(copy)

        return keep

    @pytest.mark.parametrize("as_completed", [False, True])
    def test_sends_nothing_again_that_the_output_holds(
        self, run, source, hub, put_back, read, as_completed
    ):
        run(source, limit=5, as_completed=as_completed)
        old = put_back()
        run(source, as_completed=as_completed)
        before = sorted(read(), key=lambda outcome: outcome["row"])
        old()
        assert run(source, as_completed=as_completed).done == 20
        assert hub.hub.jobs_submitted == 20
        assert sorted(read(), key=lambda outcome: outcome["row"]) == before

    def test_says_so(self, run, source, put_back):
        run(source, limit=5)
        old, told = put_back(), []
        run(source)
        old()
        run(source, on_notice=told.append)
        assert len(told) == 1
        assert "15 outcomes of" in told[0]

    def test_sends_no_row_again_that_ended_without_a_result(self, run, prompts, hub, put_back):
        rows = [*prompts(3), {"prompt_input": "[[error=broken]]", "id": 4}]
        run(rows, limit=2)
        old = put_back()
        run(rows)
        old()
        summary = run(rows)
        assert (summary.done, summary.failed, hub.hub.jobs_submitted) == (3, 1, 4)

    def test_has_a_table_as_its_output_too(self, hub, source, folder):
        parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
        output = folder / "out.parquet"
        journal = folder / "out.parquet.journal"
        batch.run(CHAT, source, output, keep=["id"], limit=5)
        copy = journal.read_bytes()
        batch.run(CHAT, source, output, keep=["id"])
        before = parquet.read_table(output).to_pylist()
        journal.write_bytes(copy)
        assert batch.run(CHAT, source, output, keep=["id"]).done == 20
        assert hub.hub.jobs_submitted == 20
        assert parquet.read_table(output).to_pylist() == before

    def test_that_says_otherwise_than_the_output_is_refused(self, run, source, hub, journal_file):
        run(source)
        with sqlite3.connect(journal_file) as journal:
            journal.execute("UPDATE rows SET job_id = 'another' WHERE id = '7'")
        journal.close()
        with pytest.raises(batch.JournalMismatchError, match="row 7 is done by another job"):
            run(source)
        assert hub.hub.jobs_submitted == 20

    def test_sends_one_row_again_whose_line_was_cut_by_a_kill(
        self, run, source, hub, output, read, put_back
    ):
        run(source, limit=5, as_completed=True)
        old = put_back()
        run(source, as_completed=True)
        old()
        os.truncate(output, output.stat().st_size - 9)
        run(source, as_completed=True)
        assert sorted(outcome["row"] for outcome in read()) == list(range(1, 21))
        assert hub.hub.jobs_submitted == 21

    def test_is_known_after_it_has_moved_with_its_output(
        self, run, source, hub, folder, output, put_back
    ):
        run(source, limit=5)
        old = put_back()
        run(source)
        old()
        moved = folder / "moved"
        moved.mkdir()
        for file in folder.glob("out.jsonl*"):
            shutil.move(file, moved)
        batch.run(CHAT, source, moved / "out.jsonl", keep=["id"])
        assert hub.hub.jobs_submitted == 20


class TestSomebodyElsesFile:
    """What a batch did not write is not replaced."""

    @pytest.fixture
    def rows(self, folder, prompts, monkeypatch):
        monkeypatch.chdir(folder)
        return write(folder / "rows.jsonl", prompts(3))

    def other_path(self, rows, way):
        other = rows.with_name("other.jsonl")
        match way:
            case "the same path":
                return rows
            case "a path with a dot":
                return "./rows.jsonl"
            case "a way around":
                return rows.parent / ".." / rows.parent.name / "rows.jsonl"
            case "a hard link":
                other.hardlink_to(rows)
            case "a symbolic link":
                other.symlink_to(rows)
        return other

    WAYS = ("the same path", "a path with a dot", "a way around", "a hard link", "a symbolic link")

    @pytest.mark.parametrize("way", WAYS)
    def test_such_as_the_input_is_not_the_output(self, hub, rows, way):
        output, before = self.other_path(rows, way), rows.read_bytes()
        with pytest.raises(batch.OutputError, match="is the input, which it would replace"):
            batch.run(CHAT, rows, output, keep=["id"])
        assert rows.read_bytes() == before
        assert hub.hub.request_count == 0

    @pytest.mark.parametrize("way", WAYS)
    def test_such_as_the_input_is_not_the_journal(self, hub, rows, output, way):
        journal, before = self.other_path(rows, way), rows.read_bytes()
        with pytest.raises(batch.OutputError, match=r"the journal .* is the input"):
            batch.run(CHAT, rows, output, keep=["id"], journal=journal)
        assert rows.read_bytes() == before

    def test_such_as_the_journal_is_not_the_output(self, hub, rows, output):
        with pytest.raises(batch.OutputError, match=r"the output .* is the journal"):
            batch.run(CHAT, rows, output, keep=["id"], journal=output)
        assert hub.hub.request_count == 0

    @pytest.mark.parametrize("name", ["a\0b.jsonl", "a\ud800b.jsonl"])
    @pytest.mark.parametrize("what", ["output", "journal", "media"])
    def test_of_a_name_that_no_file_can_have_is_refused(self, hub, rows, folder, what, name):
        places = {"output": folder / "out.jsonl", what: folder / name}
        with pytest.raises(batch.OutputError, match=r"the \w+( folder)? cannot be '.*b\.jsonl"):
            batch.run(CHAT, rows, places.pop("output"), keep=["id"], **places)
        assert hub.hub.request_count == 0

    @pytest.mark.parametrize("text", ["my notes\n", ""])
    def test_at_the_place_of_the_output_is_not_replaced(self, hub, rows, output, text):
        output.write_text(text)
        with pytest.raises(batch.OutputError, match="give another output"):
            batch.run(CHAT, rows, output, keep=["id"])
        assert output.read_text() == text
        assert hub.hub.request_count == 0

    def test_that_has_taken_the_place_of_the_output_is_not_replaced(self, run, rows, hub, output):
        run(rows)
        output.write_text("my notes\n")
        with pytest.raises(batch.OutputError, match="move it away"):
            run(rows)
        assert output.read_text() == "my notes\n"

    def test_at_the_place_of_the_output_is_not_replaced_by_a_run_with_another_output(
        self, run, rows, hub, output, folder
    ):
        run(rows)
        (folder / "notes.jsonl").write_text("my notes\n")
        with pytest.raises(batch.OutputError, match="give another output"):
            batch.run(CHAT, rows, folder / "notes.jsonl", keep=["id"], journal=f"{output}.journal")
        assert (folder / "notes.jsonl").read_text() == "my notes\n"

    def test_at_the_place_of_the_media_folder_is_found_before_anything_is_paid(
        self, hub, folder, output
    ):
        (folder / "mine").write_text("my notes\n")
        for media in (folder / "mine", folder / "mine" / "media"):
            with pytest.raises(batch.OutputError, match="mine"):
                batch.run("z_image_turbo", [{"prompt": "a lake"}], output, media=media)
        assert hub.hub.jobs_submitted == 0

    def test_in_the_folder_for_media_is_not_replaced(self, hub, folder, output):
        rows = [{"prompt": "a lake"}]
        (folder / "mine").mkdir()
        (folder / "mine" / "000001-images-1.jpg").write_bytes(b"a photograph")
        with pytest.raises(batch.OutputError, match="give another media folder"):
            batch.run("z_image_turbo", rows, output, media=folder / "mine")
        assert (folder / "mine" / "000001-images-1.jpg").read_bytes() == b"a photograph"
        assert hub.hub.request_count == 0

    def test_of_another_batch_in_the_same_folder_for_media_is_not_replaced(self, hub, folder):
        rows = [{"prompt": "a lake"}]
        batch.run("z_image_turbo", rows, folder / "one.jsonl", media=folder / "pictures")
        (picture,) = (folder / "pictures").iterdir()
        before = picture.read_bytes()
        with pytest.raises(batch.OutputError, match="give another media folder"):
            batch.run("flux_dev", rows, folder / "two.jsonl", media=folder / "pictures")
        assert picture.read_bytes() == before

    def test_at_the_place_of_the_folder_for_media_is_found_before_anything_is_paid(
        self, hub, folder, output
    ):
        (folder / "out.jsonl.media").write_text("my notes")
        with pytest.raises(batch.OutputError, match="give another media folder"):
            batch.run("z_image_turbo", [{"prompt": "a lake"}], output)
        assert hub.hub.request_count == 0

    def test_at_the_place_of_the_journal_is_not_changed(self, hub, rows, output, folder):
        book = folder / "book.db"
        with sqlite3.connect(book) as connection:
            connection.execute("CREATE TABLE mine (id)")
        connection.close()
        before = book.read_bytes()
        with pytest.raises(batch.JournalError, match="is not a journal of a batch"):
            batch.run(CHAT, rows, output, keep=["id"], journal=book)
        assert book.read_bytes() == before

    @pytest.mark.parametrize("number", [0, 2, 99])
    def test_a_journal_of_another_format_is_named_and_left_as_it_is(
        self, hub, rows, output, journal_file, number
    ):
        batch.run(CHAT, rows, output, keep=["id"])
        with sqlite3.connect(journal_file) as connection:
            connection.execute(f"PRAGMA user_version = {number}")
        connection.close()
        before, asked = (journal_file.read_bytes(), output.read_bytes()), hub.hub.request_count
        with pytest.raises(batch.JournalError) as refused:
            batch.run(CHAT, rows, output, keep=["id"])
        assert str(refused.value) == (
            f"the journal {journal_file} has format {number}, and this aki-client reads format 1: finish the run with "
            "the version that made it, or give another output or journal to begin anew"
        )
        assert (journal_file.read_bytes(), output.read_bytes()) == before
        assert hub.hub.request_count == asked
