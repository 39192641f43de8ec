"""Each line of docs/coming-from-aki-io.md, tried against the sandbox.

A test says with `covers` which rows of the tables it proves. The last class holds tests and tables
together: a row without a test fails, and so does a replacement whose words its tests do not use.
"""

import ast
import asyncio
import importlib.metadata
import inspect
import io
import json
import keyword
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import aki_client
import httpcore
import httpx
import pytest
from aki_client import (
    Aki,
    AkiError,
    AsyncAki,
    Audio,
    AuthenticationError,
    BadRequestError,
    ConnectionFailedError,
    DeadlineExceededError,
    Image,
    InvalidParametersError,
    Job,
    JobCanceledError,
    JobError,
    JobFailedError,
    JobLapsedError,
    JobUnknownError,
    MediaError,
    MissingOutputError,
    NotEntitledError,
    NotFoundError,
    Queued,
    QueueFullError,
    RateLimitedError,
    ResultGoneError,
    Running,
    ServerError,
    StatusError,
    TooLargeError,
)
from aki_client.models import Llama3ChatOutput
from aki_codegen.sandbox.server import SandboxServer
from aki_codegen.sandbox.settings import HubSettings

PAGE = Path(__file__).parents[2] / "docs" / "coming-from-aki-io.md"
GREETING = "Hello from the sandbox"
SLOW = "Hi [[dur=0.3]]"
ENDLESS = "Hi [[dur=60 steps=2000]]"
COVERED = {}


def covers(*rows):
    def register(test):
        for row in rows:
            COVERED.setdefault(row, []).append(test)
        return test

    return register


@pytest.fixture(scope="module")
def server():
    with SandboxServer(settings=HubSettings(worker_slots=50)) as running:
        yield running


@pytest.fixture(scope="module")
def idle_server():
    """A hub whose jobs wait for ever, because it has no worker."""
    with SandboxServer(settings=HubSettings(worker_slots=0, max_queue_length=2)) as running:
        yield running


@pytest.fixture(autouse=True)
def environment(server, monkeypatch):
    monkeypatch.setenv("AKI_API_KEY", "any")
    monkeypatch.setenv("AKI_API_SERVER", server.url)


@pytest.fixture
def aki():
    with Aki() as client:
        yield client


@pytest.fixture
def recorder():
    """A client that keeps what it sends."""
    sent = []
    client = httpx.Client(event_hooks={"request": [sent.append]})
    client.sent = sent
    with client:
        yield client


def bodies(recorder, route):
    found = [request for request in recorder.sent if f"/api/{route}/" in request.url.path]
    return [json.loads(request.content) for request in found]


def hub_that_answers(status, error="no", **body):
    """A connection to a hub that gives the same answer to everything."""
    document = {"success": False, "error": error, **body}
    return httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(status, json=document))
    )


def ends_canceled(job):
    with pytest.raises(JobCanceledError):
        job.result(timeout=10)
    return job.status() == "canceled"


def run_script(code):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=os.environ,
        capture_output=True,
        encoding="utf-8",
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def picture():
    image = pytest.importorskip("PIL.Image")
    buffer = io.BytesIO()
    image.new("RGB", (64, 64), "red").save(buffer, "PNG")
    return buffer.getvalue()


class TestCalls:
    """Making jobs and following them."""

    @covers("Aki(endpoint_name, api_key)")
    def test_one_client_serves_all_endpoints(self, server):
        api_key = "a key of mine"
        with Aki(api_key) as aki:
            assert aki.llama3_chat(prompt_input="Hi").text.startswith(GREETING)
            assert aki.xttsv2(text="Hi").audio.bytes
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AKI_API_KEY", "bad-key")
            with Aki() as aki, pytest.raises(AuthenticationError):
                aki.llama3_chat(prompt_input="Hi")

    @covers("endpoint_name")
    def test_any_endpoint_can_be_called_by_its_name(self, aki):
        name, params = "llama3_chat", {"chat_context": [{"role": "user", "content": "Hi"}]}
        assert aki.call(name, params).text.startswith(GREETING)
        assert aki.submit(name, params).result().text.startswith(GREETING)
        with aki.stream(name, params) as stream:
            assert stream.result().text.startswith(GREETING)

    def test_a_stream_of_an_endpoint_called_by_its_name_has_the_whole_text(self, aki):
        with aki.stream("llama3_chat", {"prompt_input": "Hi"}) as stream:
            assert "".join(stream.text()) == stream.result().text

    def test_a_failed_job_of_an_endpoint_called_by_its_name_has_partial_outputs(self, aki):
        with pytest.raises(JobFailedError) as caught:
            aki.call("llama3_chat", {"prompt_input": "Hi [[errkeep=truncated]]"})
        assert caught.value.partial["text"].startswith(GREETING)

    @covers("do_api_request")
    def test_a_call_takes_keywords_and_leaves_a_dict_as_it_is(self, aki):
        params = {"chat_context": [{"role": "user", "content": "Hi"}], "max_gen_tokens": 5}
        before = json.dumps(params)
        answer = aki.llama3_chat(**params)
        assert answer.num_generated_tokens == 5
        assert json.dumps(params) == before
        assert aki.llama3_chat(prompt_input="Hi").text.startswith(GREETING)

    @covers("do_api_request_async", "result_callback")
    def test_an_async_call_is_awaited(self):
        async def main():
            async with AsyncAki() as aki:
                answer = await aki.llama3_chat(prompt_input="Hi")
                return answer.text

        assert asyncio.run(main()).startswith(GREETING)

    @covers("get_api_request_generator")
    def test_a_stream_gives_events_and_then_the_result(self):
        async def main():
            async with AsyncAki() as aki, aki.llama3_chat.stream(prompt_input=SLOW) as stream:
                events = [event async for event in stream]
                return events, await stream.result()

        events, answer = asyncio.run(main())
        assert all(isinstance(event, Running) for event in events)
        assert len(events) > 1
        assert "".join(event.text_delta for event in events) == answer.text

        with Aki() as aki, aki.llama3_chat.stream(prompt_input=SLOW) as stream:
            assert "".join(event.text_delta for event in stream) == stream.result().text

    @covers("doApiRequestAwait", "progress_callback")
    def test_progress_is_shown_to_a_callback(self, aki):
        seen = []

        def show(event):
            seen.append(event)

        answer = aki.llama3_chat.with_options(on_progress=show)(prompt_input=SLOW)
        assert "".join(event.text_delta for event in seen) == answer.text

        seen.clear()
        aki.with_options(on_progress=show).llama3_chat(prompt_input=SLOW)
        assert seen

    @covers("progress_callback")
    def test_a_callback_may_be_async(self):
        seen = []

        async def show(event):
            await asyncio.sleep(0)
            seen.append(event)

        async def main():
            async with AsyncAki() as aki:
                return await aki.llama3_chat.with_options(on_progress=show)(prompt_input=SLOW)

        answer = asyncio.run(main())
        assert "".join(event.text_delta for event in seen) == answer.text

    @covers("do_aki_request")
    def test_a_single_call_needs_no_client(self):
        printed = run_script(
            """
            from aki_client.endpoints import llama3_chat

            print(llama3_chat(prompt_input="Hi").text)
            """
        )
        assert printed.startswith(GREETING)

    @covers("do_aki_request_async")
    def test_a_single_async_call_needs_no_client(self):
        printed = run_script(
            """
            import asyncio
            from aki_client.endpoints.aio import llama3_chat

            async def main():
                print((await llama3_chat(prompt_input="Hi")).text)

            asyncio.run(main())
            """
        )
        assert printed.startswith(GREETING)

    @covers("wait_for_result")
    def test_a_job_is_submitted_and_waited_for(self, recorder):
        aki = Aki(http_client=recorder)
        job = aki.llama3_chat.submit(prompt_input=SLOW)
        assert isinstance(job, Job)
        assert job.status() in {"queued", "processing"}
        assert job.result().text.startswith(GREETING)
        aki.llama3_chat(prompt_input="Hi")
        assert [body["wait_for_result"] for body in bodies(recorder, "call")] == [False, False]

    @covers("cancel_request(job_id)")
    def test_a_job_is_cancelled_by_its_handle_or_its_id(self, aki):
        job = aki.llama3_chat.submit(prompt_input=ENDLESS)
        job.cancel(wait=10)
        assert job.ended
        assert ends_canceled(job)

        job_id = aki.llama3_chat.submit(prompt_input=ENDLESS).id
        with Aki() as another:
            another.llama3_chat.job(job_id).cancel()
        assert ends_canceled(aki.llama3_chat.job(job_id))

    @covers("cancel_request()")
    def test_jobs_are_cancelled_one_by_one_and_a_stream_by_leaving_it(self, aki):
        jobs = [aki.llama3_chat.submit(prompt_input=ENDLESS) for _ in range(2)]
        for job in jobs:
            job.cancel()
        with aki.llama3_chat.stream(prompt_input=ENDLESS) as stream:
            jobs.append(aki.llama3_chat.job(stream.job_id))
        assert all(map(ends_canceled, jobs))

    @covers("append_progress_input_params")
    def test_extra_inputs_ride_on_the_next_poll(self, recorder):
        job = Aki(http_client=recorder).llama3_chat.submit(prompt_input=SLOW)
        job.status()
        job.send(mood="calm")
        job.result()
        moods = [body.get("mood") for body in bodies(recorder, "progress")]
        assert moods[:3] == [None, "calm", None]
        assert set(moods[2:]) == {None}


class TestKeysAndConnections:
    """Whom one talks to, and as whom."""

    @covers("init_api_key")
    def test_a_key_is_checked(self, aki):
        assert aki.validate_key()
        with Aki("bad-key") as bad:
            check = bad.validate_key()
        assert not check
        assert check.message == "Key not valid"

    @covers("init_api_key_async")
    def test_a_key_is_checked_in_async_code(self):
        async def main(key):
            async with AsyncAki(key) as aki:
                return await aki.validate_key()

        assert asyncio.run(main("good"))
        assert not asyncio.run(main("bad-key"))

    @covers("api_key")
    def test_the_key_can_be_replaced(self, aki):
        aki.api_key = "bad-key"
        assert not aki.validate_key()
        aki.api_key = "another key"
        assert aki.validate_key()

    @covers("get_endpoint_list")
    def test_the_hub_lists_its_endpoints(self, aki, server):
        another = "another key"
        assert aki.endpoints() == list(server.hub.catalogue)
        with Aki(another) as client:
            assert client.endpoints() == list(server.hub.catalogue)

    @covers("get_endpoint_details")
    def test_the_hub_describes_an_endpoint(self, aki):
        name = "llama3_chat"
        details = aki.endpoint_details(name)
        assert details["name"] == name
        assert "prompt_input" in details["parameter_description"]["input"]

    @covers("get_version")
    def test_the_version_is_the_package_s(self):
        assert aki_client.__version__ == importlib.metadata.version("aki-client")

    @covers("session")
    def test_an_own_http_client_is_used_and_left_open(self):
        with httpx.Client() as client:
            with Aki(http_client=client) as aki:
                assert aki.endpoints()
            assert not client.is_closed

        async def main():
            async with httpx.AsyncClient() as client:
                async with AsyncAki(http_client=client) as aki:
                    assert await aki.endpoints()
                assert not client.is_closed

        asyncio.run(main())

    @covers("close_session")
    def test_a_client_is_closed_by_its_block_or_by_hand(self, monkeypatch):
        closed = []
        close, aclose = httpcore.ConnectionPool.close, httpcore.AsyncConnectionPool.aclose

        def note_close(pool):
            closed.append("sync")
            close(pool)

        async def note_aclose(pool):
            closed.append("async")
            await aclose(pool)

        monkeypatch.setattr(httpcore.ConnectionPool, "close", note_close)
        monkeypatch.setattr(httpcore.AsyncConnectionPool, "aclose", note_aclose)

        with Aki() as aki:
            aki.endpoints()
        aki.endpoints()
        aki.close()

        async def main():
            async with AsyncAki() as aki:
                await aki.endpoints()
            await aki.endpoints()
            await aki.aclose()

        asyncio.run(main())
        assert closed == ["sync", "sync", "async", "async"]


class TestOptions:
    """How calls are carried out."""

    @covers("api_server")
    def test_the_hub_s_address_is_an_argument_or_in_the_environment(self, server, monkeypatch):
        assert Aki().api_server == server.url
        monkeypatch.setenv("AKI_API_SERVER", "https://hub.example")
        assert Aki().api_server == "https://hub.example"
        with Aki(api_server=server.url) as aki:
            assert aki.endpoints()

    @covers("output_binary_format")
    def test_media_are_bytes_and_base64_at_any_time(self, aki):
        image = aki.z_image_turbo(prompt="A duck", width=128, height=128).images[0]
        assert image.bytes.startswith(b"\xff\xd8\xff")
        assert image.data_uri().startswith("data:image/JPEG;base64,")
        assert Image(image.data_uri()).bytes == image.bytes

    @covers("raise_exceptions")
    def test_failures_are_exceptions(self, aki):
        with pytest.raises(AkiError, match="temperature"):
            aki.llama3_chat(temperature=7)
        with pytest.raises(AkiError, match="out of memory"):
            aki.llama3_chat(prompt_input="Hi [[error=out_of_memory]]")

    @covers("progress_interval")
    def test_the_progress_interval_bounds_the_pauses_between_polls(self, recorder):
        prompt = "Hi [[dur=0.5]]"
        Aki(http_client=recorder, progress_interval=0.5).llama3_chat(prompt_input=prompt)
        few = len(bodies(recorder, "progress"))
        recorder.sent.clear()
        aki = Aki(http_client=recorder)
        aki.llama3_chat.with_options(progress_interval=0.02)(prompt_input=prompt)
        assert len(bodies(recorder, "progress")) > 1.5 * few

    @covers("return_tool_call_dict", "tool_calls")
    def test_tool_calls_are_decoded(self, aki):
        tools = [{"type": "function", "function": {"name": "get_weather"}}]
        answer = aki.llama3_chat(prompt_input="In Rome? [[tool=get_weather]]", tools=tools)
        calls = [(call.name, call.arguments) for call in answer.tool_calls]
        assert calls == [("get_weather", {"query": "In Rome?"})]
        answer = aki.llama3_chat(prompt_input="In Rome?", tools=tools)
        assert answer.tool_calls == []


class TestHelpers:
    """What no longer needs a helper."""

    @covers("encode_binary")
    def test_media_are_given_as_they_are(self, recorder, tmp_path):
        aki, data = Aki(http_client=recorder), picture()
        path = tmp_path / "photo.png"
        path.write_bytes(data)
        with path.open("rb") as file, Image(data).open() as pillow_image:
            for image in (data, path, file, Image(data), Image(data).data_uri()):
                aki.qwen_image_edit(prompt="Make it blue", image=image)
            aki.qwen_image_edit(prompt="Make it blue", image=pillow_image)
        sent = [body["image"] for body in bodies(recorder, "call")]
        assert sent[:5] == [Image(data).data_uri()] * 5
        assert all(uri.startswith("data:image/png;base64,") for uri in sent)
        assert aki.qwen_image_edit(prompt="Again", image=aki.z_image_turbo(prompt="A").images[0])

    @covers("decode_binary")
    def test_media_come_decoded(self, aki, tmp_path):
        folder = tmp_path
        image = aki.z_image_turbo(prompt="A duck", width=128, height=128).images[0]
        assert image.format == "jpeg"
        saved = image.save(folder)
        assert (saved.suffix, saved.read_bytes()) == (".jpg", image.bytes)
        text = image.data_uri()
        assert (Image(text).format, Image(text).bytes) == ("jpeg", image.bytes)

    @covers("check_if_valid_base64_string")
    def test_text_stays_text(self, aki):
        said = "data:image/png;base64,AAAA is a picture, is it?"
        assert f'"{said}"' in aki.llama3_chat(prompt_input=said).text
        text = "data:image/png;base64,no base64!"
        with pytest.raises(MediaError):
            _ = Image(text).bytes

    @covers("check_if_valid_json_string")
    def test_json_comes_decoded(self, aki):
        answer = aki.llama3_chat(prompt_input="Hi [[think]]", chat_output_format="json")
        assert set(answer.text.data) == {"thinking", "content"}
        tools = [{"type": "function", "function": {"name": "look"}}]
        answer = aki.llama3_chat(prompt_input="Hi [[tool=look]]", tools=tools)
        assert answer.tool_calls[0].name == "look"

    @covers("detect_media_type_from_media_format")
    def test_the_bytes_tell_the_media_type(self):
        image = Image(picture())
        assert image.mime == "image/png"
        assert Audio(b"RIFF\0\0\0\0WAVEfmt ").mime == "audio/wav"
        assert Image(b"who knows").mime == "application/octet-stream"


class TestReturnedKeys:
    """What stands where in an answer."""

    @covers("success")
    def test_what_is_returned_has_succeeded(self, aki):
        with pytest.raises(JobError):
            aki.llama3_chat(prompt_input="Hi [[error=no_luck]]")  # HTTP 200 and success: true
        with pytest.raises(AkiError):
            aki.minimax_m3(prompt_input="Hi")

    @covers("error")
    def test_an_error_tells_what_the_hub_said(self, aki):
        with pytest.raises(JobFailedError) as caught:
            aki.llama3_chat(prompt_input="Hi [[error=out_of_memory]]")
        error = caught.value
        assert error.message == "llama3_chat: the job failed: out of memory"
        assert error.hub_messages == ("out of memory",)

    @covers("error_code")
    def test_an_error_status_is_an_attribute(self, aki):
        with pytest.raises(AkiError) as caught:
            aki.minimax_m3(prompt_input="Hi")
        error = caught.value
        assert isinstance(error, StatusError)
        assert error.status == 402

    @covers("job_id")
    def test_the_job_id_is_known_everywhere(self, aki):
        answer = aki.llama3_chat(prompt_input="Hi")
        job = aki.llama3_chat.submit(prompt_input="Hi")
        with aki.llama3_chat.stream(prompt_input="Hi") as stream:
            streamed = stream.result()
            assert stream.job_id == streamed.meta.job_id
        assert job.result().meta.job_id == job.id
        assert len({answer.meta.job_id, job.id, stream.job_id}) == 3

    @covers("job_state")
    def test_the_state_is_a_word_or_a_type(self, aki, idle_server):
        job = aki.llama3_chat.submit(prompt_input=SLOW)
        assert job.status() == "processing"
        job.result()
        assert job.status() == "done"
        with aki.llama3_chat.stream(prompt_input=SLOW) as stream:
            assert isinstance(next(iter(stream)), Running)
        with (
            Aki(api_server=idle_server.url) as waiting,
            waiting.llama3_chat.stream(prompt_input="Hi") as stream,
        ):
            assert isinstance(next(iter(stream)), Queued)

    @covers("job_result")
    def test_the_result_is_read_where_it_is_awaited(self, aki):
        job = aki.llama3_chat.submit(prompt_input="Hi")
        with aki.llama3_chat.stream(prompt_input="Hi") as stream:
            assert stream.result().text == job.result().text

    @covers("text")
    def test_text_knows_the_thinking_from_the_answer(self, aki):
        answer = aki.llama3_chat(prompt_input="Hi [[think]]")
        assert answer.text.startswith("<think>")
        assert answer.text.thinking.startswith("The sandbox has nothing to think about")
        assert answer.text.content.startswith(GREETING)

    @covers("images")
    def test_media_are_saved_by_one_call(self, aki, tmp_path):
        folder = tmp_path
        answer = aki.z_image_turbo(prompt="A duck", width=128, height=128)
        assert answer.images[0].save(folder).name == "image-1.jpg"
        answer = aki.xttsv2(text="Quack")
        assert answer.audio.save(folder).name == "audio-1.wav"

    @covers("ep_version", "total_duration", "finished_time")
    def test_figures_are_in_meta(self, aki):
        answer = aki.llama3_chat(prompt_input="Hi [[dur=0.1]]")
        assert answer.meta.endpoint_version == aki.endpoint_details("llama3_chat")["version"]
        assert answer.meta.total_duration >= 0.1
        assert answer.meta.compute_duration > 0
        assert answer.meta.extras["finished_time"] > 1e9
        assert not {"auth", "auth_key"} & answer.meta.extras.keys()

    def test_a_declared_output_that_is_missing_says_so(self):
        with pytest.raises(MissingOutputError):
            _ = Llama3ChatOutput.read({"model_name": "llama"}).text


class TestProgress:
    """What an event tells."""

    @covers("progress_info", "progress")
    def test_an_event_has_figures_data_and_new_text(self, aki):
        with aki.llama3_chat.stream(prompt_input=SLOW) as stream:
            events = list(stream)
        text = ""
        for event in events:
            assert isinstance(event, Running)
            text += event.text_delta
            assert event.data.text == text
        assert [event.progress for event in events] == sorted(event.progress for event in events)
        assert 0 < events[0].progress == events[0].data.num_generated_tokens

        prompt = "A duck [[dur=0.3]]"
        with aki.z_image_turbo.stream(prompt=prompt, width=128, height=128) as stream:
            assert all(0 <= event.progress <= 100 for event in stream)

    @covers("queue_position", "estimate")
    def test_a_waiting_job_has_a_place_and_an_estimate(self, idle_server):
        with (
            Aki(api_server=idle_server.url) as aki,
            aki.llama3_8b_chat.stream(prompt_input="Hi") as stream,
        ):
            event = next(iter(stream))
            assert isinstance(event, Queued)
            assert event.position == 1
            assert event.estimate is None or event.estimate >= 0

    @covers("queue_position", "estimate")
    def test_an_unknown_place_or_estimate_is_none(self):
        progress = {"queue_position": -1, "estimate": -1, "progress": 0, "progress_data": {}}
        unknown = hub_that_answers(
            200, None, success=True, job_id="1", job_state="queued", progress=progress
        )
        with unknown, Aki(http_client=unknown).llama3_chat.stream(prompt_input="Hi") as stream:
            event = next(iter(stream))
        assert isinstance(event, Queued)
        assert (event.position, event.estimate) == (None, None)


class TestExceptions:
    """Which class stands for what."""

    @covers("ConnectionError")
    def test_no_answer_and_no_such_thing(self, aki):
        with pytest.raises(ConnectionFailedError) as caught:
            Aki(api_server="http://127.0.0.1:9", max_retries=0).llama3_chat(prompt_input="Hi")
        assert isinstance(caught.value, ConnectionError)
        with pytest.raises(NotFoundError):
            aki.call("no_such_endpoint", {})
        with hub_that_answers(500) as broken, pytest.raises(ServerError):
            Aki(http_client=broken).llama3_chat(prompt_input="Hi")

    @covers("BrokenPipeError")
    def test_a_poll_that_fails_is_repeated_until_the_deadline(self):
        polls = []

        def answer(request):
            if request.url.path.startswith("/api/call/"):
                return httpx.Response(200, json={"success": True, "job_id": "1"})
            if b'"cancel":true' in request.content:
                return httpx.Response(200, json={"success": True, "job_state": "canceled"})
            polls.append(request)
            return httpx.Response(502, text="<html>Bad Gateway</html>")

        with httpx.Client(transport=httpx.MockTransport(answer)) as broken:
            aki = Aki(http_client=broken, timeout=0.5)
            with pytest.raises(DeadlineExceededError):
                aki.llama3_chat(prompt_input="Hi")
        assert len(polls) > 2

    @covers("TimeoutError")
    def test_a_deadline_that_passes_is_a_timeout(self, aki):
        with pytest.raises(DeadlineExceededError) as caught:
            aki.llama3_chat.with_options(timeout=0.2)(prompt_input=ENDLESS)
        assert isinstance(caught.value, TimeoutError)
        assert ends_canceled(aki.llama3_chat.job(caught.value.job_id))
        with hub_that_answers(503) as busy, pytest.raises(ServerError):
            Aki(http_client=busy).llama3_chat(prompt_input="Hi")

    @covers("ValueError")
    def test_refused_parameters_are_listed(self, aki, idle_server):
        with pytest.raises(InvalidParametersError) as caught:
            aki.z_image_turbo(prompt="A duck", width=1, steps=1000)
        assert isinstance(caught.value, ValueError)
        assert len(caught.value.problems) == 2
        with pytest.raises(InvalidParametersError) as caught:
            aki.call("z_image_turbo", {"width": 1, "steps": 1000})
        assert caught.value.by_hub
        assert len(caught.value.problems) >= 3
        with hub_that_answers(400, "Endpoint disabled!") as off, pytest.raises(BadRequestError):
            Aki(http_client=off).llama3_chat(prompt_input="Hi")
        with Aki(api_server=idle_server.url, max_retries=0) as full:
            jobs = [full.xttsv2.submit(text="Hi") for _ in range(2)]
            with pytest.raises(QueueFullError):
                full.xttsv2.submit(text="Hi")
            assert [job.status() for job in jobs] == ["queued"] * 2

    @covers("PermissionError")
    def test_each_refusal_has_its_class(self, aki):
        with Aki("bad-key") as bad, pytest.raises(AuthenticationError):
            bad.llama3_chat(prompt_input="Hi")
        with pytest.raises(NotEntitledError):
            aki.minimax_m3(prompt_input="Hi")
        with hub_that_answers(413) as small, pytest.raises(TooLargeError):
            Aki(http_client=small).llama3_chat(prompt_input="Hi")
        with hub_that_answers(429) as busy, pytest.raises(RateLimitedError):
            Aki(http_client=busy, max_retries=0).llama3_chat(prompt_input="Hi")

    def test_a_job_that_ended_without_a_result_has_its_class(self, aki):
        with pytest.raises(JobFailedError) as failed:
            aki.llama3_chat(prompt_input="Hi [[errkeep=truncated]]")
        assert failed.value.partial["text"].startswith(GREETING)
        assert failed.value.job_id

        with (
            SandboxServer(settings=HubSettings(job_timeout=0.1)) as hub,
            Aki(api_server=hub.url) as impatient,
            pytest.raises(JobLapsedError),
        ):
            impatient.llama3_chat(prompt_input="Hi [[hang]]")
        with pytest.raises(JobUnknownError):
            aki.llama3_chat.job("nobody").result(timeout=10)
        done = aki.llama3_chat(prompt_input="Hi")
        with pytest.raises(ResultGoneError):
            aki.llama3_chat.job(done.meta.job_id).result(timeout=10)


# What the official clients offer, Python 1.0.5 and PHP 1.0.0.
OFFICIAL = {
    "Aki",
    "do_api_request",
    "do_api_request_async",
    "get_api_request_generator",
    "do_aki_request",
    "do_aki_request_async",
    "init_api_key",
    "init_api_key_async",
    "get_endpoint_list",
    "get_endpoint_details",
    "cancel_request",
    "append_progress_input_params",
    "setup_session",
    "close_session",
    "encode_binary",
    "decode_binary",
    "check_if_valid_base64_string",
    "check_if_valid_json_string",
    "get_version",
    "detect_media_type_from_media_format",
    "doApiRequest",
    "doApiRequestAsync",
    "doApiRequestAwait",
    "initApiKey",
    "getEndpointList",
    "getEndpointDetails",
    "cancelRequest",
    "appendProgressInputParams",
    "setApiKey",
    "encodeBinary",
    "decodeBinary",
    "checkIfValidBase64String",
    "checkIfValidJsonString",
    "getVersion",
    "detectMediaTypeFromFormat",
    "endpoint_name",
    "api_key",
    "session",
    "output_binary_format",
    "api_server",
    "raise_exceptions",
    "return_tool_call_dict",
    "progress_interval",
    "progress_callback",
    "result_callback",
    "wait_for_result",
    "success",
    "error",
    "error_code",
    "job_id",
    "job_state",
    "job_result",
    "result_data",
    "progress",
    "progress_data",
    "queue_position",
    "estimate",
}


def tables():
    """The page's tables, each as a list of rows, each a list of cells."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [
        [[cell.strip() for cell in line[1:-1].split(" | ")] for line in table.splitlines()]
        for table in found
    ]


def spans(cell):
    return re.findall(r"`([^`]+)`", cell)


def name_of(span):
    """`do_api_request(params)` is do_api_request, `result["text"]` is text."""
    key = re.fullmatch(r'result\["(\w+)"]', span)
    return key[1] if key else re.sub(r"^(new )?\$?", "", span).partition("(")[0]


def row_id(row):
    return spans(row[0] + row[1])[0]


def words(code):
    """Return the names in a piece of code, without keywords and what stands in quotes."""
    names = re.findall(r"[A-Za-z_]\w*", re.sub(r'"[^"]*"', "", code))
    return set(names) - set(keyword.kwlist)


def words_of_test(test):
    tree = ast.parse(textwrap.dedent(inspect.getsource(test))).body[0]
    tree.decorator_list = []
    return set(re.findall(r"[A-Za-z_]\w*", ast.unparse(tree)))


SHORT, *LONG = tables()
ROWS = {row_id(row): row for table in LONG for row in table[2:]}


class TestPage:
    """The page and the tests above say the same."""

    def test_every_row_has_a_test_and_every_test_a_row(self):
        assert set(COVERED) == set(ROWS)
        assert len(ROWS) == sum(len(table) - 2 for table in LONG)

    @pytest.mark.parametrize("row", ROWS)
    def test_the_tests_of_a_row_use_what_it_recommends(self, row):
        used = set().union(*map(words_of_test, COVERED[row]))
        recommended = set().union(*map(words, spans(ROWS[row][2])))
        assert recommended - used == set()

    @pytest.mark.parametrize("row", SHORT[2:], ids=lambda row: row[0])
    def test_the_short_table_says_what_the_long_ones_say(self, row):
        names = set().union(*({name_of(span), *words(span)} for span in spans(row[0])))
        meant = [key for key, long in ROWS.items() if names & set(map(name_of, spans(long[0])))]
        assert meant
        used = set().union(*(words_of_test(test) for key in meant for test in COVERED[key]))
        assert set().union(*map(words, spans(row[1]))) - used == set()

    def test_nothing_of_the_official_clients_is_left_out(self):
        named = {name_of(span) for row in ROWS.values() for span in spans(row[0] + row[1])}
        assert OFFICIAL - named == set()

    def test_every_exception_on_the_page_exists(self):
        errors = set(re.findall(r"`(\w+Error)`", PAGE.read_text(encoding="utf-8")))
        here = {name for name in errors if name in globals()}
        assert errors - here == {
            *("ConnectionError", "BrokenPipeError", "TimeoutError", "ValueError"),
            "PermissionError",
        }

    def test_the_program_runs(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
        exec(compile(program, str(PAGE), "exec"), {})  # noqa: S102 the page's own program
        assert capsys.readouterr().out.count(GREETING) == 2
        assert (tmp_path / "robot.jpg").stat().st_size > 0
