"""The same batch once more: what is done stays done, what is known is picked up, and nothing is paid twice."""

import pytest
from aki_client import Aki, batch
from aki_sandbox.faults.effects import Forget, Lapse, LoginPage, Reset, Status, WorkerFails
from batch.rows import write


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
        fault = hub.faults.add(WorkerFails(), on="submit", nth=5)
        assert run(source).failed == 1
        assert fault.hits == 1
        assert run(source).failed == 1
        assert run(source, retry_failed=True).done == 20
        assert hub.hub.jobs_submitted == 21

    def test_asks_for_the_same_job_where_only_its_end_was_not_learnt(
        self, run, source, hub, output, read
    ):
        told = {"error": {"type": "ConnectionFailedError", "message": "the hub stayed away"}}
        with batch.Journal.open(f"{output}.journal") as journal, Aki() as aki:
            journal.begin("3", place=3, kept={"id": 3})
            journal.note_job("3", aki.llama3_8b_chat.submit(prompt_input="row 3;").id)
            journal.note_outcome("3", batch.RowState.FAILED, told)
        summary = run(source)
        assert (summary.done, summary.picked_up) == (20, 1)
        assert hub.hub.jobs_submitted == 20

    @pytest.mark.parametrize("kind", ["UnexpectedAnswerError", "ServerError", "NotFoundError"])
    def test_asks_for_the_same_job_whatever_the_hub_had_said_instead_of_its_end(
        self, run, source, hub, output, kind
    ):
        with batch.Journal.open(f"{output}.journal") as journal, Aki() as aki:
            journal.begin("3", place=3, kept={"id": 3})
            journal.note_job("3", aki.llama3_8b_chat.submit(prompt_input="row 3;").id)
            told = {"error": {"type": kind, "message": "a login page"}}
            journal.note_outcome("3", batch.RowState.FAILED, told)
        assert run(source, retry_failed=True).done == 20
        assert hub.hub.jobs_submitted == 20

    @pytest.mark.parametrize("as_completed", [False, True])
    def test_writes_a_row_once_that_is_tried_again(self, run, source, hub, read, as_completed):
        hub.faults.add(WorkerFails(), on="submit", nth=5)
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


class TestALostResult:
    """A job that ran, or may have run, and whose result cannot be had: uncertain, paid again only at a word."""

    @pytest.fixture
    def left_on_the_hub(self, output):
        """Leave the job of row 3 on the hub, as a killed run does, and return its id."""
        # No handle stays: the run would know all that it knows.
        with batch.Journal.open(f"{output}.journal") as journal, Aki() as aki:
            job_id = aki.llama3_8b_chat.submit(prompt_input="[[dur=0.7]] row 3;").id
            journal.begin("3", place=3, kept={"id": 3})
            journal.note_job("3", job_id)
        return job_id

    @pytest.fixture(params=["lapsed", "forgotten", "fetched"])
    def lost(self, request, hub, left_on_the_hub):
        """The same job, whose result nobody can have any more."""
        match request.param:
            case "lapsed":
                hub.faults.add(Lapse(), on="poll")
            case "forgotten":
                hub.faults.add(Forget(), on="poll")
            case _:
                with Aki() as aki:
                    aki.llama3_8b_chat.job(left_on_the_hub).result()

    def test_is_uncertain_and_may_have_been_billed(self, hub, run, source, lost, read):
        summary = run(source, limit=3)
        assert (summary.failed, summary.uncertain) == (0, 1)
        (outcome,) = [o for o in read() if o["status"] == "uncertain"]
        assert outcome["row"] == 3
        assert "it ran, its result is lost, it may have been billed" in outcome["error"]["message"]

    def test_is_not_paid_again_with_the_failed_rows(self, hub, run, source, lost):
        run(source, limit=3)
        before = hub.hub.jobs_submitted
        assert run(source, limit=3, retry_failed=True).uncertain == 1
        assert hub.hub.jobs_submitted == before

    def test_is_had_anew_where_that_is_said(self, hub, run, source, lost):
        run(source, limit=3)
        assert run(source, limit=3, resubmit_uncertain=True).done == 3

    def test_whose_answer_broke_in_this_very_run_is_uncertain_too(self, hub, run, source):
        hub.faults.add(Reset(reached=True), on="final", nth=5)
        assert run(source).uncertain == 1
        assert run(source, retry_failed=True).uncertain == 1
        assert hub.hub.jobs_submitted == 20


class TestAJobWhoseEndIsNotKnown:
    """The hub answers polls with what says nothing of the job, until the row's time is over."""

    @pytest.mark.parametrize(
        "odd", [LoginPage(), Reset(), Status(502)], ids=lambda e: type(e).__name__
    )
    def test_is_asked_for_again_and_never_submitted_again(self, hub, output, odd):
        fault = hub.faults.add(odd, on="poll", times=None)
        rows = [{"prompt_input": "row 1;"}]
        with Aki() as aki:
            hurried = aki.llama3_8b_chat.with_options(timeout=1.5)
            assert batch.run(hurried, rows, output).failed == 1
            assert fault.hits > 0
            hub.faults.clear()
            summary = batch.run(hurried, rows, output, retry_failed=True)
        assert (summary.done, summary.picked_up) == (1, 1)
        assert hub.hub.jobs_submitted == 1

    @pytest.fixture
    def left(self, hub, output):
        """A batch whose job of row 3 goes on while nobody could learn its end."""
        told = {"error": {"type": "ServerError", "message": "a login page"}}
        with batch.Journal.open(f"{output}.journal") as journal, Aki() as aki:
            job_id = aki.llama3_8b_chat.submit(prompt_input="row 3;").id
            journal.begin("3", place=3, kept={"id": 3})
            journal.note_job("3", job_id)
            journal.note_outcome("3", batch.RowState.FAILED, told)
        return job_id

    @pytest.mark.parametrize("as_completed", [False, True])
    def test_is_done_by_the_same_call_once_more(self, run, source, hub, left, read, as_completed):
        summary = run(source, as_completed=as_completed)
        assert (summary.done, summary.failed, summary.before) == (20, 0, 0)
        assert sorted(o["row"] for o in read()) == list(range(1, 21))
        assert hub.hub.jobs_submitted == 20

    def test_is_uncertain_where_its_result_is_gone_by_then(self, run, source, hub, left):
        with Aki() as aki:
            aki.llama3_8b_chat.job(left).result()
        summary = run(source)
        assert (summary.done, summary.uncertain, hub.hub.jobs_submitted) == (19, 1, 20)
