"""The file of a journal: one run's own, shared by threads and processes, and whole after a kill."""

import os
import signal
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from aki_runtime.batch.errors import (
    JournalError,
    JournalFullError,
    JournalInUseError,
    JournalMismatchError,
)
from aki_runtime.batch.journal import Journal, RowState

IDENTITY = {"endpoint": "flux_dev", "input": "rows.csv, 12 bytes, sha256 ab12"}


def python(code, *arguments):
    """Run a script in a process of its own, with pipes."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


class TestAJournal:
    """A journal as a file."""

    def test_belongs_to_the_run_it_was_bound_to(self, journal_path):
        with Journal.open(journal_path) as journal:
            journal.bind(IDENTITY)
        with Journal.open(journal_path) as journal:
            journal.bind(IDENTITY)

    def test_refuses_another_run_and_says_what_differs(self, journal):
        journal.bind(IDENTITY)
        with pytest.raises(JournalMismatchError) as caught:
            journal.bind({**IDENTITY, "endpoint": "qwen_image"})
        assert caught.value.differences == ("endpoint was flux_dev, is now qwen_image",)
        assert "repeat that run as it was, or give another output and journal" in str(caught.value)

    def test_remembers_facts(self, journal):
        journal.note_fact("rows", 17)
        assert (journal.fact("rows"), journal.fact("validated")) == (17, None)

    @pytest.mark.skipif(os.name != "posix", reason="Windows has no such rights")
    def test_can_be_read_by_its_owner_only(self, journal, journal_path):
        journal.begin("a")
        files = list(journal_path.parent.glob("run.journal*"))
        assert len(files) == 3
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}

    def test_is_not_made_of_another_file(self, journal_path):
        journal_path.write_text("id,prompt\n1,hello\n" * 100)
        with pytest.raises(JournalError, match="is not a journal of a batch, or damaged"):
            Journal.open(journal_path)
        assert journal_path.read_text().startswith("id,prompt")

    def test_is_not_opened_in_a_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(JournalError, match=r"cannot be opened: No such file or directory"):
            Journal.open(tmp_path / "nowhere" / "run.journal")

    @pytest.mark.parametrize("is_exclusive", [False, True])
    def test_is_not_opened_where_no_file_can_be(self, tmp_path, is_exclusive):
        with pytest.raises(JournalError, match="embedded null byte"):
            Journal.open(tmp_path / "a\0b", exclusive=is_exclusive)

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

    def test_processes_get_each_row_once(self, journal_path):
        code = """
import sys
from aki_runtime.batch.journal import Journal
sys.stdin.readline()
with Journal.open(sys.argv[1], survives_power_loss=False) as journal:
    print(sum(journal.begin(str(n)).is_mine for n in range(200)))
"""
        processes = [python(code, journal_path) for _ in range(4)]
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        claimed = [int(process.communicate()[0]) for process in processes]
        assert sum(claimed) == 200

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
    def test_a_forked_child_has_a_connection_of_its_own(self, journal_path):
        code = """
import os, sys
from aki_runtime.batch.journal import Journal
journal = Journal.open(sys.argv[1])
journal.begin("parent")
child = os.fork()
if not child:
    os._exit(0 if journal.begin("child").is_mine and not journal.begin("parent").is_mine else 1)
status = os.waitpid(child, 0)[1]
print(status, journal.begin("child").is_mine, journal.begin("later").is_mine)
"""
        assert python(code, journal_path).communicate()[0].split() == ["0", "False", "True"]

    def test_one_run_at_a_time_has_it_exclusively(self, journal_path):
        with (
            Journal.open(journal_path, exclusive=True),
            pytest.raises(JournalInUseError, match="another process works on the journal"),
        ):
            Journal.open(journal_path, exclusive=True)

    def test_the_end_of_a_run_lets_it_go(self, journal_path):
        Journal.open(journal_path, exclusive=True).close()
        Journal.open(journal_path, exclusive=True).close()

    def test_readers_may_look_at_it_meanwhile(self, journal_path):
        with Journal.open(journal_path, exclusive=True) as run:
            run.begin("a")
            with Journal.open(journal_path) as looking:
                assert looking.get("a").state is RowState.SUBMITTING


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")
class TestAKilledProcess:
    """What is left of a process that was killed in the midst of its work."""

    CODE = """
import sys
from aki_runtime.batch.journal import Journal, RowState
journal = Journal.open(sys.argv[1], exclusive=True, survives_power_loss=sys.argv[2] == "True")
for n in range(10_000_000):
    journal.begin(f"a{n}"); journal.begin(f"b{n}"); journal.begin(f"c{n}")
    journal.note_job(f"b{n}", f"job-{n}"); journal.note_job(f"c{n}", f"job-c{n}")
    journal.note_outcome(f"c{n}", RowState.DONE, {"n": n})
    print(n, flush=True)
"""

    @pytest.fixture(params=[True, False])
    def last(self, request, journal_path):
        """The last round that a process has told of before it was killed in the midst of its work."""
        process = python(self.CODE, journal_path, request.param)
        told = [int(process.stdout.readline()) for _ in range(20)]
        threading.Timer(0.05, process.kill).start()
        told += [int(line) for line in process.communicate()[0].split()]
        assert process.returncode == -signal.SIGKILL
        return told[-1]

    def test_leaves_everything_that_it_had_noted(self, journal_path, last):
        with Journal.open(journal_path) as journal:
            for n in range(last + 1):
                assert journal.get(f"a{n}").state is RowState.SUBMITTING
                assert journal.get(f"b{n}").job_id == f"job-{n}"
                assert journal.get(f"c{n}").outcome == {"n": n}

    def test_leaves_no_lock(self, journal_path, last):
        Journal.open(journal_path, exclusive=True).close()
