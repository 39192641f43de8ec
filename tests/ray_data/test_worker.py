"""A worker with a hub and a ledger, and no Ray: each row has one job and one outcome, whatever happens on the way."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from aki_client import AuthenticationError, NotEntitledError
from aki_client.batch import JournalMismatchError, OutputError
from aki_runtime.batch.rows import Row
from aki_sandbox.faults.effects import Cut, QueueFull, Reset
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from ray_data.conftest import LEASE, Line, row
from support.patience import until


def jobs(hub):
    """Return the prompts of the hub's jobs."""
    return sorted(job.work.prompt for job in hub.hub.jobs)


class TestRows:
    """What becomes of rows."""

    def test_are_done_with_their_outputs_and_jobs(self, make_worker, line):
        outcomes = make_worker(line).outcomes([row("1"), row("2")])
        assert [outcome.status for outcome in outcomes] == ["done", "done"]
        assert "row 2;" in outcomes[1].outputs["text"]
        assert outcomes[0].job_id

    def test_fail_one_by_one(self, make_worker, line):
        rows = [row("1"), row("2", "[[error=broken]] no"), row("3")]
        outcomes = make_worker(line).outcomes(rows)
        assert [outcome.status for outcome in outcomes] == ["done", "failed", "done"]
        assert outcomes[1].error.type == "JobFailedError"
        assert "broken" in outcomes[1].error.message

    def test_that_the_package_refuses_are_never_sent(self, make_worker, line, hub):
        bad = row("1")
        bad.parameters["temperature"] = 7
        (outcome,) = make_worker(line).outcomes([bad])
        assert (outcome.status, outcome.error.type) == ("failed", "InvalidParametersError")
        assert hub.hub.jobs_submitted == 0

    def test_are_called_once_however_often_they_come(self, make_worker, line, hub):
        worker = make_worker(line)
        first = worker.outcomes([row("1"), row("1")])
        assert worker.outcomes([row("1")]) == first[:1] == first[1:]
        assert jobs(hub) == ["row 1;"]

    def test_of_one_id_and_other_content_are_refused(self, make_worker, line):
        with pytest.raises(JournalMismatchError, match="row '1'"):
            make_worker(line).outcomes([row("1"), row("1", "something else")])

    def test_end_as_failed_when_their_time_is_over_and_their_job_is_cancelled(
        self, make_worker, line, hub
    ):
        worker = make_worker(line, timeout=2.0)
        (outcome,) = worker.outcomes([row("1", "[[dur=60 steps=600]] long")])
        assert (outcome.status, outcome.error.type) == ("failed", "DeadlineExceededError")
        assert "the hub was asked to cancel it" in outcome.error.message
        assert "goes on" not in outcome.error.message
        assert [str(job.state) for job in hub.hub.jobs] == ["canceled"]

    def test_that_are_media_go_into_the_folder(self, make_worker, line, tmp_path):
        worker = make_worker(line, endpoint="z_image_turbo", media=str(tmp_path / "media"))
        parameters = {"prompt": "a hill", "width": 256, "height": 256}
        picture = Row(1, "../1", parameters, digest="a hill")
        (outcome,) = worker.outcomes([picture])
        (name,) = outcome.outputs["images"]
        assert (tmp_path / "media" / name).stat().st_size > 100

    def test_whose_media_have_no_place_are_never_sent(self, make_worker, line, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(OutputError, match="file cannot be written to"):
            make_worker(line, endpoint="z_image_turbo", media=str(tmp_path / "file" / "media"))


class TestTheHub:
    """A hub that fails."""

    def test_that_is_full_is_tried_again(self, make_worker, line, hub):
        hub.faults.add(QueueFull(), on="submit", times=2)
        (outcome,) = make_worker(line).outcomes([row("1")])
        assert outcome.status == "done"
        assert jobs(hub) == ["row 1;"]

    def test_that_loses_the_answer_to_a_submit_leaves_the_row_uncertain(
        self, make_worker, line, hub
    ):
        hub.faults.add(Reset(reached=True), on="submit")
        worker = make_worker(line)
        (outcome,) = worker.outcomes([row("1")])
        assert outcome.status == "uncertain"
        assert outcome.error.type == "ConnectionFailedError"
        assert worker.outcomes([row("1")])[0].status == "uncertain"
        assert hub.hub.jobs_submitted == 1

    def test_is_asked_once_more_for_an_uncertain_row_where_somebody_decided_so(
        self, make_worker, line, hub
    ):
        hub.faults.add(Reset(reached=True), on="submit")
        make_worker(line).outcomes([row("1")])
        (outcome,) = make_worker(line, resubmit_uncertain=True).outcomes([row("1")])
        assert outcome.status == "done"
        assert hub.hub.jobs_submitted == 2

    def test_is_asked_once_more_for_a_failed_row_where_somebody_decided_so(
        self, make_worker, line, hub
    ):
        failing = row("1", "[[error=no]] row 1;")
        make_worker(line).outcomes([failing])
        make_worker(line, retry_failed=True).outcomes([failing])
        assert hub.hub.jobs_submitted == 2

    def test_that_refuses_the_key_ends_the_run_and_no_row_is_lost(
        self, make_worker, line, monkeypatch
    ):
        monkeypatch.setenv("AKI_API_KEY", "bad-key")
        with pytest.raises(AuthenticationError):
            make_worker(line).outcomes([row("1"), row("2")])
        monkeypatch.setenv("AKI_API_KEY", "test-key")
        assert make_worker(line).outcomes([row("1")])[0].status == "done"

    def test_that_refuses_the_endpoint_ends_the_run(self, make_worker, line):
        with pytest.raises(NotEntitledError):
            make_worker(line, endpoint="minimax_m3").outcomes([row("1")])


class TestAHubThatDoesNotCancel:
    """As the public server: a job goes on whatever it is told."""

    @pytest.fixture
    def hub(self):
        settings = HubSettings(worker_slots=64, honour_cancel=False)
        with SandboxServer(settings=settings) as server:
            yield server

    @pytest.mark.slow
    def test_is_asked_for_the_same_job_where_its_time_was_over(self, make_worker, line, hub):
        long = row("1", "[[dur=20 steps=2]] row 1;")
        (outcome,) = make_worker(line, timeout=2.0).outcomes([long])
        assert (outcome.status, outcome.error.type) == ("failed", "DeadlineExceededError")
        (outcome,) = make_worker(line, retry_failed=True).outcomes([long])
        assert (outcome.status, hub.hub.jobs_submitted) == ("done", 1)


class TestTwoWorkers:
    """Ray has started a block again while the worker that was taken for dead lives."""

    def test_have_one_job_and_one_outcome(self, make_worker, line, hub):
        workers = [make_worker(line), make_worker(line)]
        rows = [row(str(number), f"[[dur=0.3 steps=2]] row {number};") for number in range(12)]
        with ThreadPoolExecutor(2) as pool:
            one, other = pool.map(lambda worker: worker.outcomes(rows), workers)
        assert [outcome.status for outcome in one] == ["done"] * 12
        assert one == other
        assert len(jobs(hub)) == len(set(jobs(hub))) == 12

    @pytest.mark.slow
    def test_poll_one_after_the_other(self, make_worker, ledger, hub, clock):
        first, second = Line(ledger), Line(ledger)
        dead, alive = make_worker(first, lease=2.0), make_worker(second)
        slow = row("1", "[[dur=5 steps=10]] row 1;")
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(dead.outcomes, [slow])
            until(lambda: ledger.counts()["submitted"] == 1, "the job is noted")
            first.is_cut = True
            until(lambda: polls_have_ended(hub), "the first has stopped by itself")
            clock.now += LEASE + 1  # so long the ledger has not heard of it
            outcomes = alive.outcomes([slow])
            first.is_cut = False
            outcomes += future.result(60)
        assert [outcome.status for outcome in outcomes] == ["done", "done"]
        assert outcomes[0] == outcomes[1]
        assert jobs(hub) == ["row 1;"]


class TestTheLedger:
    """A ledger that comes and goes."""

    @pytest.mark.slow
    def test_that_answers_late_is_asked_again_and_nothing_is_paid_twice(
        self, make_worker, line, hub
    ):
        line.loses_answers = 3
        outcomes = make_worker(line).outcomes([row("1")])
        assert outcomes[0].status == "done"
        assert jobs(hub) == ["row 1;"]

    @pytest.mark.slow
    def test_that_stays_away_keeps_a_worker_from_polling(self, make_worker, line, hub):
        worker = make_worker(line, lease=2.0)
        slow = row("1", "[[dur=4 steps=8]] row 1;")
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(worker.outcomes, [slow])
            until(lambda: line.ledger.counts()["submitted"] == 1, "the job is noted")
            line.is_cut = True
            until(lambda: polls_have_ended(hub), "nobody polls")
            line.is_cut = False
            (outcome,) = future.result(30)
        assert outcome.status == "done"
        assert jobs(hub) == ["row 1;"]

    def test_has_no_result_that_an_answer_did_not_bring(self, make_worker, line, hub):
        hub.faults.add(Cut(), on="final")
        (outcome,) = make_worker(line).outcomes([row("1")])
        assert (outcome.status, outcome.error.type) == ("uncertain", "ResultGoneError")
        assert "it ran, its result is lost, it may have been billed" in outcome.error.message
        (outcome,) = make_worker(line, retry_failed=True).outcomes([row("1")])
        assert (outcome.status, hub.hub.jobs_submitted) == ("uncertain", 1)
        (outcome,) = make_worker(line, resubmit_uncertain=True).outcomes([row("1")])
        assert (outcome.status, hub.hub.jobs_submitted) == ("done", 2)


def polls_have_ended(hub):
    """Whether the hub is asked nothing for several times as long as there is between two polls."""
    before = hub.hub.request_count
    time.sleep(1.0)
    return hub.hub.request_count == before
