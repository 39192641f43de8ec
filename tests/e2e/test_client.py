"""The generated client against the sandbox hub over a real socket, sync and async."""

import asyncio
import io
import wave
from pathlib import Path

import pytest
from aki_client import (
    Aki,
    AsyncAki,
    AuthenticationError,
    InvalidParametersError,
    JobFailedError,
    NotEntitledError,
    NotFoundError,
    Queued,
    Running,
)
from aki_client.models import FluxDevProgress, Llama38bChatOutput, Llama38bChatProgress
from aki_sandbox.server import SandboxServer
from PIL import Image as Pillow

MESSAGES = [{"role": "user", "content": "Tell me a joke"}]
SLOW = "[[dur=1.5 steps=10]]"


def test_a_call_returns_the_typed_result(aki: Aki) -> None:
    answer = aki.llama3_8b_chat(chat_context=MESSAGES)
    assert isinstance(answer, Llama38bChatOutput)
    assert "Tell me a joke" in answer.text
    assert answer.num_generated_tokens > 0


def test_a_result_tells_its_job_and_durations(aki: Aki) -> None:
    meta = aki.llama3_8b_chat(prompt_input="hello").meta
    assert meta.endpoint == "llama3_8b_chat"
    assert meta.job_id
    assert meta.total_duration is not None
    assert "start_time" in meta.extras


def test_only_the_arguments_of_the_call_are_sent(hub: SandboxServer, aki: Aki) -> None:
    # The sandbox echoes the seed that it used: not the -1 of the signature, which the hub itself applies.
    assert aki.flux_dev(prompt="a tree", seed=7).seed == 7
    assert aki.flux_dev(prompt="a tree").seed != -1


def test_an_image_has_the_asked_size_and_can_be_saved(aki: Aki, tmp_path: Path) -> None:
    image = aki.z_image_turbo(prompt="A cute robot", width=512, height=256).images[0]
    path = image.save(tmp_path / "robot")
    assert path == tmp_path / f"robot{image.suffix}"
    with Pillow.open(path) as picture:
        assert picture.size == (512, 256)
        assert (picture.format or "").lower() == image.format


def test_speech_is_a_sound_that_can_be_played(aki: Aki) -> None:
    audio = aki.xttsv2(text="Hello there").audio
    assert audio.mime == "audio/wav"
    with wave.open(io.BytesIO(audio.bytes)) as sound:
        assert sound.getnframes() > 0


def test_the_output_of_one_call_is_the_input_of_the_next(aki: Aki) -> None:
    image = aki.z_image_turbo(prompt="A cute robot").images[0]
    assert aki.qwen_image_edit(prompt="Make it winter", image=image).images


def test_a_stream_gives_each_word_once_and_then_the_result(aki: Aki) -> None:
    with aki.llama3_8b_chat.stream(prompt_input=f"hi {SLOW}") as stream:
        events = list(stream)
        result = stream.result()
    assert "".join(event.text_delta for event in events) == result.text
    running = [event for event in events if isinstance(event, Running)]
    assert len(running) > 1
    assert isinstance(running[0].data, Llama38bChatProgress)


def test_a_stream_of_a_picture_tells_its_steps(aki: Aki) -> None:
    options = {"prompt": f"a lake {SLOW}", "provide_progress_images": "decoded"}
    with aki.flux_dev.stream(**options) as stream:  # type: ignore[arg-type]
        running = [event for event in stream if isinstance(event, Running)]
    assert isinstance(running[-1].data, FluxDevProgress)
    assert running[-1].data.progress_message
    assert any(event.data.progress_images for event in running)


def test_a_waiting_job_tells_its_place_in_the_queue(hub: SandboxServer, aki: Aki) -> None:
    jobs = [aki.kimi_k2.submit(prompt_input="[[dur=0.3]]") for _ in range(6)]
    first = next(iter(jobs[-1].events()))
    assert isinstance(first, Queued)
    assert first.position is not None
    assert first.position >= 1
    for job in jobs:
        job.result(timeout=60)


def test_a_job_is_found_again_by_its_id(hub: SandboxServer, aki: Aki) -> None:
    job_id = aki.flux_dev.submit(prompt="a lake").id
    with Aki("test-key", api_server=hub.url) as other:
        assert other.flux_dev.job(job_id).result(timeout=60).images


def test_the_hub_is_asked_for_its_endpoints_and_their_details(aki: Aki) -> None:
    names = aki.endpoints()
    assert "flux-dev" in names
    assert aki.endpoint_details("flux-dev")["name"] == "flux-dev"


def test_a_good_key_is_true_and_a_bad_one_says_why(hub: SandboxServer, aki: Aki) -> None:
    assert aki.validate_key()
    with Aki("bad-key", api_server=hub.url) as refused:
        check = refused.validate_key()
    assert not check
    assert check.message == "Key not valid"


def test_a_refused_key_is_an_authentication_error(hub: SandboxServer) -> None:
    with (
        Aki("bad-key", api_server=hub.url) as aki,
        pytest.raises(AuthenticationError, match="Key not valid"),
    ):
        aki.flux_dev(prompt="a lake")


def test_a_missing_key_says_where_to_put_one(
    hub: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AKI_API_KEY", raising=False)
    with Aki(api_server=hub.url) as aki, pytest.raises(AuthenticationError, match="AKI_API_KEY"):
        aki.flux_dev(prompt="a lake")


def test_a_key_without_the_right_is_told_apart_from_a_bad_one(aki: Aki) -> None:
    with pytest.raises(NotEntitledError):
        aki.minimax_m3(prompt_input="hello")


def test_all_faults_of_a_call_come_at_once_and_nothing_is_sent(
    hub: SandboxServer, aki: Aki
) -> None:
    before = hub.hub.request_count
    with pytest.raises(InvalidParametersError) as caught:
        aki.flux_dev(promt="x", width="wide", provide_progress_images="maybe")  # type: ignore[call-arg,arg-type]
    assert [problem.parameter for problem in caught.value.problems] == [
        "prompt",
        "width",
        "provide_progress_images",
        "promt",
    ]
    assert "did you mean 'prompt'?" in caught.value.problems[3]
    assert hub.hub.request_count == before


def test_parameters_that_only_the_hub_can_refuse_come_as_the_same_exception(aki: Aki) -> None:
    with pytest.raises(InvalidParametersError) as caught:
        aki.call("flux-dev", {"prompt": "x", "steps": 1000, "foo": 1})
    assert len(caught.value.problems) == 2
    assert caught.value.by_hub


def test_a_failed_job_says_what_the_worker_said_and_keeps_what_there_was(aki: Aki) -> None:
    with pytest.raises(JobFailedError, match="out of memory") as caught:
        aki.llama3_8b_chat(prompt_input="hi [[errkeep=out_of_memory]]")
    assert caught.value.job_id
    assert caught.value.partial["text"]


def test_an_endpoint_that_was_not_generated_can_be_called(aki: Aki) -> None:
    output = aki.call("z_image_turbo", {"prompt": "a lake", "width": 256, "height": 256})
    assert output.images[0].format in ("jpeg", "png", "webp")
    with pytest.raises(NotFoundError):
        aki.call("no_such_endpoint", {})


def test_an_attribute_that_is_no_endpoint_is_an_attribute_error(aki: Aki) -> None:
    with pytest.raises(AttributeError, match="no endpoint 'flux_de'"):
        aki.flux_de  # type: ignore[attr-defined]  # noqa: B018


def test_the_endpoint_functions_use_a_default_client(
    hub: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aki_client.endpoints import flux_dev
    from aki_runtime.jobs import ref

    monkeypatch.setenv("AKI_API_SERVER", hub.url)
    monkeypatch.setenv("AKI_API_KEY", "test-key")
    monkeypatch.setattr(ref, "_clients", {})
    assert flux_dev(prompt="a lake").images
    ref.shared_client(Aki).close()


def test_the_awaitable_functions_use_a_default_client(
    hub: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aki_client.endpoints.aio import flux_dev
    from aki_runtime.jobs import ref

    monkeypatch.setenv("AKI_API_SERVER", hub.url)
    monkeypatch.setenv("AKI_API_KEY", "test-key")
    monkeypatch.setattr(ref, "_clients", {})

    async def main() -> None:
        async with ref.shared_client(AsyncAki):
            assert (await flux_dev(prompt="a lake")).images

    asyncio.run(main())


def test_the_async_client_calls_streams_and_submits(async_aki: AsyncAki) -> None:
    async def main() -> None:
        async with async_aki as aki:
            assert "joke" in (await aki.llama3_8b_chat(chat_context=MESSAGES)).text
            async with aki.llama3_8b_chat.stream(prompt_input=f"hi {SLOW}") as stream:
                text = "".join([piece async for piece in stream.text()])
                assert text == (await stream.result()).text
            job = await aki.flux_dev.submit(prompt="a lake")
            assert (await aki.flux_dev.job(job.id).result(timeout=60)).images
            assert "flux-dev" in await aki.endpoints()
            assert await aki.validate_key()

    asyncio.run(main())


def test_the_async_client_raises_the_same_exceptions(async_aki: AsyncAki) -> None:
    async def main() -> None:
        async with async_aki as aki:
            with pytest.raises(InvalidParametersError):
                await aki.flux_dev()  # type: ignore[call-arg]
            with pytest.raises(JobFailedError, match="boom"):
                await aki.flux_dev(prompt="[[error=boom]]")
            with pytest.raises(NotEntitledError):
                await aki.minimax_m3(prompt_input="hello")

    asyncio.run(main())


def test_one_client_serves_both_path_layouts(hub: SandboxServer) -> None:
    with Aki("test-key", api_server=f"{hub.url}/api/", layout="aime") as aki:
        assert aki.flux_dev(prompt="a lake").images
    assert ("POST", "/flux-dev") in [(seen.method, seen.path) for seen in hub.hub.requests]
