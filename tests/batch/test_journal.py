"""The journal: each row is claimed once, and whatever was noted survives the process that noted it."""

import os
import signal
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from aki_codegen.runtime.batch.entry import RowState
from aki_codegen.runtime.batch.errors import (
    JournalError,
    JournalFullError,
    JournalInUseError,
    JournalMismatchError,
)
from aki_codegen.runtime.batch.journal import Journal

IDENTITY = {"endpoint": "flux_dev", "input": "rows.csv, 12 bytes, sha256 ab12"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.journal"


@pytest.fixture
def journal(path):
    with Journal.open(path, survives_power_loss=False) as opened:
        yield opened


def python(code, *arguments):
    """Run a script in a process of its own, with pipes."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


class TestARow:
    """One row: claimed, submitted, ended."""

    def test_is_claimed_by_who_begins_it_first(self, journal):
        claim = journal.begin("a")
        assert claim.is_mine
        assert (claim.entry.row_id, claim.entry.state) == ("a", RowState.SUBMITTING)

    def test_is_not_claimed_again(self, journal):
        journal.begin("a")
        claim = journal.begin("a")
        assert not claim.is_mine
        assert claim.entry.state is RowState.SUBMITTING

    def test_tells_its_job_to_who_comes_later(self, journal):
        journal.begin("a")
        journal.note_job("a", "job-1")
        entry = journal.begin("a").entry
        assert (entry.state, entry.job_id) == (RowState.SUBMITTED, "job-1")

    def test_tells_its_outcome_to_who_comes_later(self, journal):
        journal.begin("a")
        journal.note_job("a", "job-1")
        assert journal.note_outcome("a", RowState.DONE, {"outputs": {"text": "ä\ud800"}})
        entry = journal.begin("a").entry
        assert (entry.state, entry.job_id) == (RowState.DONE, "job-1")
        assert entry.outcome == {"outputs": {"text": "ä\ud800"}}

    def test_keeps_what_it_was_given(self, journal):
        journal.begin("a", place=7, digest="ab12", kept={"id": [1, "zwei"]})
        entry = journal.get("a")
        assert entry is not None
        assert (entry.place, entry.digest, entry.kept) == (7, "ab12", {"id": [1, "zwei"]})

    def test_names_who_noted_it_last(self, path):
        with Journal.open(path, owner="one") as first, Journal.open(path, owner="two") as second:
            first.begin("a")
            assert second.begin("a").entry.owner == "one"
            second.note_job("a", "job-1")
            assert first.get("a").owner == "two"

    def test_that_is_done_stays_done(self, journal):
        journal.begin("a")
        journal.note_outcome("a", RowState.DONE, {"n": 1})
        assert not journal.note_outcome("a", RowState.FAILED, {"n": 2})
        assert journal.get("a").outcome == {"n": 1}

    def test_that_was_given_up_becomes_a_job_when_its_answer_comes_after_all(self, journal):
        journal.begin("a")
        journal.note_outcome("a", RowState.UNCERTAIN, {})
        journal.note_job("a", "job-1")
        entry = journal.get("a")
        assert (entry.state, entry.outcome) == (RowState.SUBMITTED, None)

    def test_may_have_an_outcome_without_having_been_begun(self, journal):
        journal.note_outcome("a", RowState.FAILED, {"error": "not valid"})
        assert (journal.get("a").state, journal.get("a").tries) == (RowState.FAILED, 0)

    def test_that_was_not_begun_has_no_job(self, journal):
        with pytest.raises(JournalError, match="row 'a' is not being submitted; begin it first"):
            journal.note_job("a", "job-1")

    def test_that_is_unknown_is_none(self, journal):
        assert journal.get("a") is None

    @pytest.mark.parametrize("state", [RowState.SUBMITTING, RowState.SUBMITTED])
    def test_ends_in_an_outcome_only(self, journal, state):
        with pytest.raises(ValueError, match="no outcome"):
            journal.note_outcome("a", state, {})


class TestBeginningAgain:
    """Rows that are begun once more because somebody said so."""

    @pytest.mark.parametrize("state", [RowState.FAILED, RowState.UNCERTAIN])
    def test_forgets_the_earlier_outcome(self, journal, state):
        journal.begin("a")
        journal.note_outcome("a", state, {})
        claim = journal.begin_again("a", after=state)
        assert claim.is_mine
        assert (claim.entry.state, claim.entry.tries) == (RowState.SUBMITTING, 2)
        assert (claim.entry.outcome, claim.entry.job_id) == (None, None)

    def test_is_for_one_only(self, journal):
        journal.begin("a")
        journal.note_outcome("a", RowState.FAILED, {})
        assert journal.begin_again("a", after=RowState.FAILED).is_mine
        assert not journal.begin_again("a", after=RowState.FAILED).is_mine

    def test_is_not_for_rows_in_another_state(self, journal):
        journal.begin("a")
        journal.note_outcome("a", RowState.DONE, {})
        assert not journal.begin_again("a", after=RowState.FAILED).is_mine
        with pytest.raises(ValueError, match="not done"):
            journal.begin_again("a", after=RowState.DONE)

    def test_is_as_the_first_time_after_a_release(self, journal):
        journal.begin("a")
        journal.release("a")
        assert journal.begin("a").is_mine

    def test_is_not_brought_about_by_releasing_what_became_a_job(self, journal):
        journal.begin("a")
        journal.note_job("a", "job-1")
        journal.release("a")
        assert journal.get("a").state is RowState.SUBMITTED


class TestTakingOver:
    """A row whose owner is gone."""

    def test_is_given_to_one_of_all_that_try(self, journal):
        journal.as_owner("gone").begin("a")
        one, other = journal.as_owner("one"), journal.as_owner("other")
        assert one.take_over("a", owner="gone")
        assert not other.take_over("a", owner="gone")
        assert journal.get("a").owner == "one"

    def test_keeps_its_job(self, journal):
        gone = journal.as_owner("gone")
        gone.begin("a")
        gone.note_job("a", "job-1")
        journal.take_over("a", owner="gone")
        assert (journal.get("a").state, journal.get("a").job_id) == (RowState.SUBMITTED, "job-1")

    def test_is_not_possible_once_it_has_an_outcome(self, journal):
        gone = journal.as_owner("gone")
        gone.begin("a")
        gone.note_outcome("a", RowState.DONE, {})
        assert not journal.take_over("a", owner="gone")


class TestTheRows:
    """All rows of a journal."""

    def test_come_in_the_order_of_their_places(self, journal):
        for place in (3, 1, 2):
            journal.begin(f"row {place}", place=place)
        assert [entry.place for entry in journal.entries()] == [1, 2, 3]

    def test_come_in_the_order_in_which_they_ended(self, journal):
        for row in "abc":
            journal.begin(row)
        for row in "cab":
            journal.note_outcome(row, RowState.DONE, {})
        assert "".join(e.row_id for e in journal.entries(order="finished")) == "cab"

    def test_come_all_of_them_however_many_there_are(self, journal):
        with journal.together():
            for number in range(1234):
                journal.begin(str(number))
        assert [entry.row_id for entry in journal.entries()] == [str(n) for n in range(1234)]

    def test_can_be_asked_for_by_state(self, journal):
        for row in "abc":
            journal.begin(row)
        journal.note_job("b", "job-1")
        assert [entry.row_id for entry in journal.entries(RowState.SUBMITTED)] == ["b"]

    def test_are_counted(self, journal):
        for row in "abc":
            journal.begin(row)
        journal.note_outcome("b", RowState.FAILED, {})
        counts = journal.counts()
        assert (counts[RowState.SUBMITTING], counts[RowState.FAILED], counts[RowState.DONE]) == (
            2,
            1,
            0,
        )

    def test_that_were_left_submitting_become_uncertain(self, journal):
        for row in "abc":
            journal.begin(row)
        journal.note_job("b", "job-1")
        assert journal.note_uncertain({"error": "?"}) == 2
        assert [e.row_id for e in journal.entries(RowState.UNCERTAIN)] == ["a", "c"]


class TestAJournal:
    """A journal as a file."""

    def test_belongs_to_the_run_it_was_bound_to(self, path):
        with Journal.open(path) as journal:
            journal.bind(IDENTITY)
        with Journal.open(path) as journal:
            journal.bind(IDENTITY)

    def test_refuses_another_run_and_says_what_differs(self, journal):
        journal.bind(IDENTITY)
        with pytest.raises(JournalMismatchError) as caught:
            journal.bind({**IDENTITY, "endpoint": "qwen_image"})
        assert caught.value.differences == ("endpoint was flux_dev, is now qwen_image",)
        assert "repeat that run as it was, or give another journal" in str(caught.value)

    def test_remembers_facts(self, journal):
        journal.note_fact("rows", 17)
        assert (journal.fact("rows"), journal.fact("validated")) == (17, None)

    @pytest.mark.skipif(os.name != "posix", reason="Windows has no such rights")
    def test_can_be_read_by_its_owner_only(self, journal, path):
        journal.begin("a")
        files = list(path.parent.glob("run.journal*"))
        assert len(files) == 3
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}

    def test_is_not_made_of_another_file(self, path):
        path.write_text("id,prompt\n1,hello\n" * 100)
        with pytest.raises(JournalError, match="is no journal of a batch, or damaged"):
            Journal.open(path)
        assert path.read_text().startswith("id,prompt")

    def test_is_not_opened_in_a_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(JournalError, match=r"can not be opened: No such file or directory"):
            Journal.open(tmp_path / "nowhere" / "run.journal")

    def test_takes_several_notes_as_one(self, journal):
        def note_and_fail():
            with journal.together():
                journal.begin("a")
                raise KeyError

        with pytest.raises(KeyError):
            note_and_fail()
        assert journal.get("a") is None

    def test_says_that_the_disk_is_full_and_notes_nothing_of_it(self, journal):
        journal.begin("a")
        full = journal._store._connection
        full.execute("PRAGMA max_page_count = 20")
        with pytest.raises(JournalFullError, match="the disk has no room for the journal"):
            journal.note_outcome("a", RowState.DONE, {"text": "x" * 200_000})
        assert journal.get("a").state is RowState.SUBMITTING

    def test_goes_on_when_there_is_room_again(self, journal):
        journal.begin("a")
        full = journal._store._connection
        full.execute("PRAGMA max_page_count = 20")
        with pytest.raises(JournalFullError):
            journal.note_outcome("a", RowState.DONE, {"text": "x" * 200_000})
        full.execute("PRAGMA max_page_count = 2000")
        assert journal.note_outcome("a", RowState.DONE, {"text": "x" * 200_000})


class TestSharing:
    """One journal for threads and processes."""

    def test_threads_get_each_row_once(self, journal):
        def claim(_):
            return sum(journal.begin(str(n)).is_mine for n in range(100))

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(claim, range(8))) == 100

    def test_processes_get_each_row_once(self, path):
        code = """
import sys
from aki_codegen.runtime.batch.journal import Journal
sys.stdin.readline()
with Journal.open(sys.argv[1], survives_power_loss=False) as journal:
    print(sum(journal.begin(str(n)).is_mine for n in range(200)))
"""
        processes = [python(code, path) for _ in range(4)]
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        claimed = [int(process.communicate()[0]) for process in processes]
        assert sum(claimed) == 200

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
    def test_a_forked_child_has_a_connection_of_its_own(self, path):
        code = """
import os, sys
from aki_codegen.runtime.batch.journal import Journal
journal = Journal.open(sys.argv[1])
journal.begin("parent")
child = os.fork()
if not child:
    os._exit(0 if journal.begin("child").is_mine and not journal.begin("parent").is_mine else 1)
status = os.waitpid(child, 0)[1]
print(status, journal.begin("child").is_mine, journal.begin("later").is_mine)
"""
        assert python(code, path).communicate()[0].split() == ["0", "False", "True"]

    def test_one_run_at_a_time_has_it_exclusively(self, path):
        with (
            Journal.open(path, exclusive=True),
            pytest.raises(JournalInUseError, match="another process works on the journal"),
        ):
            Journal.open(path, exclusive=True)

    def test_the_end_of_a_run_lets_it_go(self, path):
        Journal.open(path, exclusive=True).close()
        Journal.open(path, exclusive=True).close()

    def test_readers_may_look_at_it_meanwhile(self, path):
        with Journal.open(path, exclusive=True) as run:
            run.begin("a")
            with Journal.open(path) as looking:
                assert looking.get("a").state is RowState.SUBMITTING


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")
class TestAKilledProcess:
    """What is left of a process that was killed in the midst of its work."""

    CODE = """
import sys
from aki_codegen.runtime.batch.journal import Journal, RowState
journal = Journal.open(sys.argv[1], exclusive=True, survives_power_loss=sys.argv[2] == "True")
for n in range(10_000_000):
    journal.begin(f"a{n}"); journal.begin(f"b{n}"); journal.begin(f"c{n}")
    journal.note_job(f"b{n}", f"job-{n}"); journal.note_job(f"c{n}", f"job-{n}")
    journal.note_outcome(f"c{n}", RowState.DONE, {"n": n})
    print(n, flush=True)
"""

    @pytest.fixture(params=[True, False])
    def last(self, request, path):
        """The last round that a process has told of before it was killed in the midst of its work."""
        process = python(self.CODE, path, request.param)
        told = [int(process.stdout.readline()) for _ in range(20)]
        threading.Timer(0.05, process.kill).start()
        told += [int(line) for line in process.communicate()[0].split()]
        assert process.returncode == -signal.SIGKILL
        return told[-1]

    def test_leaves_everything_that_it_had_noted(self, path, last):
        with Journal.open(path) as journal:
            for n in range(last + 1):
                assert journal.get(f"a{n}").state is RowState.SUBMITTING
                assert journal.get(f"b{n}").job_id == f"job-{n}"
                assert journal.get(f"c{n}").outcome == {"n": n}

    def test_leaves_no_lock(self, path, last):
        Journal.open(path, exclusive=True).close()
