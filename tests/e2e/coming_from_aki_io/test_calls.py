"""Making jobs and following them, as docs/coming-from-aki-io.md words it."""

import asyncio
import json

import pytest
from aki_client import Aki, AsyncAki, AuthenticationError, Job, JobFailedError, Running
from e2e.coming_from_aki_io.shared import (
    ENDLESS,
    GREETING,
    SLOW,
    bodies,
    covers,
    ends_canceled,
    run_script,
)


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

    @covers("do_api_request", "params")
    def test_a_call_takes_keywords_and_leaves_a_dict_as_it_is(self, aki):
        params = {"chat_context": [{"role": "user", "content": "Hi"}], "max_gen_tokens": 5}
        before, messages = json.dumps(params), params["chat_context"]
        answer = aki.llama3_chat(**params)
        assert answer.num_generated_tokens == 5
        assert aki.llama3_chat(chat_context=messages).text.startswith(GREETING)
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

    @covers("append_progress_input_params", "canceled_jobs")
    def test_extra_inputs_ride_on_the_next_poll(self, recorder):
        job = Aki(http_client=recorder).llama3_chat.submit(prompt_input=SLOW)
        job.status()
        job.send(mood="calm")
        job.result()
        other = Aki(http_client=recorder).llama3_chat.submit(prompt_input=ENDLESS)
        other.cancel(wait=10)
        moods = [body.get("mood") for body in bodies(recorder, "progress")]
        assert moods[:3] == [None, "calm", None]
        assert set(moods[2:]) == {None}
        canceled = {body["job_id"] for body in bodies(recorder, "progress") if "cancel" in body}
        assert canceled == {other.id}
