"""Connections: how many, over which library, through which proxy, and that a caller's own client is used as it is."""

import asyncio
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from aki_client import Aki, AsyncAki, ConfigurationError, ConnectionFailedError, fast_http_client
from aki_sandbox.faults.effects import Compressed, Reset
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from aki_sandbox.web.connections import unserved_url
from support.patience import soon

KEY = "test-key"
LIBRARIES = ["httpx", "httpx2"]
"""httpx and its successor, which need not be installed."""
SHORT = {"prompt_input": "Hello [[dur=0.2 steps=4]]"}


@pytest.fixture
def hub():
    with SandboxServer(settings=HubSettings(job_seconds=0.02, worker_slots=200)) as server:
        yield server


def chat(aki):
    return aki.llama3_8b_chat(**SHORT).text


async def chat_async(aki):
    return (await aki.llama3_8b_chat(**SHORT)).text


class TestOwnConnections:
    """Where the caller hands in no client."""

    def test_one_job_takes_one_connection(self, hub):
        with Aki(KEY, api_server=hub.url) as aki:
            chat(aki)
        assert hub.connections_made == 1

    def test_a_hundred_jobs_in_sequence_take_one_connection(self, hub):
        with Aki(KEY, api_server=hub.url) as aki:
            for _ in range(100):
                aki.llama3_8b_chat(prompt_input="Hello [[dur=0 steps=1]]")
        assert hub.connections_made == 1

    def test_async_jobs_in_sequence_take_one_connection(self, hub):
        async def main():
            async with AsyncAki(KEY, api_server=hub.url) as aki:
                for _ in range(20):
                    await aki.llama3_8b_chat(prompt_input="Hello [[dur=0 steps=1]]")

        asyncio.run(main())
        assert hub.connections_made == 1

    def test_jobs_at_a_time_never_take_more_connections_than_the_limit(self, hub):
        async def main():
            async with AsyncAki(KEY, api_server=hub.url) as aki:
                await asyncio.gather(*(chat_async(aki) for _ in range(150)))
                assert hub.connections_open <= 100

        asyncio.run(main())
        assert hub.connections_made <= 100

    def test_a_broken_connection_is_replaced(self, hub):
        hub.faults.add(Reset(), on="poll", times=2)
        with Aki(KEY, api_server=hub.url) as aki:
            assert "Hello" in chat(aki)
        assert hub.connections_made == 3

    def test_all_are_closed_with_the_client(self, hub):
        with Aki(KEY, api_server=hub.url) as aki:
            chat(aki)
            assert hub.connections_open == 1
        assert soon(lambda: hub.connections_open == 0)

    def test_a_client_can_be_used_again_after_it_was_closed(self, hub):
        aki = Aki(KEY, api_server=hub.url)
        for _ in range(2):
            assert "Hello" in chat(aki)
            aki.close()

    def test_an_answer_that_is_compressed_though_nobody_asked_is_read(self, hub):
        hub.faults.add(Compressed(), times=None)
        with Aki(KEY, api_server=hub.url) as aki:
            assert "Hello" in chat(aki)

        async def main():
            async with AsyncAki(KEY, api_server=hub.url) as aki:
                return await chat_async(aki)

        assert "Hello" in asyncio.run(main())


@pytest.fixture(params=LIBRARIES)
def library(request):
    return pytest.importorskip(request.param, reason=f"needs {request.param}: make full")


class TestGivenClients:
    """A caller's own client, of httpx or of a successor with its interface."""

    def test_its_hooks_see_every_request(self, hub, library):
        seen = []
        with (
            library.Client(event_hooks={"request": [lambda r: seen.append(r.url.path)]}) as http,
            Aki(KEY, api_server=hub.url, http_client=http) as aki,
        ):
            assert "Hello" in chat(aki)
        assert [path.split("/")[2] for path in seen[:2]] == ["call", "progress"]
        assert len(seen) == len(hub.hub.requests)

    def test_an_async_one_is_used_too(self, hub, library):
        async def main():
            async with (
                library.AsyncClient(headers={"X-Mine": "yes"}) as http,
                AsyncAki(KEY, api_server=hub.url, http_client=http) as aki,
            ):
                return await chat_async(aki)

        assert "Hello" in asyncio.run(main())

    def test_what_goes_wrong_is_told_alike(self, library):
        with unserved_url() as url, library.Client() as http:
            aki = Aki(KEY, api_server=url, http_client=http, max_retries=0)
            with pytest.raises(ConnectionFailedError, match="could not connect") as caught:
                chat(aki)
        assert not caught.value.sent

    def test_one_of_the_wrong_kind_is_refused(self, library):
        with pytest.raises(ConfigurationError, match=f"an {library.__name__}.AsyncClient"):
            AsyncAki(KEY, http_client=library.Client())
        with pytest.raises(ConfigurationError, match=f"an {library.__name__}.Client"):
            Aki(KEY, http_client=library.AsyncClient())

    def test_it_is_not_closed_with_ours(self, hub):
        with httpx.Client() as http:
            with Aki(KEY, api_server=hub.url, http_client=http) as aki:
                chat(aki)
            assert not http.is_closed

    def test_the_fast_one_sends_over_aiohttp(self, hub):
        pytest.importorskip("httpx_aiohttp", reason="needs the extra `fast`")

        async def main():
            async with (
                fast_http_client() as http,
                AsyncAki(KEY, api_server=hub.url, http_client=http) as aki,
            ):
                return await asyncio.gather(*(chat_async(aki) for _ in range(20)))

        assert all("Hello" in text for text in asyncio.run(main()))

    def test_the_fast_one_names_what_it_needs(self, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "httpx_aiohttp", None)
        with pytest.raises(ConfigurationError, match=r"pip install 'aki-client\[fast\]'"):
            fast_http_client()


class Proxy(BaseHTTPRequestHandler):
    """A proxy that notes what is asked of it, and asks for it."""

    asked: list[str]

    def do_POST(self):
        self.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = httpx.post(self.path, content=body, trust_env=False)
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def proxy():
    handler = type("Noting", (Proxy,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", handler.asked
        finally:
            server.shutdown()
            thread.join()


class TestProxies:
    """The environment's proxies are used as httpx uses them."""

    def test_requests_go_through_the_proxy_that_the_environment_names(self, hub, monkeypatch):
        with proxy() as (url, asked):
            monkeypatch.setenv("HTTP_PROXY", url)
            with Aki(KEY, api_server=hub.url) as aki:
                assert "Hello" in chat(aki)

            async def main():
                async with AsyncAki(KEY, api_server=hub.url) as aki:
                    return await chat_async(aki)

            assert "Hello" in asyncio.run(main())
        assert len(asked) == len(hub.hub.requests)

    @pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY"])
    def test_a_hub_on_this_machine_is_asked_past_a_proxy_on_another(self, hub, monkeypatch, name):
        monkeypatch.setenv(name, "http://proxy.invalid:3128")
        for server in (hub.url, hub.url.replace("127.0.0.1", "localhost")):
            with Aki(KEY, api_server=server) as aki:
                assert "Hello" in chat(aki)

            async def main(server=server):
                async with AsyncAki(KEY, api_server=server) as aki:
                    return await chat_async(aki)

            assert "Hello" in asyncio.run(main())

    def test_a_hub_that_the_environment_excepts_is_asked_directly(self, hub, monkeypatch):
        with proxy() as (url, asked):
            monkeypatch.setenv("HTTP_PROXY", url)
            monkeypatch.setenv("NO_PROXY", "127.0.0.1")
            with Aki(KEY, api_server=hub.url) as aki:
                assert "Hello" in chat(aki)
        assert asked == []
