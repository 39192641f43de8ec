"""Faults of the sandbox: each does what it says, over a real socket."""

import gzip
import json
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest
from aki_codegen.sandbox.faults import edits
from aki_codegen.sandbox.faults.edits import Edit
from aki_codegen.sandbox.faults.effects import (
    Compressed,
    Cut,
    Delay,
    LoginPage,
    Oversized,
    Redirect,
    Reset,
    Stall,
    Status,
)
from aki_codegen.sandbox.faults.job_effects import Forget, Lapse, QueueFull, WorkerFails
from aki_codegen.sandbox.faults.plan import FaultPlan
from aki_codegen.sandbox.server import SandboxServer
from aki_codegen.sandbox.settings import HubSettings
from aki_codegen.sandbox.web.connections import unserved_url

ENDPOINT = "llama3_chat"
LONG = "hi [[dur=60 steps=6000]]"
RUNNING_FOR = 0.05

# Callers who wait, who have gone, who do not read, and who have sent half of their request.
STOPPED_AMID_FAULTS = r"""
import socket, time
from aki_codegen.sandbox.faults.effects import Cut, Delay, Oversized, Reset, Stall
from aki_codegen.sandbox.server import SandboxServer

GET = b"GET /api/endpoints HTTP/1.1\r\nhost: x\r\n\r\n"
HALF = b"POST /api/progress/kimi_k2 HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{"

def connected(request):
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.sendall(request)
    time.sleep(0.02)
    return connection

server = SandboxServer().start()
left = []
for effect in (Delay(30), Stall(30), Oversized(20_000_000), Cut(), Reset()):
    server.faults.add(effect)
    left.append(connected(GET))
    server.faults.add(effect)
    connected(GET).close()
    server.faults.clear()
left += [connected(HALF), connected(GET[:9]), connected(b"")]
connected(HALF).close()
time.sleep(0.05)
began = time.monotonic()
server.stop()
print(time.monotonic() - began)
for connection in left:
    connection.close()
"""


class Caller:
    """Somebody who calls a sandbox, over one connection unless it breaks."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        # There is nothing to verify, and loading certificates takes longer than most tests.
        self.http = httpx.Client(base_url=server.url, timeout=5, verify=False)  # noqa: S501

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *error: object) -> None:
        self.http.close()

    def list(self) -> httpx.Response:
        return self.http.get("/api/endpoints")

    def submit(self, prompt: str = "hi", endpoint: str = ENDPOINT) -> httpx.Response:
        payload = {"key": "any", "prompt_input": prompt, "wait_for_result": False}
        return self.http.post(f"/api/call/{endpoint}", json=payload)

    def job(self, prompt: str = "hi", endpoint: str = ENDPOINT) -> str:
        return self.submit(prompt, endpoint).json()["job_id"]

    def poll(self, job_id: str, endpoint: str = ENDPOINT, **extra: object) -> httpx.Response:
        payload = {"key": "any", "job_id": job_id, **extra}
        return self.http.post(f"/api/progress/{endpoint}", json=payload)

    def running_job(self) -> str:
        """Return a job that has reported some text and will not end during the test."""
        job_id = self.job(LONG)
        time.sleep(RUNNING_FOR)
        return job_id

    def ended_job(self, prompt: str = "hi [[dur=0.001]]") -> str:
        """Return a job whose result nobody has fetched."""
        job_id = self.job(prompt)
        time.sleep(0.01)
        return job_id


@pytest.fixture(scope="module")
def shared_server():
    with SandboxServer(settings=HubSettings(worker_slots=100)) as running:
        yield running


@pytest.fixture
def server(shared_server):
    yield shared_server
    shared_server.faults.clear()
    shared_server.hub.forget_jobs()


@pytest.fixture
def caller(server):
    with Caller(server) as calling:
        yield calling


class TestWhichRequestsGoWrong:
    """The rules of a plan."""

    def statuses(self, caller, count):
        return [caller.list().status_code for _ in range(count)]

    def test_without_any_rule_nothing_does(self, caller):
        assert self.statuses(caller, 3) == [200, 200, 200]

    @pytest.mark.parametrize(
        ("rule", "statuses"),
        [
            ({}, [503, 200, 200, 200, 200, 200]),
            ({"nth": 2}, [200, 503, 200, 200, 200, 200]),
            ({"nth": 2, "times": 2}, [200, 503, 503, 200, 200, 200]),
            ({"nth": 3, "times": None}, [200, 200, 503, 503, 503, 503]),
            ({"nth": 2, "every": 2, "times": 2}, [200, 503, 200, 503, 200, 200]),
            ({"every": 3, "times": None}, [503, 200, 200, 503, 200, 200]),
        ],
    )
    def test_they_are_counted_from_when_the_rule_is_added(self, caller, server, rule, statuses):
        caller.list()
        fault = server.faults.add(Status(503), **rule)
        assert self.statuses(caller, 6) == statuses
        assert (fault.seen, fault.hits) == (6, statuses.count(503))

    @pytest.mark.parametrize(
        ("kind", "method", "path"),
        [
            ("list", "GET", "/api/endpoints"),
            ("details", "GET", "/api/endpoints/llama3_chat"),
            ("validate_key", "GET", "/api/validate_key"),
            ("submit", "POST", "/api/call/llama3_chat"),
            ("submit", "POST", "/llama3_chat"),
            ("poll", "POST", "/api/progress/llama3_chat"),
            ("poll", "POST", "/llama3_chat/progress"),
            ("models", "GET", "/v1/models"),
            ("chat", "POST", "/v1/chat/completions"),
            ("unknown", "GET", "/a/b/c/d"),
        ],
    )
    def test_a_rule_may_be_for_one_kind_of_requests(self, caller, server, kind, method, path):
        fault = server.faults.add(Status(504), on=kind, times=None)
        caller.http.put("/api/endpoints")
        assert fault.seen == (kind == "unknown")
        assert caller.http.request(method, path).status_code == 504

    def test_a_rule_may_be_for_one_endpoint(self, caller, server):
        server.faults.add(Status(503), on="submit", endpoint="kimi_k2", times=None)
        assert caller.submit(endpoint=ENDPOINT).status_code == 200
        assert caller.submit(endpoint="kimi_k2").status_code == 503

    def test_polls_may_be_counted_for_each_job(self, caller, server):
        server.faults.add(Status(503), on="poll", nth=2, per_job=True)
        jobs = [caller.job(LONG), caller.job(LONG)]
        rounds = [[caller.poll(job).status_code for job in jobs] for _ in range(3)]
        assert rounds == [[200, 200], [503, 503], [200, 200]]

    def test_of_two_rules_that_strike_the_first_wins_and_both_count(self, caller, server):
        rules = [server.faults.add(Status(status)) for status in (502, 504)]
        assert self.statuses(caller, 2) == [502, 200]
        assert [(rule.seen, rule.hits) for rule in rules] == [(2, 1), (2, 0)]

    def test_a_part_may_be_drawn_by_lot_and_the_seed_says_which(self, caller, server):
        drawn = []
        for _ in range(2):
            server.faults.add_random(Status(503), rate=0.3, seed=7)
            drawn.append(self.statuses(caller, 50))
            server.faults.clear()
        assert drawn[0] == drawn[1]
        assert 5 < drawn[0].count(503) < 25

    def test_a_plan_may_be_made_before_the_server(self):
        plan = FaultPlan()
        plan.add(Status(503))
        with SandboxServer(faults=plan) as server:
            assert httpx.get(f"{server.url}/api/endpoints").status_code == 503

    def test_a_request_that_is_spared_streams_as_ever(self, caller, server):
        server.faults.add(Status(503), nth=2)
        asked = {
            "model": "llama3-chat",
            "stream": True,
            "messages": [{"role": "user", "content": "hi [[dur=5]]"}],
        }
        headers = {"authorization": "Bearer any"}
        began = time.monotonic()
        with caller.http.stream("POST", "/v1/chat/completions", json=asked, headers=headers) as got:
            next(got.iter_bytes())
            assert time.monotonic() - began < 2

    @pytest.mark.parametrize(
        ("effect", "rule", "reason"),
        [
            (QueueFull(), {"on": "poll"}, 'QueueFull is for on="submit" only.'),
            (Lapse(), {}, 'Lapse is for on="poll" only.'),
            (Cut(), {"nth": 0}, "count from 1"),
            (Cut(), {"on": "submit", "per_job": True}, "per_job is for"),
        ],
    )
    def test_a_rule_that_makes_no_sense_is_refused(self, effect, rule, reason):
        with pytest.raises(ValueError, match=reason):
            FaultPlan().add(effect, **rule)


class TestConnections:
    """Connections that are refused, broken, cut and slow."""

    def test_a_refused_one_is_reset_before_anything_is_read(self, caller, server):
        server.faults.refuse(times=2)
        before = server.hub.request_count
        for _ in range(2):
            # Where the client notices is a race: connecting, writing or reading.
            with pytest.raises(httpx.NetworkError):
                caller.list()
        assert server.hub.request_count == before
        assert caller.list().status_code == 200

    def test_a_part_of_them_may_be_refused(self, server):
        fault = server.faults.refuse_random(rate=0.5, seed=1)
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", server.port)):
                pass
        until(lambda: fault.seen == 20)
        assert 3 < fault.hits < 17

    def test_at_an_unserved_url_nobody_listens(self):
        with unserved_url() as url, pytest.raises(httpx.ConnectError):
            httpx.get(url)

    def test_a_reset_before_the_hub_makes_no_job(self, caller, server):
        server.faults.add(Reset(), on="submit")
        before = server.hub.jobs_submitted
        with pytest.raises(httpx.ReadError):
            caller.submit()
        assert server.hub.jobs_submitted == before

    def test_a_reset_after_the_hub_makes_the_job_and_loses_its_id(self, caller, server):
        server.faults.add(Reset(reached=True), on="submit")
        before = server.hub.jobs_submitted
        with pytest.raises(httpx.ReadError):
            caller.submit()
        assert server.hub.jobs_submitted == before + 1

    def test_a_reset_is_one_for_the_socket(self, server):
        server.faults.add(Reset())
        with socket.create_connection(("127.0.0.1", server.port)) as plain:
            plain.sendall(b"GET /api/endpoints HTTP/1.1\r\nhost: x\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                plain.recv(1)

    def test_a_cut_answer_announces_all_of_its_body_and_sends_half(self, server):
        whole = httpx.get(f"{server.url}/api/endpoints").content
        server.faults.add(Cut())
        with socket.create_connection(("127.0.0.1", server.port)) as plain:
            plain.sendall(b"GET /api/endpoints HTTP/1.1\r\nhost: x\r\n\r\n")
            head, _, body = b"".join(iter(lambda: plain.recv(65536), b"")).partition(b"\r\n\r\n")
        assert f"content-length: {len(whole)}".encode() in head
        assert body == whole[: len(whole) // 2]

    def test_a_cut_answer_is_an_error_to_a_client(self, caller, server):
        server.faults.add(Cut())
        with pytest.raises(httpx.RemoteProtocolError):
            caller.list()

    def test_a_delayed_answer_comes_late_and_the_hub_has_acted_at_once(self, caller, server):
        server.faults.add(Delay(30), on="submit")
        before = server.hub.jobs_submitted
        with pytest.raises(httpx.ReadTimeout):
            caller.http.post(
                f"/api/call/{ENDPOINT}", json={"key": "any", "prompt_input": "hi"}, timeout=0.2
            )
        assert server.hub.jobs_submitted == before + 1

    def test_a_delay_ends(self, caller, server):
        server.faults.add(Delay(0.1))
        began = time.monotonic()
        assert caller.list().status_code == 200
        assert 0.1 <= time.monotonic() - began < 1

    def test_a_stalled_answer_pauses_amid_its_body(self, caller, server):
        server.faults.add(Stall(0.1))
        with caller.http.stream("GET", "/api/endpoints") as got:
            pieces = [(time.monotonic(), piece) for piece in got.iter_raw()]
        assert pieces[-1][0] - pieces[0][0] > 0.08
        assert "endpoints" in json.loads(b"".join(piece for _, piece in pieces))

    def test_an_oversized_answer_is_valid_json(self, caller, server):
        server.faults.add(Oversized(3_000_000), on="list")
        answer = caller.list()
        assert len(answer.content) == 3_000_000
        assert "endpoints" in answer.json()

    def test_an_oversized_answer_need_not_announce_its_length(self, caller, server):
        server.faults.add(Oversized(3_000_000, announced=False), on="list")
        answer = caller.list()
        assert "content-length" not in answer.headers
        assert len(answer.content) == 3_000_000


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


class TestEditedAnswers:
    """Answers that are well-formed and yet not as expected."""

    def edited(self, caller, server, change, job_id=None):
        server.faults.add(Edit(change), on="poll")
        return caller.poll(job_id or caller.running_job()).json()

    def final(self, caller, server, change):
        return self.edited(caller, server, change, caller.ended_job())

    def test_a_state_nobody_knows(self, caller, server):
        assert (
            self.edited(caller, server, edits.put("job_state", "paused"))["job_state"] == "paused"
        )

    def test_a_field_left_out(self, caller, server):
        assert "ep_version" not in self.edited(caller, server, edits.drop("ep_version"))

    def test_fields_nobody_knows_everywhere(self, caller, server):
        answer = self.edited(caller, server, edits.unknown_fields)
        assert edits.UNKNOWN_FIELD in answer
        assert edits.UNKNOWN_FIELD in answer["progress"]
        assert edits.UNKNOWN_FIELD in answer["progress"]["progress_data"]

    def test_fields_nobody_knows_are_no_parameters(self, caller, server):
        server.faults.add(Edit(edits.unknown_fields), on="details")
        answer = caller.http.get("/api/endpoints/llama3_chat").json()["parameter_description"]
        assert edits.UNKNOWN_FIELD in answer
        assert edits.UNKNOWN_FIELD not in answer["input"]
        assert edits.UNKNOWN_FIELD not in answer["output"]
        assert edits.UNKNOWN_FIELD not in answer["progress"]["OUTPUTS"]
        assert edits.UNKNOWN_FIELD in answer["input"]["temperature"]

    def test_a_poll_without_progress(self, caller, server):
        assert "progress" not in self.edited(caller, server, edits.without_progress)

    @pytest.mark.parametrize("changes", [(), (edits.final_with_progress,)])
    def test_a_final_answer_without_and_with_progress(self, caller, server, changes):
        server.faults.add(Edit(*changes), on="final")
        answer = caller.poll(caller.ended_job()).json()
        assert "job_result" in answer
        assert ("progress" in answer) == bool(changes)

    @pytest.mark.parametrize("value", [None, "soon"])
    def test_progress_that_is_no_object(self, caller, server, value):
        assert self.edited(caller, server, edits.progress_block(value))["progress"] == value

    @pytest.mark.parametrize("value", [None, "37", 1e300])
    def test_figures_of_progress_that_are_odd(self, caller, server, value):
        answer = self.edited(caller, server, edits.progress_field("progress", value))
        assert answer["progress"]["progress"] == value

    def test_text_that_is_rewritten_at_one_step(self, caller, server):
        server.faults.add(Edit(edits.rewritten_text), on="poll", nth=2)
        job_id = caller.job("la " * 500 + "[[dur=10]]")
        texts = []
        for _ in range(3):
            time.sleep(0.06)
            texts.append(caller.poll(job_id).json()["progress"]["progress_data"]["text"])
        first, rewritten, third = texts
        assert not rewritten.startswith(first)
        assert not third.startswith(rewritten)
        assert third.startswith(first)

    def test_outputs_of_other_types(self, caller, server):
        result = self.final(caller, server, edits.wrong_types("text"))["job_result"]
        assert result["text"] == 5

    def test_all_outputs_of_other_types(self, caller, server):
        result = self.final(caller, server, edits.wrong_types())["job_result"]
        assert (result["text"], result["num_generated_tokens"]) == (5, "not what was declared")
        assert result["success"] is True

    def test_outputs_that_are_missing(self, caller, server):
        result = self.final(caller, server, edits.missing_outputs())["job_result"]
        assert result.keys() == {"success", "job_id", "ep_version"}

    def test_outputs_that_nobody_declared(self, caller, server):
        result = self.final(caller, server, edits.extra_outputs(mood="good"))["job_result"]
        assert result["mood"] == "good"

    def test_several_changes_at_once(self, caller, server):
        server.faults.add(Edit(edits.without_progress, edits.put("a", 1)), on="poll")
        answer = caller.poll(caller.running_job()).json()
        assert ("progress" in answer, answer["a"]) == (False, 1)

    @pytest.mark.parametrize("counted", [True, False])
    def test_job_ids_in_both_forms(self, counted):
        settings = HubSettings(counted_job_ids=counted)
        with SandboxServer(settings=settings) as server, Caller(server) as caller:
            assert ("#" in caller.job()) == counted


class TestWhatTestsCanCount:
    """Connections and polls."""

    def test_one_connection_serves_one_caller(self, server):
        made, opened = server.connections_made, server.connections_open
        with Caller(server) as caller:
            for _ in range(5):
                caller.list()
            assert server.connections_made == made + 1
            assert server.connections_open == opened + 1
        until(lambda: server.connections_open == opened)

    def test_polls_are_counted_for_each_job(self, caller, server):
        first, second = caller.running_job(), caller.running_job()
        for job_id in (first, second, first):
            caller.poll(job_id)
        assert (server.hub.polls.by_job[first], server.hub.polls.by_job[second]) == (2, 1)

    def test_polls_of_one_job_that_overlap_are_recorded(self):
        with SandboxServer() as server, Caller(server) as first, Caller(server) as second:
            server.faults.add(Delay(0.3), on="poll")
            job_id = first.job(LONG)
            late = threading.Thread(target=first.poll, args=(job_id,))
            late.start()
            until(lambda: server.hub.polls.by_job[job_id] == 1)
            second.poll(job_id)
            late.join()
            assert server.hub.overlapping_polls == [job_id]
            assert server.hub.polls.most_at_once == 2

    def test_a_poll_that_was_given_up_overlaps_with_nothing(self):
        with SandboxServer() as server, Caller(server) as caller:
            server.faults.add(Delay(30), on="poll")
            job_id = caller.job(LONG)
            path, payload = f"/api/progress/{ENDPOINT}", {"key": "any", "job_id": job_id}
            with pytest.raises(httpx.ReadTimeout):
                caller.http.post(path, json=payload, timeout=0.05)
            caller.poll(job_id)
            assert server.hub.overlapping_polls == []
            assert server.hub.polls.most_at_once == 1


class TestStopping:
    """The end of a server that is in the midst of misbehaving."""

    def test_it_is_quick_and_quiet_whatever_goes_on(self):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-X", "dev", "-c", STOPPED_AMID_FAULTS],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert float(done.stdout) < 1

    def test_it_can_start_again_at_the_same_place(self):
        server = SandboxServer()
        with server:
            url = server.url
        with server:
            assert server.url == url
            assert httpx.get(f"{url}/api/endpoints").status_code == 200


def until(condition):
    """Wait for what the server notices a moment later."""
    deadline = time.monotonic() + 2
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)
