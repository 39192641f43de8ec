"""The sandbox as a server: for the length of a block, and in the foreground."""

import socket
import subprocess
import sys
import threading
from signal import SIGINT

import httpx
import pytest
from aki_sandbox.catalogue import CatalogueError
from aki_sandbox.server import PortTakenError, SandboxServer, run

CALL = {"key": "any", "prompt_input": "hi", "wait_for_result": False}


class TestServer:
    """The server as a context manager and in the foreground."""

    def test_requests_and_jobs_are_counted(self):
        with SandboxServer() as server, httpx.Client(base_url=server.url) as client:
            client.post("/api/call/llama3_chat", json=CALL)
            client.get("/api/endpoints")
            assert server.hub.jobs_submitted == 1
            assert [(seen.method, seen.path) for seen in server.hub.requests] == [
                ("POST", "/api/call/llama3_chat"),
                ("GET", "/api/endpoints"),
            ]

    def test_an_interceptor_sees_every_request_first(self):
        seen = []

        async def intercept(app, scope, receive, send):
            seen.append(scope["path"])
            if scope["path"] == "/api/endpoints":
                await app(scope, receive, send)
            else:
                await send({"type": "http.response.start", "status": 502, "headers": []})
                await send({"type": "http.response.body", "body": b"<html>"})

        with SandboxServer() as server, httpx.Client(base_url=server.url) as client:
            server.app.interceptor = intercept
            statuses = [client.get(p).status_code for p in ("/api/endpoints", "/api/validate_key")]
        assert statuses == [200, 502]
        assert seen == ["/api/endpoints", "/api/validate_key"]

    def test_nothing_is_left_after_the_stop(self):
        before = set(threading.enumerate())
        with SandboxServer() as server:
            assert httpx.get(f"{server.url}/api/endpoints").status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.url}/api/endpoints")
        assert set(threading.enumerate()) == before

    def test_a_taken_port_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            with pytest.raises(PortTakenError, match=f"Port {port} "), SandboxServer(port=port):
                pass

    def test_a_catalogue_may_be_a_folder(self, tmp_path):
        with pytest.raises(CatalogueError, match="holds no endpoint"):
            SandboxServer(catalogue=tmp_path)

    def test_the_foreground_refuses_a_bad_catalogue_before_it_listens(self, tmp_path):
        with pytest.raises(CatalogueError, match="holds no endpoint"):
            run(0, tmp_path)

    def test_the_foreground_says_how_to_use_it_and_ends_on_interrupt(self):
        code = "from aki_sandbox.server import run; run(0)"
        with subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                hello = [process.stdout.readline() for _ in range(4)]
                url = hello[0].partition(" at ")[2].split()[0]
                assert hello[3] == f"    export AKI_API_SERVER={url} AKI_API_KEY=any\n"
                assert httpx.get(f"{url}/api/endpoints").status_code == 200
                process.send_signal(SIGINT)
                _, errors = process.communicate(timeout=120)
            finally:
                process.kill()
        assert (process.returncode, errors) == (0, "")
