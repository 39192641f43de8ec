"""The key and the worker's credentials are shown nowhere, whatever the moment a program is looked at."""

import asyncio
import logging
import pickle
import socket

import pytest
from aki_client import Aki, AsyncAki, ConfigurationError, StatusError
from aki_sandbox.faults.effects import Stall
from aki_sandbox.hub.replies import AUTH_KEY
from faults.leaks import secrets_in, shown_by, watched_logs
from faults.modes import KEY
from faults.plain_server import PlainServer, head
from faults.table.case import LONG, SHORT


def test_the_watch_sees_a_leak():
    with watched_logs() as logs:
        Aki(KEY)
        logging.getLogger("httpcore.http11").debug("the key is %s", KEY)
    assert logs.leaks
    assert shown_by(ValueError(AUTH_KEY))


def test_nothing_that_a_program_holds_shows_a_secret(mode, aki, hub):
    job = mode.wait(aki.llama3_8b_chat.submit(prompt_input=SHORT))
    events = list(mode.items(job.events()))
    output = mode.wait(job.result())
    held = [aki, aki.api_key, aki.llama3_8b_chat, job, vars(job), events, output, output.meta, hub]
    assert any(getattr(event, "data", None) for event in events)
    assert secrets_in(f"{held!r} {[str(each) for each in held]} {output.model_dump()}") == []
    assert secrets_in(pickle.dumps([job, events, output]).decode("latin-1")) == []


def test_questions_that_carry_the_key_in_their_url_are_logged_without_it(mode, aki, hub):
    with watched_logs() as logs:
        mode.wait(aki.endpoints())
        mode.wait(aki.endpoint_details("llama3_chat"))
        mode.wait(aki.validate_key())
    assert logs.count > 10
    assert logs.leaks == []


def test_a_redirect_that_repeats_the_url_is_logged_without_the_key(mode):
    def redirect(connection, request):
        path = request.split(b" ")[1].decode()
        assert KEY in path
        location = f"https://elsewhere.invalid{path}"
        connection.sendall(head("302 Found", location=location, content_length=0))

    with (
        watched_logs() as logs,
        PlainServer(redirect) as server,
        mode.client(server.url) as aki,
        pytest.raises(StatusError) as caught,
    ):
        mode.wait(aki.endpoints())
    assert logs.leaks == []
    assert shown_by(caught.value) == []


@pytest.mark.parametrize("make", [Aki, AsyncAki])
def test_a_client_that_is_refused_shows_no_key_in_its_locals(make, monkeypatch):
    monkeypatch.setenv("AKI_API_KEY", KEY)
    with pytest.raises(ConfigurationError) as from_environment:
        make(api_server="http://hub.example")
    assert shown_by(from_environment.value) == []
    monkeypatch.delenv("AKI_API_KEY")
    with pytest.raises(ConfigurationError) as as_argument:
        make(KEY, api_server="http://hub.example")
    assert shown_by(as_argument.value) == []


def test_a_key_that_is_replaced_and_refused_is_not_shown():
    aki = Aki(api_server="http://hub.example")
    with pytest.raises(ConfigurationError) as caught:
        aki.api_key = KEY
    assert shown_by(caught.value) == []


def test_a_poll_that_is_cancelled_while_it_is_written_shows_nothing(monkeypatch):
    monkeypatch.setattr("aki_runtime.http.drive.CANCEL_SECONDS", 0.5)

    # Nobody reads, so that the cancelling finds the request half written: its bytes are in the frames.
    async def main(url):
        async with AsyncAki(KEY, api_server=url) as aki:
            job = aki.llama3_8b_chat.job("a-job")
            job.send(ballast="x" * 20_000_000)
            waiting = asyncio.create_task(job.status())
            await asyncio.sleep(0.3)
            waiting.cancel()
            try:
                await waiting
            except asyncio.CancelledError as error:
                return error

    with socket.create_server(("127.0.0.1", 0)) as deaf:
        error = asyncio.run(main(f"http://127.0.0.1:{deaf.getsockname()[1]}"))
    assert shown_by(error) == []


def test_a_call_that_is_cancelled_amid_an_answer_shows_nothing(hub):
    hub.faults.add(Stall(30, part=0.99), on="poll", nth=3)

    async def main():
        async with AsyncAki(KEY, api_server=hub.url) as aki:
            calling = asyncio.create_task(aki.llama3_8b_chat(prompt_input=LONG))
            await asyncio.sleep(0.8)
            calling.cancel()
            try:
                await calling
            except asyncio.CancelledError as error:
                return error

    assert shown_by(asyncio.run(main())) == []


@pytest.mark.parametrize(
    "spoil", [str.encode, lambda key: [key], lambda key: f"{key}\nmore", lambda key: f"{key}\udce9"]
)
@pytest.mark.parametrize("make", [Aki, AsyncAki])
def test_a_key_that_is_no_text_is_refused_and_not_shown(make, spoil):
    with pytest.raises(ConfigurationError, match="text without line breaks") as caught:
        make(spoil(KEY))
    assert shown_by(caught.value) == []


@pytest.mark.parametrize("make", [Aki, AsyncAki])
def test_a_client_that_is_half_made_can_be_shown(make):
    with pytest.raises(ConfigurationError, match="not the address of a hub") as caught:
        make(KEY, api_server="://")
    assert shown_by(caught.value) == []
