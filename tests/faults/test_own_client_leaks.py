"""A caller's own HTTP client knows the key; what it logs and raises shows it all the same nowhere."""

import asyncio
import pickle

import httpx
import pytest
from aki_client import AkiError, AsyncAki, ConfigurationError, StatusError, fast_http_client
from aki_sandbox.faults.effects import Redirect, Status
from aki_sandbox.server import SandboxServer
from faults.leaks import secrets_in, shown_by, watched_logs
from faults.modes import KEY
from faults.table.case import SHORT


class HookError(Exception):
    """What a caller's own hook raises."""


def raise_for_status(response):
    response.raise_for_status()


def raise_from_the_library_s_own(response):
    try:
        response.raise_for_status()
    except httpx.HTTPError as error:
        raise HookError("refused") from error


def raise_while_handling_the_library_s_own(response):
    try:
        response.raise_for_status()
    except httpx.HTTPError:
        raise HookError("refused")  # noqa: B904 as callers write it


HOOKS = [raise_for_status, raise_from_the_library_s_own, raise_while_handling_the_library_s_own]
QUESTIONS = {
    "list": lambda aki: aki.endpoints(),
    "validate_key": lambda aki: aki.validate_key(),
    "submit": lambda aki: aki.llama3_8b_chat.submit(prompt_input=SHORT),
}


def own_client(mode, hook, library=httpx):
    if not mode.is_async:
        return library.Client(event_hooks={"response": [hook]})

    async def async_hook(response):
        hook(response)

    return library.AsyncClient(event_hooks={"response": [async_hook]})


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_that_refuses_an_answer_shows_no_key(mode, hub, hook, ask):
    hub.faults.add(Status(500), times=None)
    with (
        mode.using(own_client(mode, hook)) as http,
        mode.client(hub.url, http_client=http, max_retries=0) as aki,
        pytest.raises((AkiError, HookError)) as caught,
    ):
        mode.wait(ask(aki))
    assert shown_by(caught.value) == []


def test_the_url_that_a_hook_tells_is_told_without_the_key(mode, hub):
    hub.faults.add(Status(500), times=None)
    with (
        mode.using(own_client(mode, raise_for_status)) as http,
        mode.client(hub.url, http_client=http, max_retries=0) as aki,
        pytest.raises(AkiError, match=r"/api/endpoints'"),
    ):
        mode.wait(aki.endpoints())


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_what_it_logs_is_without_the_key(mode, hub, library):
    http = pytest.importorskip(library, reason=f"needs {library}: make full")
    with (
        watched_logs() as logs,
        mode.using(own_client(mode, lambda _: None, http)) as own,
        mode.client(hub.url, http_client=own) as aki,
    ):
        assert mode.wait(aki.validate_key())
        mode.wait(aki.llama3_8b_chat(prompt_input=SHORT))
    assert logs.count > 10
    assert logs.leaks == []


def test_what_the_fast_one_logs_is_without_the_key(hub):
    pytest.importorskip("httpx_aiohttp", reason="needs the extra `fast`")

    async def main():
        async with (
            fast_http_client() as own,
            AsyncAki(KEY, api_server=hub.url, http_client=own) as aki,
        ):
            assert await aki.validate_key()
            await aki.llama3_8b_chat(prompt_input=SHORT)

    with watched_logs() as logs:
        asyncio.run(main())
    assert logs.count > 3
    assert logs.leaks == []


@pytest.mark.parametrize(("on", "ask"), QUESTIONS.items(), ids=QUESTIONS)
def test_one_that_follows_redirects_takes_the_key_to_no_other_host(mode, hub, on, ask):
    make = httpx.AsyncClient if mode.is_async else httpx.Client
    with (
        SandboxServer() as elsewhere,
        mode.using(make(follow_redirects=True)) as http,
        mode.client(hub.url, http_client=http) as aki,
    ):
        hub.faults.add(Redirect(elsewhere.url, 307), on=on, times=None)
        with pytest.raises(StatusError, match="307"):
            mode.wait(ask(aki))
        assert (elsewhere.connections.made, elsewhere.hub.request_count) == (0, 0)


@pytest.mark.parametrize(
    "ask", [lambda aki: aki.endpoints(), lambda aki: aki.llama3_8b_chat(prompt_input=SHORT)]
)
def test_one_that_is_closed_is_told_alike_and_shows_no_key(mode, hub, ask):
    with mode.using(own_client(mode, lambda _: None)) as http:
        pass
    with (
        mode.client(hub.url, http_client=http) as aki,
        pytest.raises(ConfigurationError, match=r"cannot be used: .* has been closed") as caught,
    ):
        mode.wait(ask(aki))
    assert shown_by(caught.value) == []


def test_a_job_that_was_made_with_it_is_pickled_without_it(mode, hub):
    with (
        mode.using(own_client(mode, lambda _: None)) as http,
        mode.client(hub.url, http_client=http) as aki,
    ):
        job = mode.wait(aki.llama3_8b_chat.submit(prompt_input=SHORT))
        mode.wait(job.result())
        packed = pickle.dumps(job)
    assert secrets_in(packed.decode("latin-1")) == []
    assert b"httpx" not in packed
