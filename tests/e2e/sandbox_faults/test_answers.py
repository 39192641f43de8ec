"""Errors of servers and proxies, and jobs that end badly."""

import gzip
import json

import httpx
import pytest
from aki_sandbox.faults.effects import (
    Compressed,
    Forget,
    Lapse,
    LoginPage,
    QueueFull,
    Redirect,
    Reset,
    Status,
    WorkerFails,
)
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from e2e.sandbox_faults.caller import ENDPOINT, LONG, Caller


class TestErrorsOfServersAndProxies:
    """Answers that the hub itself would not give."""

    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_any_status_as_json_html_or_nothing(self, caller, server, status):
        for nth, body in enumerate(("json", "html", "empty"), 1):
            server.faults.add(Status(status, body=body), nth=nth)
        json_answer, html_answer, empty_answer = (caller.list() for _ in range(3))
        assert json_answer.json()["status"] == json_answer.status_code == status
        assert html_answer.headers["content-type"] == "text/html; charset=utf-8"
        assert html_answer.text.startswith("<html>")
        assert (empty_answer.status_code, empty_answer.content) == (status, b"")

    def test_it_may_say_when_to_come_back(self, caller, server):
        server.faults.add(Status(429, retry_after=2), nth=2)
        assert "retry-after" not in caller.list().headers
        assert caller.list().headers["retry-after"] == "2"

    @pytest.mark.parametrize("reached", [True, False])
    def test_the_hub_may_or_may_not_have_been_told(self, caller, server, reached):
        server.faults.add(Status(502, reached=reached), on="submit")
        before = server.hub.jobs_submitted
        assert caller.submit().status_code == 502
        assert server.hub.jobs_submitted - before == reached

    def test_a_full_queue_is_told_in_one_string(self, caller, server):
        server.faults.add(QueueFull(length=7), on="submit")
        answer = caller.submit()
        assert answer.status_code == 400
        assert answer.json()["error"] == "Job queue reached max length 7!"

    def test_a_redirect_leads_to_another_host(self, caller, server):
        server.faults.add(Redirect("https://other.invalid"))
        answer = caller.list()
        assert answer.status_code == 302
        assert answer.headers["location"] == "https://other.invalid/api/endpoints"

    def test_a_login_page_looks_like_success(self, caller, server):
        server.faults.add(LoginPage())
        answer = caller.list()
        assert (answer.status_code, answer.text[:6]) == (200, "<html>")

    def test_an_answer_is_compressed_although_that_was_not_asked_for(self, caller, server):
        server.faults.add(Compressed())
        headers = {"accept-encoding": "identity"}
        with caller.http.stream("GET", "/api/endpoints", headers=headers) as answer:
            assert answer.headers["content-encoding"] == "gzip"
            assert "endpoints" in json.loads(gzip.decompress(b"".join(answer.iter_raw())))


class TestJobs:
    """What happens to jobs."""

    def test_a_lost_final_answer_was_the_only_copy(self, caller, server):
        server.faults.add(Reset(reached=True), on="final")
        running, ended = caller.running_job(), caller.ended_job()
        assert caller.poll(running).json()["job_state"] == "processing"
        with pytest.raises(httpx.ReadError):
            caller.poll(ended)
        answer = caller.poll(ended).json()
        assert answer["job_state"] == "done"
        assert "job_result" not in answer

    def test_a_final_answer_may_be_lost_to_a_proxy_too(self, caller, server):
        server.faults.add(Status(504, body="html"), on="final")
        ended = caller.ended_job()
        assert caller.poll(ended).status_code == 504
        assert "job_result" not in caller.poll(ended).json()

    def test_an_answer_without_a_result_may_be_the_one_that_is_lost(self, caller, server):
        server.faults.add(Reset(reached=True), on="running", times=None)
        running, ended = caller.running_job(), caller.ended_job()
        assert "job_result" in caller.poll(ended).json()
        with pytest.raises(httpx.ReadError):
            caller.poll(running)

    def test_a_job_lapses(self, caller, server):
        server.faults.add(Lapse(), on="poll", nth=2)
        job_id = caller.running_job()
        assert caller.poll(job_id).status_code == 200
        for _ in range(2):
            answer = caller.poll(job_id)
            assert (answer.status_code, answer.json()["job_state"]) == (400, "lapsed")

    def test_all_jobs_are_forgotten(self, caller, server):
        server.faults.add(Forget(), on="poll")
        job_id = caller.running_job()
        assert [caller.poll(job_id).status_code for _ in range(2)] == [402, 402]

    def test_a_worker_fails(self, caller, server):
        server.faults.add(WorkerFails("out of luck"), on="submit", endpoint=ENDPOINT)
        result = caller.poll(caller.ended_job()).json()["job_result"]
        assert result["error"] == "out of luck"
        assert "text" not in result

    def test_a_failing_worker_may_keep_its_outputs(self, caller, server):
        server.faults.add(WorkerFails("out of luck", keeps_outputs=True), on="submit")
        result = caller.poll(caller.ended_job()).json()["job_result"]
        assert result["error"] == "out of luck"
        assert result["text"].startswith("Hello")

    def test_a_cancel_may_be_honoured_late(self):
        now = [0.0]
        server = SandboxServer(settings=HubSettings(cancel_delay=5), clock=lambda: now[0])
        with server, Caller(server) as caller:
            job_id = caller.job(LONG)
            states = []
            for now[0] in (1, 5.9, 6.1):
                states.append(caller.poll(job_id, cancel=True).json()["job_state"])
        assert states == ["processing", "processing", "canceled"]
