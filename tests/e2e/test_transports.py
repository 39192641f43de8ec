"""Connections: how many, over which library, through which proxy, and that a caller's own client is used as it is."""

import asyncio
import importlib
import re
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from aki_client import (
    Aki,
    AkiError,
    AsyncAki,
    ConfigurationError,
    ConnectionFailedError,
    fast_http_client,
)
from aki_sandbox.faults.effects import Compressed, Reset
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from aki_sandbox.web.connections import unserved_url
from support.patience import soon

KEY = "test-key"
LIBRARIES = ["httpx", "httpx2"]
"""Whose clients a caller may hand in, and one of which is installed."""
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
        assert hub.connections.made == 1

    def test_a_hundred_jobs_in_sequence_take_one_connection(self, hub):
        with Aki(KEY, api_server=hub.url) as aki:
            for _ in range(100):
                aki.llama3_8b_chat(prompt_input="Hello [[dur=0 steps=1]]")
        assert hub.connections.made == 1

    def test_async_jobs_in_sequence_take_one_connection(self, hub):
        async def main():
            async with AsyncAki(KEY, api_server=hub.url) as aki:
                for _ in range(20):
                    await aki.llama3_8b_chat(prompt_input="Hello [[dur=0 steps=1]]")

        asyncio.run(main())
        assert hub.connections.made == 1

    def test_jobs_at_a_time_never_take_more_connections_than_the_limit(self, hub):
        async def main():
            async with AsyncAki(KEY, api_server=hub.url) as aki:
                await asyncio.gather(*(chat_async(aki) for _ in range(150)))
                assert hub.connections.open <= 100

        asyncio.run(main())
        assert hub.connections.made <= 100

    def test_a_broken_connection_is_replaced(self, hub):
        hub.faults.add(Reset(), on="poll", times=2)
        with Aki(KEY, api_server=hub.url) as aki:
            assert "Hello" in chat(aki)
        assert hub.connections.made == 3

    def test_all_are_closed_with_the_client(self, hub):
        with Aki(KEY, api_server=hub.url) as aki:
            chat(aki)
            assert hub.connections.open == 1
        assert soon(lambda: hub.connections.open == 0)

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

    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        self.asked.append(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = httpx.request(self.command, self.path, content=body, trust_env=False)
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
                assert aki.endpoints()
                assert "Hello" in chat(aki)

            async def main():
                async with AsyncAki(KEY, api_server=hub.url) as aki:
                    assert await aki.call("llama3_8b_chat", {"prompt_input": "x" * 3_000_000})
                    return await chat_async(aki)

            assert "Hello" in asyncio.run(main())
        assert len(asked) == len(hub.hub.requests)
        assert all(path.startswith(hub.url) for path in asked)
        for library in map(pytest.importorskip, LIBRARIES):
            with (
                proxy() as (url, asked),
                library.Client(proxy=url) as http,
                Aki(KEY, api_server=hub.url, http_client=http) as aki,
            ):
                assert aki.endpoints()
            assert len(asked) == 1

    def test_a_large_picture_of_async_code_goes_through_it_too(self, hub, monkeypatch):
        pillow = pytest.importorskip("PIL.Image")

        async def main():
            async with AsyncAki(KEY, api_server=hub.url) as aki:
                noise = pillow.effect_noise((1_280, 1_280), 99)
                return await aki.qwen_image_edit.submit(prompt="brighter", image=noise)

        with proxy() as (url, asked):
            monkeypatch.setenv("HTTP_PROXY", url)
            assert asyncio.run(main()).id
        assert len(asked) == 1

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

    @pytest.mark.parametrize("host", ["127.0.0.2", "127.8.9.10"])
    def test_every_address_of_this_machine_is_asked_past_a_proxy_on_another(
        self, monkeypatch, host
    ):
        monkeypatch.setenv("ALL_PROXY", "http://proxy.invalid:3128")
        try:
            listener = socket.create_server((host, 0))
        except OSError:
            pytest.skip("the system has no such address")
        listener.settimeout(20)
        with listener, Aki(KEY, api_server=f"http://{host}:{listener.getsockname()[1]}") as aki:
            asking = threading.Thread(target=lambda: suppressed(aki.validate_key))
            asking.start()
            connection = listener.accept()[0]
            assert connection.recv(4096).startswith(b"GET /api/validate_key?key=")
            connection.close()
            listener.close()
            asking.join()


def suppressed(work):
    with suppress(AkiError):
        work()


TROUBLE = {
    "a port that is none": ("HTTPS_PROXY", "http://proxy.example:port", "HTTPS_PROXY is not the"),
    "a scheme that is none": (
        "ALL_PROXY",
        "gopher://me:pass-word@proxy.example",
        "ALL_PROXY is not",
    ),
    "a port beyond all": ("HTTPS_PROXY", "127.0.0.1:99999", "HTTPS_PROXY is not the address"),
    "in small letters": ("https_proxy", "http://proxy.example:port", "https_proxy is not the"),
    "a file that is gone": ("SSL_CERT_FILE", "/nowhere/ca.pem", "SSL_CERT_FILE names '/nowhere/ca"),
    "a folder that is gone": ("SSL_CERT_DIR", "/nowhere", "SSL_CERT_DIR names '/nowhere', which"),
    "a file of something else": ("SSL_CERT_FILE", __file__, "SSL_CERT_FILE names no certificates"),
}


class TestEnvironment:
    """What the environment says wrongly is named, and nothing is sent."""

    @pytest.fixture(autouse=True)
    def _anew(self, monkeypatch):
        for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
            monkeypatch.delenv(name, raising=False)
        certificates = importlib.import_module("aki_runtime.http.clients").certificates
        certificates.cache_clear()
        yield
        certificates.cache_clear()

    @pytest.fixture(params=["sync", "async"])
    def ask(self, request):
        def ask():
            if request.param == "sync":
                return Aki(KEY, api_server="https://hub.invalid").llama3_8b_chat(prompt_input="Hi")

            async def main():
                async with AsyncAki(KEY, api_server="https://hub.invalid") as aki:
                    await aki.llama3_8b_chat(prompt_input="Hi")

            return asyncio.run(main())

        return ask

    @pytest.mark.parametrize(("name", "value", "said"), TROUBLE.values(), ids=TROUBLE)
    def test_trouble_names_its_variable(self, monkeypatch, ask, name, value, said):
        monkeypatch.setenv(name, value)
        with pytest.raises(ConfigurationError, match=re.escape(said)) as caught:
            ask()
        assert "pass-word" not in str(caught.value)

    def test_a_log_of_keys_that_cannot_be_written_is_not_taken_for_certificates(
        self, monkeypatch, ask
    ):
        monkeypatch.setenv("SSL_CERT_FILE", pytest.importorskip("certifi").where())
        monkeypatch.setenv("SSLKEYLOGFILE", "/nowhere/keys")
        with pytest.raises(ConfigurationError, match="SSLKEYLOGFILE cannot be used"):
            ask()

    @pytest.mark.parametrize("name", ["HTTPS_PROXY", "ALL_PROXY"])
    def test_a_proxy_that_is_not_there_names_its_variable(self, monkeypatch, ask, name):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        with pytest.raises(ConnectionFailedError, match=f"proxy, which {name} names") as caught:
            ask()
        assert not caught.value.sent

    def test_a_socks_proxy_names_the_package_that_it_needs(self, monkeypatch, ask):
        monkeypatch.setitem(sys.modules, "socksio", None)
        monkeypatch.setenv("ALL_PROXY", "socks5://proxy.example:1080")
        with pytest.raises(ConfigurationError, match=r"ALL_PROXY.* pip install 'httpx2?\[socks\]'"):
            ask()

    def test_a_network_in_no_proxy_breaks_nothing(self, hub, monkeypatch):
        monkeypatch.setenv("NO_PROXY", "fd00::/8,10.0.0.0/8,*.example")
        with proxy() as (url, asked):
            monkeypatch.setenv("HTTP_PROXY", url)
            with Aki(KEY, api_server=hub.url) as aki:
                assert aki.endpoints()
            assert len(asked) == 1

    def test_trouble_does_not_concern_a_hub_on_this_machine(self, hub, monkeypatch):
        monkeypatch.setenv("HTTP_PROXY", "gopher://proxy.example")
        with Aki(KEY, api_server=hub.url) as aki:
            assert aki.endpoints()


ALONE = """
import asyncio, sys
sys.modules["httpx2"] = sys.modules["httpcore2"] = None
from aki_client import Aki, AsyncAki
import aki_client
url, inputs = sys.argv[1], {"prompt_input": "Hello [[dur=0.05 steps=2]]"}
large = {"prompt_input": "x" * 2_000_000}

with Aki("test-key", api_server=url) as aki:
    chat = aki.endpoint("llama3_8b_chat")
    assert aki.endpoints() and "Hello" in chat(**inputs)["text"]
    with chat.stream(**inputs) as stream:
        list(stream)
    chat.submit(**large).cancel()

async def main():
    async with AsyncAki("test-key", api_server=url) as aki:
        chat = aki.endpoint("llama3_8b_chat")
        assert await aki.endpoints() and "Hello" in (await chat(**inputs))["text"]
        async with chat.stream(**inputs) as stream:
            async for event in stream: pass
        await (await chat.submit(**large)).cancel()

asyncio.run(main())
assert sys.modules["httpx"] and sys.modules["httpx2"] is None
print("all done")
"""


def test_httpx_serves_where_it_alone_is_installed_and_httpx2_where_both_are(hub):
    both = ALONE.replace('sys.modules["httpx2"] = sys.modules["httpcore2"] = None', "").replace(
        'sys.modules["httpx"] and sys.modules["httpx2"] is None',
        'sys.modules["httpx2"] and "httpx" not in sys.modules',
    )
    for code in (ALONE, both):
        done = subprocess.run(
            [sys.executable, "-c", code, hub.url], capture_output=True, text=True, timeout=60
        )
        assert (done.stdout, done.returncode) == ("all done\n", 0), done.stderr


def test_without_either_the_package_to_install_is_named(monkeypatch):
    for name in LIBRARIES:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigurationError, match="pip install httpx2"):
        Aki(KEY).endpoints()
