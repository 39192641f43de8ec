"""What users write, with the exact types that a checker must see. Checked, never run."""

import asyncio
import io
from pathlib import Path
from typing import Literal, assert_type

from aki_client import (
    Aki,
    AkiError,
    AnyOutput,
    AnyProgress,
    AsyncAki,
    AsyncJob,
    AsyncStream,
    Audio,
    ChatMessage,
    ChatText,
    DeadlineExceededError,
    Event,
    Image,
    InvalidParametersError,
    Job,
    JobError,
    Json,
    Meta,
    ParameterProblem,
    Queued,
    Running,
    StatusError,
    Stream,
    batch,
)
from aki_client.endpoints import aio, flux_dev, z_image_turbo
from aki_client.endpoints.aio import flux_dev as awaitable_flux_dev
from aki_client.models import (
    FluxDevInput,
    FluxDevOutput,
    FluxDevParams,
    FluxDevProgress,
    Llama38bChatOutput,
    Llama38bChatProgress,
    QwenImageEditOutput,
)
from aki_client.protocols import AsyncChat, Chat, TextToImage
from PIL import Image as PillowImage

aki = Aki()


def results() -> None:
    out = aki.flux_dev(prompt="a robot", width=512, height=512, provide_progress_images="decoded")
    assert_type(out, FluxDevOutput)
    assert_type(out.images, list[Image])
    assert_type(out.images[0].save("robot"), Path)
    assert_type(out.images[0].bytes, bytes)
    assert_type(out.seed, int)
    assert_type(out.meta, Meta)
    assert_type(out.meta.compute_duration, float | None)
    aki.flux_dev(prompt="a robot", seed=None, steps=None, provide_progress_images=None, image=None)
    answer = aki.llama3_8b_chat(chat_context=[{"role": "user", "content": "Tell me a joke"}])
    assert_type(answer, Llama38bChatOutput)
    assert_type(answer.text, ChatText)
    assert_type(answer.text.thinking, str)
    assert_type(answer.num_generated_tokens, int)
    assert_type(answer.text.upper(), str)
    assert_type(aki.xttsv2(text="Hello").audio, Audio)


def streams() -> None:
    with aki.llama3_8b_chat.stream(prompt_input="Tell me a joke") as stream:
        assert_type(stream, Stream[Llama38bChatProgress, Llama38bChatOutput])
        for event in stream:
            assert_type(event, Queued[Llama38bChatProgress] | Running[Llama38bChatProgress])
            assert_type(event.text_delta, str)
            if isinstance(event, Queued):
                assert_type(event.position, int | None)
            else:
                assert_type(event.data, Llama38bChatProgress)
                assert_type(event.data.num_generated_tokens, int | None)
                assert_type(event.progress, float)
        assert_type(stream.result(), Llama38bChatOutput)
        assert_type(stream.job_id, str | None)
    with aki.flux_dev.stream(prompt="a robot", provide_progress_images="decoded") as pictures:
        for seen in pictures:
            match seen:
                case Queued(position=position):
                    assert_type(position, int | None)
                case Running(data=data):
                    assert_type(data.progress_images, list[Image] | None)


def jobs() -> None:
    job = aki.flux_dev.submit(prompt="a robot")
    assert_type(job, Job[FluxDevProgress, FluxDevOutput])
    assert_type(job.id, str)
    assert_type(job.status(), str)
    for event in job.events(timeout=60):
        assert_type(event, Queued[FluxDevProgress] | Running[FluxDevProgress])
    job.cancel()
    again = aki.flux_dev.job("JOB")
    assert_type(again, Job[FluxDevProgress, FluxDevOutput])
    assert_type(again.result(timeout=60), FluxDevOutput)


async def awaited() -> None:
    async with AsyncAki() as client:
        assert_type(await client.flux_dev(prompt="a robot"), FluxDevOutput)
        async with client.flux_dev.stream(prompt="a robot") as stream:
            assert_type(stream, AsyncStream[FluxDevProgress, FluxDevOutput])
            async for event in stream:
                assert_type(event, Queued[FluxDevProgress] | Running[FluxDevProgress])
            assert_type(await stream.result(), FluxDevOutput)
        job = await client.flux_dev.submit(prompt="a robot")
        assert_type(job, AsyncJob[FluxDevProgress, FluxDevOutput])
        async for event in job.events():
            assert_type(event, Queued[FluxDevProgress] | Running[FluxDevProgress])
        assert_type(await job.result(timeout=60), FluxDevOutput)
        both = await asyncio.gather(
            client.flux_dev(prompt="a robot"), client.llama3_8b_chat(prompt_input="Hello")
        )
        assert_type(both, tuple[FluxDevOutput, Llama38bChatOutput])


def functions() -> None:
    assert_type(flux_dev(prompt="a robot"), FluxDevOutput)
    assert_type(flux_dev.stream(prompt="a robot"), Stream[FluxDevProgress, FluxDevOutput])
    assert_type(flux_dev.submit(prompt="a robot"), Job[FluxDevProgress, FluxDevOutput])
    z_image_turbo(prompt="a robot").images[0].save("robot")


async def awaitable_functions() -> None:
    assert_type(await awaitable_flux_dev(prompt="a robot"), FluxDevOutput)
    assert_type(await aio.flux_dev(prompt="a robot"), FluxDevOutput)
    assert_type(
        awaitable_flux_dev.stream(prompt="a robot"), AsyncStream[FluxDevProgress, FluxDevOutput]
    )
    assert_type(
        await awaitable_flux_dev.submit(prompt="a robot"), AsyncJob[FluxDevProgress, FluxDevOutput]
    )


def media() -> None:
    edit = aki.qwen_image_edit
    assert_type(edit(prompt="blue", image=b"\x89PNG"), QwenImageEditOutput)
    edit(prompt="blue", image=bytearray(b"\x89PNG"))
    edit(prompt="blue", image="robot.png")
    edit(prompt="blue", image=Path("robot.png"))
    edit(prompt="blue", image=io.BytesIO(b"\x89PNG"))
    edit(prompt="blue", image=PillowImage.open("robot.png"))
    edit(prompt="blue", image=PillowImage.new("RGB", (64, 64)))
    edit(prompt="blue", image=aki.flux_dev(prompt="a robot").images[0])
    with open("robot.png", "rb") as file, Path("robot.png").open("rb") as other:
        edit(prompt="blue", image=file)
        edit.stream(prompt="blue", image=other)
    aki.flux_dev(prompt="a robot", image=None)
    aki.whisper_transcribe(audio=Path("speech.wav"))
    aki.whisper_transcribe(audio=aki.xttsv2(text="Hello").audio)
    aki.video_caption(video=b"")


def chats(history: list[dict[str, str]], typed: list[ChatMessage]) -> None:
    aki.llama3_8b_chat(chat_context=history)
    aki.llama3_8b_chat(chat_context=typed)
    aki.llama3_8b_chat(chat_context=(*typed, {"role": "user", "content": "And then?"}))
    messages = [{"role": "system", "content": "Be brief."}]
    messages.append({"role": "user", "content": "Tell me a joke"})
    with aki.llama3_8b_chat.stream(chat_context=messages) as stream:
        assert_type(next(stream.text()), str)
    aki.qwen_vl_chat(
        chat_context=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"text": "What is it?"}, {"image": Path("robot.png")}]},
        ]
    )
    shown: ChatMessage = {"role": "user", "content": [{"image": b"\x89PNG"}, {"audio": "a.wav"}]}
    aki.qwen_vl_chat.submit(chat_context=[shown])


def json_values(glossary: dict[str, str], nested: dict[str, list[dict[str, int]]]) -> None:
    translate = aki.seamless_translate
    translate(text="robot", target_language="deu", glossary=glossary)
    translate(text="robot", target_language="deu", glossary=nested)
    translate(text="robot", target_language="deu", glossary={"a": [1, {"b": None}], "c": 0.5})
    pairs = [{"from": "robot", "to": "Roboter"}, {"from": "moon", "to": "Mond"}]
    translate(text="robot", target_language="deu", glossary=pairs)
    value: Json = pairs
    translate(text="robot", target_language="deu", glossary=value)


def selections(images: Literal["none", "decoded"], language: str) -> None:
    aki.flux_dev(prompt="a robot", provide_progress_images=images)
    aki.whisper_transcribe(audio=b"", language=language)


def options() -> None:
    def show(event: Event[FluxDevProgress]) -> None:
        assert_type(event, Queued[FluxDevProgress] | Running[FluxDevProgress])

    patient = aki.flux_dev.with_options(timeout=None, progress_interval=1, on_progress=show)
    assert_type(patient(prompt="a robot", seed=1), FluxDevOutput)
    assert_type(patient.stream(prompt="a robot"), Stream[FluxDevProgress, FluxDevOutput])
    assert_type(aki.with_options(max_retries=0), Aki)
    assert_type(aki.with_options(timeout=5).flux_dev(prompt="a robot"), FluxDevOutput)
    aki.flux_dev.with_options(on_progress=lambda event: print(event.text_delta))(prompt="a robot")
    Aki("KEY", api_server="http://localhost:7777", timeout=60)


def errors() -> None:
    try:
        aki.flux_dev(prompt="a robot")
    except InvalidParametersError as error:
        assert_type(error.problems, tuple[ParameterProblem, ...])
    except DeadlineExceededError as error:
        assert_type(error.job_id, str | None)
    except JobError as error:
        assert_type(error.job_id, str)
    except StatusError as error:
        assert_type(error.status, int)
    except AkiError as error:
        assert_type(error.message, str)
        assert_type(error.endpoint, str | None)


def input_models() -> None:
    inputs = FluxDevInput(prompt="a robot", width=512, image=Path("robot.png"))
    assert_type(inputs.width, int | None)
    assert_type(inputs.provide_progress_images, Literal["none", "decoded"] | None)


def parameters_as_a_dict(width: int | None) -> None:
    params: FluxDevParams = {"prompt": "a robot", "provide_progress_images": "decoded"}
    if width is not None:
        params["width"] = width
    assert_type(aki.flux_dev(**params), FluxDevOutput)
    assert_type(aki.flux_dev.stream(**params), Stream[FluxDevProgress, FluxDevOutput])
    assert_type(flux_dev.submit(**params), Job[FluxDevProgress, FluxDevOutput])


async def parameters_as_a_model(client: AsyncAki) -> None:
    inputs = FluxDevInput(prompt="a robot")
    inputs.width = 512
    assert_type(aki.flux_dev.call_with(inputs), FluxDevOutput)
    assert_type(aki.flux_dev.stream_with(inputs), Stream[FluxDevProgress, FluxDevOutput])
    assert_type(aki.flux_dev.submit_with(inputs), Job[FluxDevProgress, FluxDevOutput])
    assert_type(await client.flux_dev.call_with(inputs), FluxDevOutput)
    assert_type(await aio.flux_dev.submit_with(inputs), AsyncJob[FluxDevProgress, FluxDevOutput])


def questions() -> None:
    assert_type(aki.endpoints(), list[str])
    assert_type(aki.validate_key().valid, bool)


def endpoints_that_were_not_generated(name: str) -> None:
    out = aki.endpoint(name)(prompt="a robot", anything=1)
    assert_type(out, AnyOutput)
    print(out.images[0], out["images"])
    assert_type(aki.endpoint(name).submit(prompt="a robot"), Job[AnyProgress, AnyOutput])


def any_endpoint_of_a_kind(client: AsyncAki) -> None:
    def ask(chat: Chat) -> str:
        return chat(chat_context=[{"role": "user", "content": "Hello"}]).text

    async def ask_async(chat: AsyncChat) -> str:
        return (await chat(prompt_input="Hello")).text

    def paint(model: TextToImage) -> list[Image]:
        return list(model(prompt="a robot").images)

    print(ask(aki.llama3_8b_chat), ask(aki.kimi_k2), ask_async(client.qwen_vl_chat))
    print(paint(aki.flux_dev), paint(aki.z_image_turbo))


def many_calls(client: AsyncAki) -> None:
    rows = [{"prompt": "a robot"}]
    assert_type(batch.run(aki.flux_dev, rows, "out.jsonl"), batch.Summary)
    batch.run(client.flux_dev.with_options(timeout=60), rows, "out.jsonl")
    batch.check(flux_dev, rows)
    batch.check("aki_client:flux_dev", rows)


async def models_and_functions(client: AsyncAki) -> None:
    def look_up(query: str) -> float:
        return float(len(query))

    messages: list[ChatMessage] = [{"role": "user", "content": "Hello"}]
    answer = aki.chat(aki.llama3_8b_chat, messages, tools=[look_up], max_rounds=3)
    assert_type(answer, Llama38bChatOutput)
    assert_type(await client.chat(client.llama3_8b_chat, messages), Llama38bChatOutput)
    assert_type(answer.parse(dict[str, int]), dict[str, int])
    assert_type(aki.flux_dev.tool()(prompt="a robot"), FluxDevOutput)
