"""What stands where in an answer and in an event, as docs/coming-from-aki-io.md words it."""

import pytest
from aki_client import (
    Aki,
    AkiError,
    JobError,
    JobFailedError,
    MissingOutputError,
    Queued,
    Running,
    StatusError,
)
from aki_client.models import Llama3ChatOutput
from e2e.coming_from_aki_io.shared import GREETING, SLOW, covers, hub_that_answers


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

    @covers("seed")
    def test_every_declared_output_is_an_attribute(self, aki):
        answer = aki.z_image_turbo(prompt="A duck", width=128, height=128, seed=7)
        assert answer.seed == 7
        answer = aki.llama3_chat(prompt_input="Hi")
        assert answer.num_generated_tokens > 0
        assert answer.model_name.startswith("sandbox")

    @covers("images")
    def test_media_are_saved_by_one_call(self, aki, tmp_path):
        folder = tmp_path
        answer = aki.z_image_turbo(prompt="A duck", width=128, height=128)
        assert answer.images[0].save(folder).name == "image-1.jpg"
        answer = aki.xttsv2(text="Quack")
        assert answer.audio.save(folder).name == "audio-1.wav"

    @covers("ep_version", "total_duration", "finished_time", "auth")
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
