"""A batch against a hub that fails, refuses or is away: which rows are uncertain, and which wait."""

import httpx2
import pytest
from aki_client import AsyncAki, AuthenticationError, ConfigurationError, batch
from aki_sandbox.faults.edits import Edit, put
from aki_sandbox.faults.effects import Cut, QueueFull, Status
from aki_sandbox.settings import HubSettings
from aki_sandbox.web.connections import unserved_url
from batch.rows import CHAT


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

    def test_that_gives_a_row_the_job_of_another_mixes_no_results_up(self, run, hub, prompts, read):
        ids = []

        def give_the_first_id(body):
            ids.append(body["job_id"])
            body["job_id"] = ids[0]

        hub.faults.add(Edit(give_the_first_id), on="submit", nth=1, times=2)
        summary = run(prompts(3), concurrency=1)
        assert (summary.done, summary.uncertain) == (2, 1)
        first, second, third = read()
        assert ("row 1;" in first["outputs"]["text"], first["job_id"]) == (True, ids[0])
        assert "job_id" not in second
        assert second["error"]["type"] == "UnexpectedAnswerError"
        assert "the hub gave row '2' the job of row '1'" in second["error"]["message"]
        assert "row 3;" in third["outputs"]["text"]

    def test_that_gives_a_row_the_job_of_an_earlier_run_mixes_no_results_up(
        self, run, hub, prompts, read
    ):
        run(prompts(2), limit=1)
        (first,) = read()
        hub.faults.add(Edit(put("job_id", first["job_id"])), on="submit", nth=1)
        summary = run(prompts(2))
        assert (summary.done, summary.uncertain) == (1, 1)
        assert read()[0] == first
        assert read()[1]["error"]["type"] == "UnexpectedAnswerError"

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
                run(source, outage_timeout=0.5)
        with batch.Journal.open(f"{output}.journal") as journal:
            assert sum(journal.counts().values()) == 0

    def test_that_is_away_is_not_waited_for_without_any_time(self, run, prompts, monkeypatch):
        def refuse(request):
            asked.append(request)
            raise httpx2.ConnectError("nobody is there")

        asked: list[httpx2.Request] = []
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(refuse))
        client = AsyncAki(http_client=http).with_options(max_retries=0)
        with pytest.raises(batch.BatchStoppedError, match="nobody is there"):
            run(prompts(1), client=client, outage_timeout=0)
        assert len(asked) == 1

    def test_that_is_away_is_said_once_while_it_is_tried_again(self, run, source, monkeypatch):
        monkeypatch.setattr("aki_runtime.batch.limits.OUTAGE_SAID_AFTER", 0.2)
        told = []
        with unserved_url() as url:
            monkeypatch.setenv("AKI_API_SERVER", url)
            with pytest.raises(batch.BatchStoppedError):
                run(source, outage_timeout=2, on_notice=told.append)
        (sentence,) = told
        assert sentence.startswith("could not connect to 127.0.0.1:")
        assert sentence.endswith("; it is tried again for 2 s")

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
