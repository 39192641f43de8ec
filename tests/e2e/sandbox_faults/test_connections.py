"""Connections that are refused, broken, cut and slow, over a real socket."""

import json
import socket
import time

import httpx
import pytest
from aki_sandbox.faults.effects import Cut, Delay, Oversized, Reset, Stall
from aki_sandbox.web.connections import unserved_url
from e2e.sandbox_faults.caller import ENDPOINT
from support.patience import until


class TestConnections:
    """Connections that are refused, broken, cut and slow."""

    def test_a_refused_one_is_reset_before_anything_is_read(self, caller, server):
        server.faults.refuse(times=2)
        before = server.hub.request_count
        for _ in range(2):
            # Where the client notices is a race: connecting, writing or reading. A write that meets the
            # reset takes the error with it, and the read after it sees an end.
            with pytest.raises((httpx.NetworkError, httpx.RemoteProtocolError)):
                caller.list()
        assert server.hub.request_count == before
        assert caller.list().status_code == 200

    def test_a_part_of_them_may_be_refused(self, server):
        fault = server.faults.refuse_random(rate=0.5, seed=1)
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", server.port)):
                pass
        until(lambda: fault.seen == 20, "all have come")
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
        until(lambda: server.hub.jobs_submitted == before + 1, "the job is made")

    def test_a_delay_ends(self, caller, server):
        server.faults.add(Delay(0.1))
        began = time.monotonic()
        assert caller.list().status_code == 200
        assert time.monotonic() - began >= 0.1

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
