"""A hub that means ill: it sends the key elsewhere, answers without an end, or one byte at a time."""

import base64
import gzip
import json
import os
import time
import tracemalloc
import zlib

import pytest
from aki_client import (
    BadRequestError,
    ConnectionFailedError,
    DeadlineExceededError,
    InvalidParametersError,
    JobLapsedError,
    JobUnknownError,
    StatusError,
    UnexpectedAnswerError,
)
from aki_sandbox.faults.effects import Oversized, Redirect
from aki_sandbox.server import SandboxServer
from faults.modes import KEY
from faults.plain_server import PlainServer, head
from faults.table.case import LONG, SHORT

LIMIT = "aki_runtime.http.exchange.MAX_ANSWER_BYTES"
MEGABYTE = 1 << 20


@pytest.mark.usefixtures("short_cancelling")
@pytest.mark.parametrize("on", ["submit", "poll", "list"])
def test_the_key_is_never_sent_on_to_another_host(mode, hub, on):
    with SandboxServer() as elsewhere, mode.client(hub.url) as aki:
        # Polls are sent again, and so is the cancelling.
        for status in (302, 308) if on == "poll" else (301, 302, 303, 307, 308):
            hub.faults.clear()
            hub.faults.add(Redirect(elsewhere.url, status), on=on, times=None)
            chat = aki.llama3_8b_chat.with_options(timeout=1.0)
            with pytest.raises((StatusError, DeadlineExceededError), match=str(status)):
                mode.wait(aki.endpoints() if on == "list" else chat(prompt_input=LONG))
        assert (elsewhere.connections.made, elsewhere.hub.request_count) == (0, 0)


@pytest.mark.usefixtures("short_cancelling")
@pytest.mark.parametrize("announced", [True, False])
def test_an_answer_beyond_the_limit_is_refused(mode, hub, monkeypatch, announced):
    monkeypatch.setattr(LIMIT, MEGABYTE)
    hub.faults.add(Oversized(2 * MEGABYTE, announced=announced), on="poll", times=None)
    with (
        mode.client(hub.url, timeout=1.0) as aki,
        pytest.raises(DeadlineExceededError, match="longer than 1,048,576 bytes"),
    ):
        mode.wait(aki.llama3_8b_chat(prompt_input=LONG))


def test_an_answer_as_long_as_the_limit_is_taken(mode, hub, monkeypatch):
    monkeypatch.setattr(LIMIT, MEGABYTE)
    hub.faults.add(Oversized(MEGABYTE), on="poll", times=None)
    with mode.client(hub.url) as aki:
        assert "joke" in mode.wait(aki.llama3_8b_chat(prompt_input=SHORT)).text


def test_no_answer_is_asked_for_in_a_form_that_may_explode(mode, hub):
    with (
        PlainServer(lambda connection, _: connection.sendall(head("503 No"))) as server,
        mode.client(server.url) as aki,
        pytest.raises(StatusError, match="503"),
    ):
        mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
    assert b"accept-encoding: identity\r\n" in server.requests[0].lower()


def test_a_small_answer_that_explodes_is_refused_before_it_fills_the_memory(mode, monkeypatch):
    monkeypatch.setattr(LIMIT, MEGABYTE)
    bomb = gzip.compress(bytes(400 * MEGABYTE))

    def answer(connection, request):
        connection.sendall(head("200 OK", content_encoding="gzip", content_length=len(bomb)) + bomb)

    with PlainServer(answer) as server, mode.client(server.url) as aki:
        tracemalloc.start()
        try:
            with pytest.raises(UnexpectedAnswerError, match="longer than"):
                mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
            assert tracemalloc.get_traced_memory()[1] < 200 * MEGABYTE
        finally:
            tracemalloc.stop()


@pytest.mark.usefixtures("short_cancelling")
def test_an_answer_that_comes_byte_by_byte_ends_with_the_deadline(mode):
    assert_deadline_ends_drops(mode, head("200 OK", content_length=10_000), b" ")


@pytest.mark.usefixtures("short_cancelling")
@pytest.mark.parametrize(
    "drop", [b"y", b"\r\nHTTP/1.1 100 Continue\r\n\r\n"], ids=["byte", "continue"]
)
def test_a_header_without_an_end_ends_with_the_deadline(mode, drop):
    assert_deadline_ends_drops(mode, b"HTTP/1.1 100 Continue\r\nx: ", drop)


def assert_deadline_ends_drops(mode, start, drop):
    def drip(connection, request):
        if b"/progress/" not in request:
            body = b'{"success": true, "job_id": "a-job"}'
            connection.sendall(head("200 OK", content_length=len(body), connection="close") + body)
            return
        connection.sendall(start)
        for _ in range(1_200):  # a minute
            connection.sendall(drop)
            time.sleep(0.05)

    with PlainServer(drip) as server, mode.client(server.url) as aki:
        began = time.monotonic()
        with pytest.raises(DeadlineExceededError):
            mode.wait(aki.llama3_8b_chat.with_options(timeout=1.0)(prompt_input=SHORT))
        assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        head("200 OK", content_encoding="gzip", content_length=5) + b"never",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20_000,
    ],
)
def test_what_is_no_http_is_a_connection_that_failed(mode, answer):
    with (
        PlainServer(lambda connection, _: connection.sendall(answer)) as server,
        mode.client(server.url) as aki,
        pytest.raises(ConnectionFailedError),
    ):
        mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
    assert len(server.requests) == 1


def test_an_error_that_repeats_the_request_shows_no_key(mode):
    def echo(connection, request):
        body = f"<html><title>No entry for {KEY}</title></html>".encode()
        connection.sendall(head("403 Forbidden", content_length=len(body)) + body)

    with (
        PlainServer(echo) as server,
        mode.client(server.url) as aki,
        pytest.raises(StatusError, match=r"No entry for \*\*\*") as caught,
    ):
        mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
    assert KEY not in repr(vars(caught.value))


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip, identity"])
def test_an_answer_that_is_compressed_in_another_way_is_refused_unread(mode, encoding):
    bomb = gzip.compress(gzip.compress(bytes(60 * MEGABYTE)))

    def answer(connection, request):
        connection.sendall(
            head("200 OK", content_encoding=encoding, content_length=len(bomb)) + bomb
        )

    with PlainServer(answer) as server, mode.client(server.url) as aki:
        tracemalloc.start()
        try:
            with pytest.raises(UnexpectedAnswerError, match="compressed as"):
                mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
            assert tracemalloc.get_traced_memory()[1] < 20 * MEGABYTE
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    "compress", [gzip.compress, zlib.compress, lambda data: gzip.compress(data, 0)]
)
def test_an_answer_that_a_proxy_has_compressed_is_read(mode, compress):
    # Two megabytes that cannot be made any smaller.
    text = base64.b64encode(os.urandom(2 * MEGABYTE)).decode()
    done = {"success": True, "job_state": "done", "job_result": {"text": text}}

    def answer(connection, request):
        body = done if b"/progress/" in request else {"success": True, "job_id": "a-job"}
        sent = compress(json.dumps(body).encode())
        connection.sendall(
            head(
                "200 OK",
                content_encoding="deflate" if compress is zlib.compress else "gzip",
                content_length=len(sent),
                connection="close",
            )
            + sent
        )

    with PlainServer(answer) as server, mode.client(server.url) as aki:
        assert mode.wait(aki.llama3_8b_chat(prompt_input=SHORT)).text == text


ENDLESS = (
    [" " * 8_000] * 500,
    [f"word-{number}" for number in range(300_000)],
    "of no use " * 500_000,
    {f"name-{number}": number for number in range(100_000)},
    "<html>" + "<script" * 100_000,
)


@pytest.mark.parametrize("on", ["/call/", "/progress/"])
def test_a_reason_without_end_costs_little_and_is_not_said_whole(mode, on):
    for error in ENDLESS:
        assert_said_in_short(mode, error, on)


def assert_said_in_short(mode, error, on):
    def answer(connection, request):
        body = {"success": True, "job_id": "a-job"}
        if on.encode() in request:
            body = {"success": False, "error": error, "job_state": "lapsed"}
        connection.sendall(
            head("400 Bad" if on.encode() in request else "200 OK", connection="close")
        )
        connection.sendall(json.dumps(body).encode())

    with PlainServer(answer) as server, mode.client(server.url) as aki:
        began = time.process_time()
        with pytest.raises((InvalidParametersError, BadRequestError, JobLapsedError)) as caught:
            mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
        assert time.process_time() - began < 10
    assert len(str(caught.value)) <= 10_000
    assert sum(map(len, caught.value.hub_messages)) <= 10_000


def test_a_job_id_of_a_megabyte_is_not_said_whole(mode):
    job_id = "secret-" * 150_000

    def answer(connection, request):
        is_poll = b"/progress/" in request
        body = {"success": True, "job_id": job_id}
        if is_poll:
            body = {"success": False, "error": f"Client has no active request with {job_id}"}
        sent = json.dumps(body).encode()
        connection.sendall(head("402 No" if is_poll else "200 OK", content_length=len(sent)) + sent)

    with PlainServer(answer) as server, mode.client(server.url) as aki:
        with pytest.raises(JobUnknownError) as caught:
            mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
        assert caught.value.job_id == job_id
    shown = str(caught.value) + "".join(caught.value.hub_messages)
    assert "secret-secret" not in shown


def test_a_long_reason_is_said_with_its_end(mode):
    reason = "ffmpeg version 6.1 " + "built with gcc " * 2_000 + "moov atom not found"

    def answer(connection, request):
        body = json.dumps({"success": False, "error": [reason]}).encode()
        connection.sendall(head("400 Bad", content_length=len(body)) + body)

    with (
        PlainServer(answer) as server,
        mode.client(server.url) as aki,
        pytest.raises(InvalidParametersError, match=r"ffmpeg version .* moov atom not found$"),
    ):
        mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))


def test_a_result_with_a_number_too_long_for_python_is_not_lost(mode):
    def answer(connection, request):
        is_poll = b"/progress/" in request
        result = b'{"text": "paid", "odd": ' + b"9" * 6_000 + b"}"
        body = b'{"job_id": "a-job", "job_state": "done", "job_result": ' + result + b"}"
        sent = body if is_poll else b'{"success": true, "job_id": "a-job"}'
        connection.sendall(head("200 OK", content_length=len(sent)) + sent)

    with PlainServer(answer) as server, mode.client(server.url) as aki:
        assert mode.wait(aki.llama3_8b_chat(prompt_input=SHORT)).text == "paid"


def test_a_result_with_a_byte_that_is_not_utf_8_is_not_lost(mode):
    def answer(connection, request):
        is_poll = b"/progress/" in request
        body = b'{"job_id": "a-job", "job_state": "done", "job_result": {"text": "paid \xff"}}'
        sent = body if is_poll else b'{"success": true, "job_id": "a-job"}'
        connection.sendall(head("200 OK", content_length=len(sent)) + sent)

    with PlainServer(answer) as server, mode.client(server.url) as aki:
        assert mode.wait(aki.llama3_8b_chat(prompt_input=SHORT)).text == "paid \ufffd"
