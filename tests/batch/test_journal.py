"""The rows of a journal: each is claimed once, and tells what came of it to who asks later."""

import pytest
from aki_runtime.batch.errors import JournalError
from aki_runtime.batch.journal import Journal, RowState


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

    def test_names_who_noted_it_last(self, journal_path):
        with (
            Journal.open(journal_path, owner="one") as first,
            Journal.open(journal_path, owner="two") as second,
        ):
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
        with pytest.raises(ValueError, match="must be done, failed or uncertain"):
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
        with pytest.raises(ValueError, match="after=done must be"):
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
