"""`anthropic()`: the hub's Anthropic interface through the package anthropic, where that is installed."""

import asyncio
import inspect
import sys

import httpx2
import pytest
from aki_client import Aki, AsyncAki, ConfigurationError
from aki_sandbox.faults.effects import Delay, Reset, Status

KEY = "aki-key-of-the-anthropic-tests-77"
CLIENTS = {"Anthropic": Aki, "AsyncAnthropic": AsyncAki}
ASKED = {
    "model": "llama3-chat-70b",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello"}],
}
HUB = "https://hub.example"


@pytest.fixture(params=CLIENTS)
def kind(request):
    return request.param


@pytest.fixture
def package():
    return pytest.importorskip("anthropic", reason="needs the package anthropic")


@pytest.fixture
def hub(hub):
    yield hub
    hub.faults.clear()


def ask(anthropic, **more):
    """Ask for a message, in whichever way the client does, and close the client."""

    async def asked():
        async with anthropic:
            return await anthropic.messages.create(**ASKED, **more)

    if inspect.iscoroutinefunction(anthropic.close):
        return asyncio.run(asked())
    with anthropic:
        return anthropic.messages.create(**ASKED, **more)


def recording(kind, requests):
    """Return an HTTP client of the caller's own that keeps the requests and refuses all of them."""

    def answer(request):
        requests.append(request)
        return httpx2.Response(401, json={"type": "error", "error": {"type": "x", "message": "no"}})

    maker = httpx2.Client if kind == "Anthropic" else httpx2.AsyncClient
    return maker(transport=httpx2.MockTransport(answer))


def test_without_a_key_it_says_where_to_put_one(package, kind, monkeypatch):
    monkeypatch.delenv("AKI_API_KEY", raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "of somebody else")
    with pytest.raises(ConfigurationError, match="the Anthropic interface needs a key"):
        CLIENTS[kind](api_server=HUB).anthropic()


def test_without_the_package_it_says_what_to_install(kind, monkeypatch):
    monkeypatch.setitem(sys.modules, "anthropic", None)
    with pytest.raises(ConfigurationError, match="pip install anthropic"):
        CLIENTS[kind](KEY, api_server=HUB).anthropic()


def test_a_server_of_aime_has_no_such_interface(package, kind):
    with pytest.raises(ConfigurationError, match="an AIME API Server has no Anthropic interface"):
        CLIENTS[kind](KEY, api_server=HUB, layout="aime").anthropic()


def test_it_is_one_of_the_package_with_the_settings_of_the_client(package, kind):
    anthropic = CLIENTS[kind](KEY, api_server=HUB, timeout=7.5).anthropic()
    assert isinstance(anthropic, getattr(package, kind))
    assert (type(anthropic).__name__, anthropic.max_retries, anthropic.timeout) == (kind, 0, 7.5)
    assert str(anthropic.base_url) == f"{HUB}/anthropic/"


def test_it_shows_no_key(package, kind):
    anthropic = CLIENTS[kind](KEY, api_server=HUB).anthropic()
    assert KEY not in repr(anthropic) + repr(vars(anthropic))


def test_the_key_of_the_moment_goes_raw_into_its_header_and_nowhere_else(package, kind):
    requests = []
    aki = CLIENTS[kind]("an older key", api_server=HUB, http_client=recording(kind, requests))
    anthropic = aki.anthropic()
    aki.api_key = KEY
    for client in (anthropic, anthropic.with_options(timeout=5)):
        with pytest.raises(package.AuthenticationError):
            ask(client)
    for request in requests:
        assert request.headers["x-api-key"] == KEY
        assert "authorization" not in request.headers
        assert KEY.encode() not in str(request.url).encode() + request.content


def test_a_key_that_is_taken_away_is_not_sent(package, kind):
    requests = []
    aki = CLIENTS[kind](KEY, api_server=HUB, http_client=recording(kind, requests))
    anthropic = aki.anthropic()
    aki.api_key = None
    with pytest.raises(ConfigurationError, match="needs a key"):
        ask(anthropic)
    assert requests == []


def test_nothing_of_an_account_at_anthropic_is_sent(package, kind, monkeypatch):
    for name in ("API_KEY", "AUTH_TOKEN", "BASE_URL"):
        monkeypatch.setenv(f"ANTHROPIC_{name}", "https://secret.example")
    names = ("Authorization", "X-Gateway", "x-api-key")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "\n".join(f"{name}: secret" for name in names))
    requests = []
    aki = CLIENTS[kind](KEY, api_server=HUB, http_client=recording(kind, requests))
    for client in (aki.anthropic(), aki.anthropic().with_options(timeout=5)):
        with pytest.raises(package.AuthenticationError):
            ask(client)
    sent = [value for request in requests for value in request.headers.values()]
    assert not [value for value in sent if "secret" in value]
    assert {request.url.host for request in requests} == {"hub.example"}


def test_a_client_of_httpx_is_refused_with_what_it_takes(package):
    httpx = pytest.importorskip("httpx")
    with (
        httpx.Client() as own,
        pytest.raises(ConfigurationError, match=r"httpx2\.Client.*anthropic 1 or newer"),
    ):
        Aki(KEY, api_server=HUB, http_client=own).anthropic()


def test_a_client_of_the_callers_own_is_left_open(package):
    own = recording("Anthropic", [])
    Aki(KEY, api_server=HUB, http_client=own).anthropic().close()
    assert not own.is_closed


@pytest.mark.parametrize(
    "fault", [Reset(), Reset(reached=True), Status(504, reached=True), Status(529, reached=True)]
)
def test_a_message_that_fails_is_not_sent_again(package, kind, hub, fault):
    rule = hub.faults.add(fault, times=None)
    with pytest.raises(package.APIError):
        ask(CLIENTS[kind](KEY, api_server=hub.url).anthropic())
    assert rule.hits == 1


def test_a_message_that_outlasts_the_timeout_is_not_sent_again(package, kind, hub):
    rule = hub.faults.add(Delay(1.0), times=None)
    with pytest.raises(package.APITimeoutError):
        ask(CLIENTS[kind](KEY, api_server=hub.url, timeout=0.5).anthropic())
    assert rule.hits <= 1


def test_the_hub_answers(package, kind, hub):
    answer = ask(CLIENTS[kind](KEY, api_server=hub.url).anthropic())
    assert "Hello" in answer.content[0].text
