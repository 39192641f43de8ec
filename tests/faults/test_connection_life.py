"""Connections over their life: how old one may be, what may be left on it, how slowly bytes may pass over it."""

import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import httpx2
import pytest
from aki_client import AkiError, AsyncAki, DeadlineExceededError, fast_http_client
from aki_sandbox.web.connections import unserved_url
from faults.modes import KEY, Mode
from faults.plain_server import PlainServer, head
from faults.table.case import SHORT

JOB = {"success": True, "job_id": "a-job"}
DONE = {"success": True, "job_state": "done", "job_id": "a-job", "job_result": {"text": "mine"}}
OTHER = {"success": True, "job_state": "done", "job_result": {"text": "somebody else's"}}
IDLE = "aki_runtime.http.connection.IDLE_SECONDS"
SUBMIT_IDLE = "aki_runtime.http.connection.SUBMIT_IDLE_SECONDS"
SILENCE = "aki_runtime.http.exchange.SILENCE_SECONDS"


class Hub(BaseHTTPRequestHandler):
    """Keeps its connections open; `answer` gives the bytes of an answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.client_address, self.path, json.loads(body)))
        self.wfile.write(self.server.answer(self, len(self.server.asked)))
        self.wfile.flush()

    def do_GET(self):
        self.server.asked.append((self.client_address, self.path, {}))
        self.wfile.write(whole({"endpoints": []}))

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def hub_that_answers(answer, tls=None):
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.answer, server.asked = answer, []
        server.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def whole(document):
    body = json.dumps(document).encode()
    return head("200 OK", content_length=len(body)) + body


def chunked(document):
    body = json.dumps(document).encode()
    return head("200 OK", transfer_encoding="chunked") + b"%x\r\n%s\r\n0\r\n\r\n" % (
        len(body),
        body,
    )


def usual(hub, number):
    return whole(DONE if "/progress/" in hub.path else JOB)


def connections(server, route=""):
    return [address for address, path, _ in server.asked if route in path]


@pytest.mark.parametrize("form", [whole, chunked])
class TestBytesLeft:
    """An answer that nobody asked for."""

    def test_a_second_answer_on_the_connection_is_not_read_as_the_next_one(self, mode, form):
        opened = []
        for at_once, later in (
            (form(OTHER), b""),
            (form(OTHER)[:20], b""),
            (b"", form(OTHER)),  # while the connection is idle
        ):

            def answer(hub, number, at_once=at_once):
                opened.append(hub.connection)
                return form(JOB) + at_once if "/call/" in hub.path else form(DONE)

            with hub_that_answers(answer) as server, mode.client(server.url) as aki:
                job = mode.wait(aki.llama3_8b_chat.submit(prompt_input=SHORT))
                if later:
                    opened[-1].sendall(later)
                assert mode.wait(job.result()).text == "mine"
                assert len(set(connections(server))) == 2

    def test_a_connection_without_bytes_left_is_used_again(self, mode, form, monkeypatch):
        monkeypatch.setattr(SUBMIT_IDLE, 60)

        def answer(hub, number):
            return form(DONE if "/progress/" in hub.path else JOB)

        with hub_that_answers(answer) as server, mode.client(server.url) as aki:
            for _ in range(3):
                mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
            assert len(set(connections(server))) == 1

    def test_it_is_not_read_with_a_caller_s_own_client_either(self, mode, form):
        def answer(hub, number):
            return form(JOB) + form(OTHER) if "/call/" in hub.path else form(DONE)

        make = httpx2.AsyncClient if mode.is_async else httpx2.Client
        with (
            hub_that_answers(answer) as server,
            mode.using(make()) as http,
            mode.client(server.url, http_client=http) as aki,
        ):
            assert mode.wait(aki.llama3_8b_chat(prompt_input=SHORT)).text == "mine"


@pytest.mark.skipif(not hasattr(socket, "TCP_CORK"), reason="only Linux holds packets back")
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
@pytest.mark.parametrize("mode", ["async"], indirect=True)
def test_a_second_answer_that_was_read_ahead_with_the_first_is_not_the_next_one(mode, tmp_path):
    pem = tmp_path / "hub.pem"
    make_it = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=hub -keyout {0} -out {0}2"
    )
    subprocess.run(make_it.format(pem).split(), check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(f"{pem}2", pem)

    def answer(hub, number):
        if "/call/" in hub.path:
            return whole(JOB)
        # Two records in one packet: the client's memory holds the second while the socket is empty.
        hub.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        hub.wfile.write(whole(DONE))
        return whole({**JOB, "job_id": "somebody-else-s"})

    with (
        hub_that_answers(answer, tls) as server,
        mode.using(httpx2.AsyncClient(verify=False)) as http,
        mode.client(server.url, http_client=http) as aki,
    ):
        chat = aki.llama3_8b_chat.with_options(timeout=20)
        for _ in range(2):
            assert mode.wait(chat(prompt_input=SHORT)).text == "mine"
        assert {body.get("job_id") for _, _, body in server.asked} == {None, "a-job"}


def test_a_connection_that_the_hub_has_closed_without_a_word_is_not_used(mode):
    def answer(hub, number):
        hub.close_connection = True
        return usual(hub, number)

    failed = []
    with hub_that_answers(answer) as server, mode.client(server.url, on_retry=failed.append) as aki:
        for _ in range(2):
            mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
            time.sleep(0.3)  # so that the end of the connection has arrived
    assert failed == []
    assert len(connections(server, "/call/")) == 2


def test_a_caller_s_own_request_takes_no_connection_that_the_hub_has_closed(mode):
    def answer(hub, number):
        hub.close_connection = True
        return usual(hub, number)

    make = httpx2.AsyncClient if mode.is_async else httpx2.Client
    with (
        hub_that_answers(answer) as server,
        mode.using(make()) as http,
        mode.client(server.url, http_client=http) as aki,
    ):
        mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
        time.sleep(0.3)  # so that the end of the connection has arrived
        assert mode.wait(http.get(server.url)).status_code == 200


class TestAge:
    """How long an idle connection is trusted."""

    def test_a_submit_takes_no_connection_that_was_idle_for_two_seconds(self, mode):
        with hub_that_answers(usual) as server, mode.client(server.url) as aki:
            mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
            time.sleep(2.0)
            mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
            assert len(set(connections(server, "/call/"))) == 2

    def test_a_submit_takes_a_warm_connection(self, mode, monkeypatch):
        monkeypatch.setattr(SUBMIT_IDLE, 60)
        with hub_that_answers(usual) as server, mode.client(server.url) as aki:
            for _ in range(2):
                mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
            assert len(set(connections(server))) == 1

    def test_a_poll_takes_no_connection_that_was_idle_for_longer_than_the_limit(
        self, mode, monkeypatch
    ):
        monkeypatch.setattr(IDLE, 0.2)
        with hub_that_answers(usual) as server, mode.client(server.url) as aki:
            job = mode.wait(aki.llama3_8b_chat.submit(prompt_input=SHORT))
            time.sleep(0.4)
            assert mode.wait(job.result()).text == "mine"
            assert len(set(connections(server))) == 2

    def test_a_caller_s_own_client_submits_on_no_stale_connection_either(self, mode, monkeypatch):
        monkeypatch.setattr(SUBMIT_IDLE, 0.2)
        make = httpx.AsyncClient if mode.is_async else httpx.Client
        limits = httpx.Limits(keepalive_expiry=None)
        with (
            hub_that_answers(usual) as server,
            mode.using(make(limits=limits)) as http,
            mode.client(server.url, http_client=http) as aki,
        ):
            mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
            time.sleep(0.4)
            mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
            assert len(set(connections(server, "/call/"))) == 2


class TestSilenceAndProgress:
    """Silence is bounded, progress is not."""

    def test_an_answer_that_takes_longer_than_the_limit_on_silence_arrives(self, mode, monkeypatch):
        monkeypatch.setattr(SILENCE, 1.2)

        def slowly(connection, request):
            document = DONE if b"/progress/" in request else JOB
            body = json.dumps(document).encode()
            connection.sendall(head("200 OK", content_length=len(body), connection="close"))
            for byte in body:
                connection.sendall(bytes([byte]))
                time.sleep(0.03)

        with PlainServer(slowly) as server, mode.client(server.url) as aki:
            began = time.monotonic()
            assert mode.wait(aki.llama3_8b_chat(prompt_input=SHORT)).text == "mine"
            assert time.monotonic() - began > 2 * 1.2

    def test_an_upload_that_takes_longer_than_the_limit_on_silence_arrives(self, mode, monkeypatch):
        monkeypatch.setattr(SILENCE, 1.2)
        with slow_reader(2_000_000, 2.0) as (url, seen), mode.client(url) as aki:
            job = mode.wait(aki.llama3_8b_chat.submit(prompt_input="x" * 12_000_000))
        assert job.id == "a-job"
        assert seen["seconds"] > 1.5

    def test_an_upload_that_the_system_still_sends_after_the_last_write_is_no_silence(
        self, mode, monkeypatch
    ):
        monkeypatch.setattr(SILENCE, 0.3)

        def late(connection, request):
            time.sleep(
                1.5
            )  # nothing is read meanwhile: all of it lies in the buffers of the system
            body = json.dumps(JOB).encode()
            while not request.endswith(b"}"):
                request = connection.recv(65_536)
            connection.sendall(head("200 OK", content_length=len(body), connection="close") + body)

        with PlainServer(late) as server, mode.client(server.url) as aki:
            job = mode.wait(aki.llama3_8b_chat.submit(prompt_input="x" * 150_000))
        assert job.id == "a-job"

    def test_silence_is_given_up(self, mode, monkeypatch):
        monkeypatch.setattr(SILENCE, 0.3)
        left = threading.Event()
        with (
            PlainServer(lambda connection, _: left.wait(60)) as server,
            mode.client(server.url) as aki,
        ):
            with pytest.raises(AkiError, match="was silent for too long; the job may or may not"):
                mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
            left.set()

    @pytest.mark.slow
    def test_an_answer_of_more_than_a_minute_arrives(self, mode):
        def slowly(connection, request):
            document = DONE if b"/progress/" in request else JOB
            body = json.dumps(document).encode().ljust(640 if document is DONE else 1)
            connection.sendall(head("200 OK", content_length=len(body), connection="close"))
            for start in range(0, len(body), 10):
                connection.sendall(body[start : start + 10])
                if document is DONE:
                    time.sleep(1)

        with PlainServer(slowly) as server, mode.client(server.url) as aki:
            assert mode.wait(aki.llama3_8b_chat(prompt_input=SHORT)).text == "mine"

    @pytest.mark.parametrize("own", [False, True])
    def test_a_hub_that_reads_slowly_does_not_stretch_a_deadline(self, mode, own):
        make = httpx2.AsyncClient if mode.is_async else httpx2.Client
        with slow_reader(2_000_000, 240.0) as (url, _), mode.using(make()) as http:
            given = {"http_client": http} if own else {}
            with mode.client(url, timeout=1.0, **given) as aki:
                text = "x" * 50_000_000
                began = time.monotonic()
                with pytest.raises(DeadlineExceededError, match="no job was made"):
                    mode.wait(aki.llama3_8b_chat(prompt_input=text))
                assert time.monotonic() - began < 15  # it would read for 25 seconds


@contextmanager
def slow_reader(bytes_per_second, most):
    """A hub that reads a request of so many bytes a second, for so long, and then quickly."""
    seen, left = {}, threading.Event()

    def read(connection, first):
        began, announced = time.monotonic(), first.lower().partition(b"content-length: ")[2]
        length = int(announced.partition(b"\r\n")[0])
        start = first.index(b"\r\n\r\n") + 4
        came = len(first) - start
        while came < length:
            piece = connection.recv(65_536)
            if not piece:
                return
            came += len(piece)
            if time.monotonic() - began < most:
                left.wait(len(piece) / bytes_per_second)
        seen["seconds"] = time.monotonic() - began
        connection.sendall(
            head("200 OK", content_length=len(json.dumps(JOB)), connection="close")
            + json.dumps(JOB).encode()
        )

    server = PlainServer(read)
    server._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    with server:
        try:
            yield server.url, seen
        finally:
            left.set()


class TestLargeBodies:
    """A body that is sent in pieces, by every kind of client."""

    def test_a_caller_s_own_client_sends_them(self):
        pytest.importorskip("httpx_aiohttp", reason="needs the extra `fast`")
        for name, make in (
            ("sync", httpx.Client),
            ("sync", httpx2.Client),
            ("async", httpx.AsyncClient),
            ("async", httpx2.AsyncClient),
            ("async", fast_http_client),
        ):
            with (
                Mode(name) as mode,
                hub_that_answers(usual) as server,
                mode.using(make()) as http,
                mode.client(server.url, http_client=http) as aki,
            ):
                mode.wait(aki.llama3_8b_chat(prompt_input="x" * 3_000_000))
            assert len(server.asked[0][2]["prompt_input"]) == 3_000_000

    @pytest.mark.parametrize("make", [httpx.AsyncClient, httpx2.AsyncClient, fast_http_client])
    @pytest.mark.parametrize("mode", ["async"], indirect=True)
    def test_a_caller_s_own_async_client_sends_a_large_picture(self, mode, make):
        pytest.importorskip("httpx_aiohttp", reason="needs the extra `fast`")
        picture = b"\x89PNG\r\n\x1a\n" + bytes(1 << 20)
        with (
            hub_that_answers(usual) as server,
            mode.using(make()) as http,
            mode.client(server.url, http_client=http) as aki,
        ):
            mode.wait(aki.qwen_image_edit.submit(prompt="brighter", image=picture))
        assert len(server.asked[0][2]["image"]) > 1 << 20


@pytest.mark.parametrize("own", [False, True])
def test_a_small_request_comes_in_one_piece(mode, own):
    make = httpx2.AsyncClient if mode.is_async else httpx2.Client
    with PlainServer(lambda connection, _: None) as server, mode.using(make()) as http:
        given = {"http_client": http} if own else {}
        with mode.client(server.url, **given) as aki, pytest.raises(AkiError):
            mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
    assert server.requests[0].endswith(b"}")


class TestTheFastClient:
    """aiohttp calls every failure one of connecting; what was sent is uncertain all the same."""

    @pytest.fixture(autouse=True)
    def _async_only(self, mode):
        pytest.importorskip("httpx_aiohttp", reason="needs the extra `fast`")
        if not mode.is_async:
            pytest.skip("it is async")

    def submit(self, mode, url):
        with (
            mode.using(fast_http_client()) as http,
            mode.using(AsyncAki(KEY, api_server=url, http_client=http)) as aki,
        ):
            mode.wait(aki.llama3_8b_chat.submit(prompt_input=SHORT))

    def test_a_submit_whose_connection_breaks_is_uncertain_and_sent_once(self, mode):
        with PlainServer(lambda connection, _: connection.close()) as server:
            with pytest.raises(AkiError, match="may or may not have been made") as caught:
                self.submit(mode, server.url)
            assert caught.value.sent
            assert len(server.requests) == 1

    def test_a_hub_that_does_not_listen_was_sent_nothing(self, mode):
        with unserved_url() as url, pytest.raises(AkiError, match="could not connect") as caught:
            self.submit(mode, url)
        assert not caught.value.sent


def test_cookies_are_kept_per_client(mode):
    seen = []

    def answer(hub, number):
        seen.append(hub.headers.get("Cookie"))
        return usual(hub, number).replace(b"\r\n", b"\r\nSet-Cookie: route=w7; Path=/\r\n", 1)

    with hub_that_answers(answer) as server:
        for _ in range(2):
            with mode.client(server.url) as aki:
                mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
    assert seen == [None, "route=w7"] * 2
