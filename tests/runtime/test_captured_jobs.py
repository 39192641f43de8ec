"""Recorded sequences of polls, fed through a whole job as a caller would see it."""

import io
from functools import partial

import pytest
from aki_runtime import errors
from aki_runtime.chat.text import ChatText
from aki_runtime.fields.base import OutputModel, ProgressModel
from aki_runtime.media.objects import Audio, Image
from aki_runtime.protocol.job import EventReader, JobState, Reading
from PIL import Image as Pillow
from support.captures import named_job, needs_captures, recorded_polls
from support.driver import texts

pytestmark = needs_captures

SENTENCE = "the quick brown fox jumps over a lazy dog while"


class LlamaOutput(OutputModel):
    """As the endpoint declares it."""

    text: ChatText
    num_generated_tokens: int
    prompt_length: int
    current_context_length: int
    max_seq_len: int
    model_name: str


class LlamaProgress(ProgressModel):
    """As the endpoint declares it."""

    text: ChatText | None = None
    num_generated_tokens: int | None = None


class FluxOutput(OutputModel):
    """As the endpoint declares it."""

    images: list[Image]
    seed: int


class FluxProgress(ProgressModel):
    """As the endpoint declares it."""

    progress_images: list[Image] | None = None


class SpeechOutput(OutputModel):
    """As the endpoint declares it."""

    audio_output: Audio


class ExampleOutput(OutputModel):
    """As the endpoint declares it."""

    text: str


class ExampleProgress(ProgressModel):
    """As the endpoint declares it."""

    status: str | None = None


LLAMA = Reading("llama3_chat", LlamaOutput, LlamaProgress)
FLUX = Reading("flux-dev", FluxOutput, FluxProgress)
SPEECH = Reading("tts_tortoise", SpeechOutput, ProgressModel)
EXAMPLE = Reading("example_api", ExampleOutput, ExampleProgress)


def live_through(reading, answers):
    """Return how the job looks after all answers, and the events on its way."""
    answers = list(answers)
    job = JobState(reading.endpoint, named_job(answers[0]))
    reader = EventReader(job, reading)
    events = []
    for answer in answers:
        job.observe(answer, 0.0, 0.2)
        events.append(reader.read())
    return partial(reading.result, job), [event for event in events if event is not None]


def test_a_chat_streams_its_text_once():
    result, events = live_through(LLAMA, recorded_polls("call_wait_false_llama3_polls"))
    assert "".join(event.text_delta for event in events) == SENTENCE == result().text


def test_a_chat_ends_with_its_figures():
    result, _ = live_through(LLAMA, recorded_polls("call_wait_false_llama3_polls"))
    result = result()
    assert (result.num_generated_tokens, result.prompt_length, result.model_name) == (
        10,
        20,
        "lab-llama3",
    )


def test_a_chats_progress_counts_tokens():
    _, events = live_through(LLAMA, recorded_polls("call_wait_false_llama3_polls"))
    counts = [event.data.num_generated_tokens for event in events if event.text_delta][:-1]
    assert counts == [event.progress for event in events if event.text_delta][:-1]


def test_a_painting_ends_with_pictures():
    result, _ = live_through(FLUX, recorded_polls("call_wait_false_flux_polls"))
    (picture,) = result().images
    with Pillow.open(io.BytesIO(picture.bytes)) as opened:
        assert (picture.format, opened.format, opened.size) == ("jpeg", "JPEG", (256, 256))


def test_a_painting_shows_pictures_on_its_way():
    _, events = live_through(FLUX, recorded_polls("call_wait_false_flux_polls"))
    shown = [picture for event in events for picture in event.data.progress_images or []]
    assert {picture.format for picture in shown} == {"jpeg"}


def test_speech_ends_with_a_sound():
    result, _ = live_through(SPEECH, recorded_polls("call_wait_false_tts_polls"))
    sound = result().audio_output
    assert (sound.format, sound.bytes[:4]) == ("wav", b"RIFF")


def test_progress_outputs_are_typed_as_declared():
    _, events = live_through(EXAMPLE, recorded_polls("call_wait_false_example_polls"))
    assert [event.data.status for event in events[1:5]] == ["step 1", "step 2", "step 3", "step 4"]


@pytest.mark.parametrize(
    ("reading", "name"),
    [
        (LLAMA, "call_wait_false_llama3_polls"),
        (FLUX, "call_wait_false_flux_polls"),
        (SPEECH, "call_wait_false_tts_polls"),
        (EXAMPLE, "call_wait_false_example_polls"),
    ],
)
def test_a_result_carries_how_long_it_took_and_no_credentials(reading, name):
    result, events = live_through(reading, recorded_polls(name))
    result = result()
    assert result.meta.total_duration is not None
    assert "worker_interface_version" in result.meta.extras
    assert "auth" not in result.meta.extras
    assert "xLabGPU" not in texts([result, result.meta, *events])


def test_a_job_whose_worker_fell_silent_lapses_once_and_for_all():
    result, _ = live_through(LLAMA, recorded_polls("short_lapsed_processing_timeline")[:2])
    with pytest.raises(errors.JobLapsedError, match="lapsed!"):
        result()


def test_a_lapsed_job_is_forgotten_later():
    result, _ = live_through(LLAMA, recorded_polls("short_lapsed_processing_timeline")[2:])
    with pytest.raises(errors.JobUnknownError, match="no active request"):
        result()


@pytest.mark.parametrize("part", ["batch4 (another long poll open)", "batch1 (no long poll open)"])
def test_a_killed_workers_job_keeps_the_text_so_far(part):
    result, _ = live_through(LLAMA, recorded_polls("worker_killed_timeline", part))
    with pytest.raises(errors.JobLapsedError) as caught:
        result()
    assert caught.value.partial == {
        "text": "the quick brown",
        "num_generated_tokens": 3,
        "current_context_length": 23,
    }


def test_a_killed_workers_text_streams_once():
    answers = recorded_polls("worker_killed_timeline", "batch1 (no long poll open)")
    _, events = live_through(LLAMA, answers)
    assert [event.text_delta for event in events] == ["the quick brown", ""]
