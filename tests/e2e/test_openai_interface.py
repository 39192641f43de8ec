"""`openai()`: the hub's OpenAI interface through the package openai, where that is installed."""

import asyncio
import sys
from types import SimpleNamespace

import pytest
from aki_client import Aki, AsyncAki, ConfigurationError

KEY = "aki-key-of-the-openai-tests-77"
CLIENTS = {"OpenAI": Aki, "AsyncOpenAI": AsyncAki}
HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture(params=CLIENTS)
def kind(request):
    return request.param


@pytest.fixture
def stand_in(monkeypatch):
    """A package openai whose clients are what they were made with."""

    def making(kind):
        return lambda **settings: (kind, settings)

    package = SimpleNamespace(**{kind: making(kind) for kind in CLIENTS})
    monkeypatch.setitem(sys.modules, "openai", package)


@pytest.mark.parametrize("server", ["https://hub.example", "https://hub.example/api/"])
def test_it_is_pointed_at_the_hub_with_the_key(stand_in, kind, server):
    made, settings = CLIENTS[kind](KEY, api_server=server).openai()
    assert made == kind
    assert settings == {"api_key": KEY, "base_url": "https://hub.example/v1"}


def test_it_has_the_key_of_the_moment(stand_in, kind):
    aki = CLIENTS[kind]("an older key", api_server="https://hub.example")
    aki.api_key = KEY
    assert aki.openai()[1]["api_key"] == KEY


def test_without_a_key_it_says_where_to_put_one(stand_in, kind, monkeypatch):
    monkeypatch.delenv("AKI_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="needs a key; set AKI_API_KEY"):
        CLIENTS[kind](api_server="https://hub.example").openai()


def test_without_the_package_it_says_what_to_install(kind, monkeypatch):
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(ConfigurationError, match="pip install openai"):
        CLIENTS[kind](KEY, api_server="https://hub.example").openai()


class TestWithThePackage:
    """The package itself, against the sandbox."""

    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("openai", reason="needs the package openai")

    def test_models_are_listed_and_called(self, hub):
        with Aki(KEY, api_server=hub.url).openai() as openai:
            models = [model.id for model in openai.models.list()]
            answer = openai.chat.completions.create(model="llama3-chat", messages=HELLO)
            stream = openai.chat.completions.create(
                model="llama3-chat", messages=HELLO, stream=True
            )
            pieces = [piece.choices[0].delta.content or "" for piece in stream if piece.choices]
        assert "llama3-chat" in models
        assert "".join(pieces) == answer.choices[0].message.content
        assert "Hello" in answer.choices[0].message.content

    def test_models_are_called_in_async_code(self, hub):
        async def main():
            async with AsyncAki(KEY, api_server=hub.url).openai() as openai:
                return await openai.chat.completions.create(model="llama3-chat", messages=HELLO)

        assert "Hello" in asyncio.run(main()).choices[0].message.content
