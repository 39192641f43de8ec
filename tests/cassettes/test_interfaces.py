"""The clients of other packages within a cassette: refused with a sentence before anything is sent, whenever made."""

import asyncio
from contextlib import suppress

import pytest
from aki_client import Aki, AsyncAki
from aki_runtime.testing import CassetteError, cassette

KEY = "the-key-of-the-tests"
HELLO = [{"role": "user", "content": "Hello"}]
REFUSED = r"what goes through aki\.{}\(\) is not in cassettes, so that nothing of it is sent"


@pytest.fixture
def recorded(path, hub):
    with cassette(path, record=True), Aki(KEY, api_server=hub.url) as aki:
        aki.llama3_chat(prompt_input="Hello")
    return path


def ask_openai(client):
    return client.chat.completions.create(model="llama3-chat-70b", messages=HELLO)


def ask_anthropic(client):
    return client.messages.create(model="llama3-chat-70b", messages=HELLO, max_tokens=20)


WAYS = [("openai", ask_openai), ("anthropic", ask_anthropic)]


@pytest.mark.parametrize(("name", "ask"), WAYS)
@pytest.mark.parametrize("record", [False, True])
def test_one_that_was_made_before_sends_nothing(recorded, hub, name, ask, record):
    pytest.importorskip(name)
    with Aki(KEY, api_server=hub.url) as aki, getattr(aki, name)() as client:
        before = hub.hub.request_count
        with (
            pytest.raises(CassetteError, match=REFUSED.format(name)),
            cassette(recorded, record=record),
        ):
            ask(client)
        assert hub.hub.request_count == before
        assert ask(client)  # as ever after the block


@pytest.mark.parametrize(("name", "ask"), WAYS)
def test_so_does_one_of_async_code(recorded, hub, name, ask):
    pytest.importorskip(name)

    async def main():
        async with AsyncAki(KEY, api_server=hub.url) as aki, getattr(aki, name)() as client:
            with cassette(recorded):
                await ask(client)

    before = hub.hub.request_count
    with pytest.raises(CassetteError, match=REFUSED.format(name)):
        asyncio.run(main())
    assert hub.hub.request_count == before


@pytest.mark.parametrize(("name", "ask"), WAYS)
def test_none_is_made_without_a_key_either(recorded, offline, name, ask):
    pytest.importorskip(name)
    with (
        pytest.raises(CassetteError, match=REFUSED.format(name)),
        cassette(recorded),
        Aki() as aki,
    ):
        getattr(aki, name)()


@pytest.mark.parametrize(("name", "ask"), WAYS)
def test_code_that_swallows_it_fails_at_the_end(recorded, hub, name, ask):
    pytest.importorskip(name)
    with (
        Aki(KEY, api_server=hub.url) as aki,
        getattr(aki, name)() as client,
        pytest.raises(CassetteError, match=REFUSED.format(name)),
        cassette(recorded),
        suppress(Exception, CassetteError),
    ):
        ask(client)
