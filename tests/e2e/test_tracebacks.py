"""The traceback of a failed call: the caller's line, and hardly anything of what lies below it."""

import asyncio
import logging
import traceback
from pathlib import Path

import pytest
from aki_client import Aki, AkiError, AsyncAki
from aki_sandbox.server import SandboxServer

BELOW = 4
"""Lines of the package that may stand below the caller's."""

NOBODY = "http://127.0.0.1:9"

MISTAKES = {
    "no key": (None, "https://aki.io", {"prompt_input": "Hi"}),
    "a bad key": ("bad-key", "", {"prompt_input": "Hi"}),
    "nobody listens": ("any", NOBODY, {"prompt_input": "Hi"}),
    "an unknown parameter": ("any", "", {"promt_input": "Hi"}),
    "a wrong value": ("any", "", {"prompt_input": "Hi", "temperature": 100}),
    "a job that fails": ("any", "", {"prompt_input": "Hi [[error=out_of_memory]]"}),
    "a deadline": ("any", "", {"prompt_input": "Hi [[hang]]"}),
}


def call(key, server, arguments):
    with Aki(key, api_server=server, timeout=1, max_retries=0) as aki:
        aki.llama3_chat(**arguments)


def stream(key, server, arguments):
    with (
        Aki(key, api_server=server, timeout=1, max_retries=0) as aki,
        aki.llama3_chat.stream(**arguments) as events,
    ):
        for _ in events.text():
            pass


def submit(key, server, arguments):
    with Aki(key, api_server=server, timeout=1, max_retries=0) as aki:
        aki.llama3_chat.submit(**arguments).result(timeout=1)


def call_async(key, server, arguments):
    async def ask():
        async with AsyncAki(key, api_server=server, timeout=1, max_retries=0) as aki:
            await aki.llama3_chat(**arguments)

    asyncio.run(ask())


def files_of(error: BaseException) -> list[str]:
    return [frame.filename for frame in traceback.extract_tb(error.__traceback__)]


def below_the_caller(error: BaseException) -> list[str]:
    files = files_of(error)
    return files[len(files) - files[::-1].index(__file__) :]


@pytest.mark.parametrize("way", [call, call_async, stream, submit])
@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_the_caller_s_line_is_among_the_last(way, mistake, hub: SandboxServer):
    key, server, arguments = mistake
    with pytest.raises(AkiError) as caught:
        way(key, server or hub.url, arguments)
    assert len(below_the_caller(caught.value)) <= BELOW
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_no_line_of_another_package_stands_below_it(hub: SandboxServer):
    with pytest.raises(AkiError) as caught:
        call("any", NOBODY, {"prompt_input": "Hi"})
    assert {Path(name).parts[-3] for name in below_the_caller(caught.value)} <= {"aki_runtime"}


def test_a_failure_in_a_function_of_the_caller_keeps_the_line_where_it_was_raised(hub):
    def refuse(event):
        raise AkiError("enough")

    with Aki("any", api_server=hub.url) as aki, pytest.raises(AkiError, match="enough") as caught:
        aki.llama3_chat.with_options(on_progress=refuse)(prompt_input="Hi [[dur=1 steps=9]]")
    assert files_of(caught.value)[-1] == __file__


def test_the_logger_at_debug_keeps_every_line(hub: SandboxServer, caplog):
    with caplog.at_level(logging.DEBUG, "aki_client"), pytest.raises(AkiError) as caught:
        call("bad-key", hub.url, {"prompt_input": "Hi"})
    assert len(below_the_caller(caught.value)) > BELOW
