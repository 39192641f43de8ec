"""The ledger: of all workers one is at a row, whoever asks, dies, comes back or asks twice."""

import pytest
from aki_client.batch import JournalMismatchError, OutputError, RowState
from aki_runtime.ray.ledger import (
    Attempt,
    Begin,
    Differs,
    Free,
    Fresh,
    Held,
    Known,
    Look,
    NoteJob,
    NoteOutcome,
    Release,
    RowEnd,
    Taken,
)
from ray_data.conftest import LEASE

ONE, OTHER = Attempt("one", 1), Attempt("other", 1)
RESULT = {"outputs": {"text": "paid for"}}
ERROR = {"error": {"type": "JobFailedError", "message": "no"}}


@pytest.fixture
def ask(ledger):
    return lambda operation, worker=None: asked(ledger, operation, worker)


def asked(ledger, operation, worker=None):
    """Let a worker ask one thing."""
    worker = worker or operation.attempt.worker
    return ledger.carry_out(worker, [operation])[0]


class TestARow:
    """A row that nobody contests."""

    def test_is_fresh_for_who_asks_first(self, ask):
        assert ask(Begin("a", ONE)) == Fresh()

    def test_is_kept_with_its_result(self, ask):
        ask(Begin("a", ONE))
        ask(NoteJob("a", ONE, "job-1"))
        answer = ask(NoteOutcome("a", ONE, RowState.DONE, RESULT))
        assert isinstance(answer, RowEnd)
        assert answer.entry.outcome == RESULT
        assert ask(Begin("a", OTHER)) == answer

    def test_does_not_get_the_job_of_another(self, ask):
        ask(Begin("a", ONE))
        ask(NoteJob("a", ONE, "job-1"))
        ask(Begin("b", OTHER))
        answer = ask(NoteJob("b", OTHER, "job-1"))
        assert answer == Taken(
            "the hub gave row 'b' the job of row 'a', which alone gets its result; "
            "the job may or may not have been made, so it was not sent again"
        )

    def test_can_be_given_back(self, ask):
        ask(Begin("a", ONE))
        ask(Release("a", ONE))
        assert ask(Look("a"), "other") == Free()
        assert ask(Begin("a", OTHER)) == Fresh()

    def test_of_another_content_is_not_the_same_row(self, ask):
        ask(Begin("a", ONE, digest="x"))
        assert ask(Begin("a", OTHER, digest="y")) == Differs()


class TestTwoWorkers:
    """A row that Ray runs twice at a time."""

    def test_the_second_waits_while_the_first_lives(self, ask, clock, ledger):
        ask(Begin("a", ONE))
        clock.now += LEASE - 1
        assert ask(Begin("a", OTHER)) == Held(1.0)
        ledger.carry_out("one", [])  # a sign of life
        clock.now += LEASE - 1
        assert ask(Begin("a", OTHER)) == Held(1.0)

    def test_the_second_takes_the_job_over_when_the_first_has_fallen_silent(self, ask, clock):
        ask(Begin("a", ONE))
        ask(NoteJob("a", ONE, "job-1"))
        clock.now += LEASE + 1
        assert ask(Begin("a", OTHER)) == Known("job-1", is_taken_over=True)
        assert isinstance(ask(Begin("a", Attempt("third", 1))), Held)

    def test_a_submit_that_was_never_noted_is_uncertain(self, ask, clock):
        ask(Begin("a", ONE))
        clock.now += LEASE + 1
        answer = ask(Begin("a", OTHER))
        assert isinstance(answer, RowEnd)
        assert answer.entry.state is RowState.UNCERTAIN

    def test_an_uncertain_row_is_fresh_again_where_somebody_decided_so(self, ask, clock):
        ask(Begin("a", ONE))
        clock.now += LEASE + 1
        again = frozenset({RowState.UNCERTAIN})
        assert ask(Begin("a", OTHER, again=again)) == Fresh()

    def test_a_failed_row_is_fresh_again_where_somebody_decided_so(self, ask):
        ask(Begin("a", ONE))
        ask(NoteOutcome("a", ONE, RowState.FAILED, ERROR))
        assert isinstance(ask(Begin("a", OTHER)), RowEnd)
        assert ask(Begin("a", OTHER, again=frozenset({RowState.FAILED}))) == Fresh()

    def test_a_row_that_failed_for_want_of_the_hub_goes_on_with_the_job_that_it_has(self, ask):
        ask(Begin("a", ONE))
        ask(NoteJob("a", ONE, "job-1"))
        away = {"error": {"type": "ConnectionFailedError", "message": "the hub is away"}}
        ask(NoteOutcome("a", ONE, RowState.FAILED, away))
        assert ask(Begin("a", OTHER, again=frozenset({RowState.FAILED}))) == Known("job-1")

    def test_a_worker_takes_over_at_once_what_an_earlier_attempt_of_its_own_has_left(self, ask):
        ask(Begin("a", ONE))
        ask(NoteJob("a", ONE, "job-1"))
        assert ask(Begin("a", Attempt("one", 2))) == Known("job-1")


class TestAWorkerTakenForDead:
    """A worker that was silent for too long, and lives."""

    def test_may_still_bring_the_result(self, ask, clock):
        ask(Begin("a", ONE))
        ask(NoteJob("a", ONE, "job-1"))
        clock.now += LEASE + 1
        ask(Begin("a", OTHER))
        ask(NoteOutcome("a", ONE, RowState.DONE, RESULT))
        answer = ask(NoteOutcome("a", OTHER, RowState.FAILED, ERROR))
        assert isinstance(answer, RowEnd)
        assert answer.entry.outcome == RESULT

    def test_does_not_fail_a_row_that_another_is_at(self, ask, clock):
        ask(Begin("a", ONE))
        ask(NoteJob("a", ONE, "job-1"))
        clock.now += LEASE + 1
        ask(Begin("a", OTHER))
        assert isinstance(ask(NoteOutcome("a", ONE, RowState.FAILED, ERROR)), Held)

    def test_may_still_name_the_job_of_a_row_that_was_given_up(self, ask, clock):
        ask(Begin("a", ONE))
        clock.now += LEASE + 1
        ask(Begin("a", OTHER))
        assert ask(NoteJob("a", ONE, "job-1")) == Known("job-1")

    def test_learns_that_its_row_is_submitted_once_more(self, ask, clock):
        ask(Begin("a", ONE))
        clock.now += LEASE + 1
        ask(Begin("a", OTHER, again=frozenset({RowState.UNCERTAIN})))
        assert isinstance(ask(NoteJob("a", ONE, "job-1")), Held)
        assert ask(NoteJob("a", OTHER, "job-2")) == Known("job-2")


class TestARepeatedOperation:
    """Ray repeats what a restarted actor may not have answered."""

    @pytest.mark.parametrize(
        ("before", "operation", "answer"),
        [
            ([], Begin("a", ONE), Fresh()),
            ([Begin("a", ONE)], NoteJob("a", ONE, "job-1"), Known("job-1")),
            ([Begin("a", ONE)], Release("a", ONE), Free()),
        ],
        ids=["begin", "job", "release"],
    )
    def test_is_answered_as_before(self, before, operation, answer, ledger, open_ledger):
        ledger.carry_out("one", before)
        assert asked(ledger, operation) == answer
        assert asked(open_ledger(), operation) == answer

    def test_keeps_an_outcome_as_it_is(self, ask, open_ledger):
        ask(Begin("a", ONE))
        note = NoteOutcome("a", ONE, RowState.DONE, RESULT)
        ask(note)
        answer = asked(open_ledger(), note)
        assert isinstance(answer, RowEnd)
        assert answer.entry.outcome == RESULT


class TestARestart:
    """The actor died, and Ray has started it anew."""

    def test_leaves_every_worker_the_time_to_be_heard_of(self, ask, clock, open_ledger):
        ask(Begin("a", ONE))
        clock.now += LEASE * 3
        restarted = open_ledger()
        assert asked(restarted, Begin("a", OTHER)) == Held(LEASE)

    def test_still_knows_the_jobs(self, ask, clock, open_ledger):
        ask(Begin("a", ONE))
        ask(NoteJob("a", ONE, "job-1"))
        restarted = open_ledger()
        clock.now += LEASE + 1
        assert asked(restarted, Begin("a", OTHER)) == Known("job-1", is_taken_over=True)

    def test_still_knows_what_the_rows_are(self, ledger, open_ledger):
        ledger.bind({"endpoint": "flux_dev"})
        restarted = open_ledger()
        restarted.bind({"endpoint": "flux_dev"})
        with pytest.raises(JournalMismatchError, match="another run"):
            restarted.bind({"endpoint": "qwen_image"})


class TestTheMediaFolder:
    """A folder belongs to one journal, because files are named after rows."""

    def test_is_refused_where_something_else_is_in_it(self, ledger, tmp_path):
        (tmp_path / "media").mkdir()
        (tmp_path / "media" / "000001-images.png").write_text("of another dataset")
        with pytest.raises(OutputError, match=r"media is there, and .*rows\.journal does not say"):
            ledger.bind({"endpoint": "flux_dev"}, str(tmp_path / "media"))

    def test_of_an_earlier_run_of_the_journal_is_taken(self, ledger, open_ledger, tmp_path):
        ledger.bind({"endpoint": "flux_dev"}, str(tmp_path / "media"))
        (tmp_path / "media").mkdir()
        (tmp_path / "media" / "000001-images.png").write_text("of this dataset")
        open_ledger().bind({"endpoint": "flux_dev"}, str(tmp_path / "media"))


def test_all_that_is_asked_together_is_one_transaction(ledger):
    answers = ledger.carry_out("one", [Begin("a", ONE), Begin("b", Attempt("one", 2))])
    assert answers == [Fresh(), Fresh()]
    assert ledger.counts()["submitting"] == 2
