"""`openai()`: the hub's OpenAI interface through the package openai, where that is installed."""

import asyncio
import inspect
import json
import pickle
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aki_client import Aki, AsyncAki, ConfigurationError
from aki_sandbox.faults.effects import Delay, Reset, Status

KEY = "aki-key-of-the-openai-tests-77"
CLIENTS = {"OpenAI": Aki, "AsyncOpenAI": AsyncAki}
HELLO = [{"role": "user", "content": "Hello"}]
MODEL = "llama3-chat-70b"


@pytest.fixture(params=CLIENTS)
def kind(request):
    return request.param


@pytest.fixture
def hub(hub):
    yield hub
    hub.faults.clear()


@pytest.fixture
def openai_package():
    return pytest.importorskip("openai", reason="needs the package openai")


def of(kind, server, *, options=None, **settings):
    """Return a client of the package, of a client of a kind."""
    aki = CLIENTS[kind](KEY, api_server=server, **settings)
    return aki.with_options(**options or {}).openai()


def ask(openai, model=MODEL, **more):
    """Ask for a completion, in whichever way the client does, and close the client."""

    async def asked():
        async with openai:
            return await openai.chat.completions.create(model=model, messages=HELLO, **more)

    if inspect.iscoroutinefunction(openai.close):
        return asyncio.run(asked())
    with openai:
        return openai.chat.completions.create(model=model, messages=HELLO, **more)


@contextmanager
def plain_server(answers):
    """Serve answers to POST in turn, and yield the address and the headers of each request."""
    came = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            came.append({name.lower(): value for name, value in self.headers.items()})
            status, body = answers[min(len(came), len(answers)) - 1]
            body = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def completion(model=MODEL):
    message = {"role": "assistant", "content": "Hello"}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }


def test_without_a_key_it_says_where_to_put_one(openai_package, kind, monkeypatch):
    monkeypatch.delenv("AKI_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="needs a key; set AKI_API_KEY"):
        CLIENTS[kind](api_server="https://hub.example").openai()


def test_without_the_package_it_says_what_to_install(kind, monkeypatch):
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(ConfigurationError, match="pip install openai"):
        CLIENTS[kind](KEY, api_server="https://hub.example").openai()


@pytest.mark.usefixtures("openai_package")
class TestSettings:
    """What the package's client has of the client that it comes from."""

    def test_it_retries_nothing_unless_that_is_asked_for(self, kind):
        for server in ("https://hub.example", "https://hub.example/api/"):
            openai = of(kind, server)
            assert (type(openai).__name__, openai.max_retries) == (kind, 0)
            assert str(openai.base_url) == "https://hub.example/v1/"
        assert of(kind, "https://hub.example", options={"timeout": 5}).max_retries == 0
        for asked in (0, 2, 5):
            assert of(kind, "https://hub.example", max_retries=asked).max_retries == asked
            options = {"max_retries": asked}
            assert of(kind, "https://hub.example", options=options).max_retries == asked

    @pytest.mark.parametrize("timeout", [7.5, None])
    def test_it_has_the_timeout(self, kind, timeout):
        assert of(kind, "https://hub.example", options={"timeout": timeout}).timeout == timeout

    def test_it_shows_no_key(self, kind):
        openai = of(kind, "https://hub.example")
        assert KEY not in repr(openai) + repr(vars(openai))
        with pytest.raises(
            (ValueError, TypeError, AttributeError, pickle.PicklingError)
        ) as refused:
            pickle.dumps(openai)
        assert KEY not in str(refused.value)

    def test_another_http_client_than_it_takes_is_named(self):
        class Other:
            def build_request(self):
                """Make nothing."""

            def send(self):
                """Send nothing."""

        with pytest.raises(ConfigurationError, match="http_client"):
            Aki(KEY, api_server="https://hub.example", http_client=Other()).openai()


@pytest.mark.usefixtures("openai_package")
class TestRequests:
    """What a hub receives."""

    FAULTS = (Reset(), Reset(reached=True), Status(504, reached=True), Status(529, reached=True))

    @pytest.mark.parametrize("fault", FAULTS, ids=["refused", "reset", "504", "529"])
    @pytest.mark.parametrize("stream", [False, True])
    def test_a_completion_that_fails_is_not_sent_again(
        self, openai_package, kind, hub, fault, stream
    ):
        rule = hub.faults.add(fault, times=None)
        before = hub.hub.jobs_submitted
        with pytest.raises(openai_package.APIError):
            ask(of(kind, hub.url), stream=stream)
        assert rule.hits == 1
        assert hub.hub.jobs_submitted - before <= 1

    def test_a_completion_that_outlasts_the_timeout_is_not_sent_again(
        self, openai_package, kind, hub
    ):
        rule = hub.faults.add(Delay(1.0), times=None)
        with pytest.raises(openai_package.APITimeoutError):
            ask(of(kind, hub.url, options={"timeout": 0.5}))
        assert rule.hits <= 1

    def test_it_is_sent_again_only_where_that_is_asked_for(self, openai_package, kind):
        for options, asked_itself, times in (
            ({}, {}, 1),
            ({"max_retries": 1}, {}, 2),
            ({}, {"max_retries": 1}, 2),
        ):
            with plain_server([(503, {}), (200, completion("another-model"))]) as (server, came):
                openai = of(kind, server, options=options).with_options(**asked_itself)
                if times == 1:
                    with pytest.raises(openai_package.InternalServerError):
                        ask(openai)
                else:
                    assert ask(openai).model == "another-model"
                assert len(came) == times

    def test_the_key_is_that_of_the_moment(self, kind):
        with plain_server([(200, completion())]) as (server, came):
            aki = CLIENTS[kind]("an older key", api_server=server)
            openai = aki.openai()
            aki.api_key = KEY
            ask(openai)
        assert came[0]["authorization"] == f"Bearer {KEY}"

    def test_a_key_that_is_taken_away_is_not_sent(self, kind):
        with plain_server([(200, completion())]) as (server, came):
            aki = CLIENTS[kind](KEY, api_server=server)
            openai = aki.openai()
            aki.api_key = None
            with pytest.raises(ConfigurationError, match="needs a key"):
                ask(openai)
        assert came == []

    def test_nothing_of_an_account_at_openai_is_sent(self, kind, monkeypatch):
        secrets = {f"OPENAI_{name}": f"secret-{name}" for name in ("ORG_ID", "PROJECT_ID")}
        for name, value in secrets.items():
            monkeypatch.setenv(name, value)
        with plain_server([(200, completion())]) as (server, came):
            ask(of(kind, server))
            ask(of(kind, server).with_options(timeout=5))
        assert "secret-" not in repr(came)

    def test_a_hub_on_this_machine_is_not_asked_through_a_proxy(self, kind, monkeypatch):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://proxy.invalid:3128")
        with plain_server([(200, completion())]) as (server, came):
            assert ask(of(kind, server)).choices
            assert len(came) == 1

    @pytest.mark.parametrize("library", ["httpx", "httpx2"])
    def test_it_sends_by_the_callers_own_client(self, kind, library):
        package = pytest.importorskip(library)
        maker = package.Client if kind == "OpenAI" else package.AsyncClient
        own = maker(headers={"X-From": "the caller's own"})
        with plain_server([(200, completion())]) as (server, came):
            ask(of(kind, server, http_client=own))
        assert came[0]["x-from"] == "the caller's own"
        assert not own.is_closed


@pytest.mark.usefixtures("openai_package")
class TestWithThePackage:
    """The package itself, against the sandbox."""

    def test_models_are_listed_and_called(self, hub):
        with Aki(KEY, api_server=hub.url) as aki:
            openai = aki.openai()
        with openai:  # it goes on when the client that it comes from is closed
            models = [model.id for model in openai.models.list()]
            answer = openai.chat.completions.create(model=MODEL, messages=HELLO)
            stream = openai.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
            pieces = [piece.choices[0].delta.content or "" for piece in stream if piece.choices]
        assert MODEL in models
        assert "".join(pieces) == answer.choices[0].message.content
        assert "Hello" in answer.choices[0].message.content

    def test_models_are_called_in_async_code(self, hub):
        assert "Hello" in ask(of("AsyncOpenAI", hub.url)).choices[0].message.content
