"""What somebody meets who has no key yet: a hub that pretends, and a sentence where a key is needed."""

import asyncio
import sys

import pytest
from aki_client import Aki, AsyncAki, ConfigurationError
from support.package import made_package


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in ("AKI_API_KEY", "AKI_API_SERVER"):
        monkeypatch.delenv(name, raising=False)


def test_the_sandbox_answers_without_a_key_or_another_program():
    with Aki.sandbox() as aki:
        assert "Hi there" in aki.llama3_chat(prompt_input="Hi there").text


def test_the_sandbox_answers_async_clients():
    async def ask():
        async with AsyncAki.sandbox() as aki:
            return await aki.llama3_chat(prompt_input="Hi there")

    assert "Hi there" in asyncio.run(ask()).text


def test_the_sandbox_serves_the_endpoints_of_the_package():
    documents = made_package() / "aki_client" / "spec" / "endpoints"
    with Aki.sandbox() as aki:
        assert len(aki.endpoints()) == len(list(documents.iterdir()))
        assert aki.check() == ()


def test_clients_of_one_package_share_a_sandbox():
    with Aki.sandbox() as first, Aki.sandbox() as second:
        job = first.llama3_chat.submit(prompt_input="Hi there")
        assert second.llama3_chat.job(job.id).result(timeout=30).text
    assert AsyncAki.sandbox().api_server == first.api_server


def test_options_hold_for_the_sandbox_as_well():
    seen = []
    with Aki.sandbox(on_progress=seen.append) as aki:
        aki.llama3_chat(prompt_input="Hi [[dur=0.5 steps=3]]")
    assert seen


def test_where_the_sandbox_is_not_installed_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "aki_sandbox.server", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'aki-client\[sandbox\]'"):
        Aki.sandbox()


def test_a_call_without_a_key_never_leaves_for_aki_io():
    aki = Aki(api_server="https://aki.io")
    calls = (
        lambda: aki.llama3_chat(prompt_input="Hi"),
        lambda: aki.llama3_chat.submit(prompt_input="Hi"),
        lambda: aki.call("new_model", {"prompt": "Hi"}),
    )
    for call in calls:
        with pytest.raises(
            ConfigurationError, match="takes no call without a key; set AKI_API_KEY"
        ):
            call()


def test_the_variable_of_the_official_client_is_named_where_it_is_all_there_is(monkeypatch):
    monkeypatch.setenv("AKI_IO_API_KEY", "the-official-key")
    with pytest.raises(ConfigurationError) as refused:
        Aki(api_server="https://aki.io").llama3_chat(prompt_input="Hi")
    assert str(refused.value).endswith("; AKI_IO_API_KEY is not read")
    assert "the-official-key" not in str(refused.value)
