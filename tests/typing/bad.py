"""Mistakes, one a line: every marked line is an error of each checker but those it names, and no other line is.

ty does not look into `**changes: Unpack[…]` for names that are unknown there. Checked, never run.
"""

from aki_client import Aki, AsyncAki, ChatMessage
from aki_client.endpoints import aio, flux_dev
from aki_client.models import FluxDevInput, FluxDevParams, QwenImageInput
from aki_client.protocols import Chat

aki = Aki()


def client() -> None:
    aki.flux_dev(prompt="a robot", widht=512)  # error: unknown name
    aki.flux_dev(prompt="a robot", width="512")  # error: wrong type
    aki.flux_dev(prompt="a robot", provide_progress_images="all")  # error: wrong choice
    aki.flux_dev(width=512)  # error: missing argument

    aki.flux_dev.stream(prompt="a robot", widht=512)  # error: unknown name
    aki.flux_dev.stream(prompt="a robot", width="512")  # error: wrong type
    aki.flux_dev.stream(prompt="a robot", provide_progress_images="all")  # error: wrong choice
    aki.flux_dev.stream(width=512)  # error: missing argument

    aki.flux_dev.submit(prompt="a robot", widht=512)  # error: unknown name
    aki.flux_dev.submit(prompt="a robot", width="512")  # error: wrong type
    aki.flux_dev.submit(prompt="a robot", provide_progress_images="all")  # error: wrong choice
    aki.flux_dev.submit(width=512)  # error: missing argument


async def async_client(client: AsyncAki) -> None:
    await client.flux_dev(prompt="a robot", widht=512)  # error: unknown name
    await client.flux_dev(prompt="a robot", width="512")  # error: wrong type
    await client.flux_dev(prompt="a robot", provide_progress_images="all")  # error: wrong choice
    await client.flux_dev(width=512)  # error: missing argument

    client.flux_dev.stream(prompt="a robot", widht=512)  # error: unknown name
    client.flux_dev.stream(prompt="a robot", width="512")  # error: wrong type
    client.flux_dev.stream(prompt="a robot", provide_progress_images="all")  # error: wrong choice
    client.flux_dev.stream(width=512)  # error: missing argument

    await client.flux_dev.submit(prompt="a robot", widht=512)  # error: unknown name
    await client.flux_dev.submit(prompt="a robot", width="512")  # error: wrong type
    await client.flux_dev.submit(prompt="a robot", provide_progress_images="all")  # error: wrong choice
    await client.flux_dev.submit(width=512)  # error: missing argument


def functions() -> None:
    flux_dev(prompt="a robot", widht=512)  # error: unknown name
    flux_dev(prompt="a robot", width="512")  # error: wrong type
    flux_dev(prompt="a robot", provide_progress_images="all")  # error: wrong choice
    flux_dev(width=512)  # error: missing argument

    flux_dev.stream(prompt="a robot", widht=512)  # error: unknown name
    flux_dev.stream(prompt="a robot", width="512")  # error: wrong type
    flux_dev.stream(prompt="a robot", provide_progress_images="all")  # error: wrong choice
    flux_dev.stream(width=512)  # error: missing argument

    flux_dev.submit(prompt="a robot", widht=512)  # error: unknown name
    flux_dev.submit(prompt="a robot", width="512")  # error: wrong type
    flux_dev.submit(prompt="a robot", provide_progress_images="all")  # error: wrong choice
    flux_dev.submit(width=512)  # error: missing argument


async def awaitable_functions() -> None:
    await aio.flux_dev(prompt="a robot", widht=512)  # error: unknown name
    await aio.flux_dev(prompt="a robot", width="512")  # error: wrong type
    await aio.flux_dev(prompt="a robot", provide_progress_images="all")  # error: wrong choice
    await aio.flux_dev(width=512)  # error: missing argument

    aio.flux_dev.stream(prompt="a robot", widht=512)  # error: unknown name
    aio.flux_dev.stream(prompt="a robot", width="512")  # error: wrong type
    aio.flux_dev.stream(prompt="a robot", provide_progress_images="all")  # error: wrong choice
    aio.flux_dev.stream(width=512)  # error: missing argument

    await aio.flux_dev.submit(prompt="a robot", widht=512)  # error: unknown name
    await aio.flux_dev.submit(prompt="a robot", width="512")  # error: wrong type
    await aio.flux_dev.submit(prompt="a robot", provide_progress_images="all")  # error: wrong choice
    await aio.flux_dev.submit(width=512)  # error: missing argument


def input_models() -> None:
    FluxDevInput(prompt="a robot", widht=512)  # error: unknown name
    FluxDevInput(prompt="a robot", width="512")  # error: wrong type
    FluxDevInput(prompt="a robot", provide_progress_images="all")  # error: wrong choice
    FluxDevInput(width=512)  # error: missing argument


def parameters_as_a_dict(params: FluxDevParams) -> None:
    first: FluxDevParams = {"prompt": "a robot", "widht": 512}  # error: unknown name
    second: FluxDevParams = {"prompt": "a robot", "width": "512"}  # error: wrong type
    third: FluxDevParams = {"prompt": "a robot", "provide_progress_images": "all"}  # error: wrong choice
    fourth: FluxDevParams = {"width": 512}  # error: missing argument
    params["widht"] = 512  # error: unknown name
    aki.xttsv2(**params)  # error: another endpoint's
    print(first, second, third, fourth)


def parameters_as_a_model(inputs: FluxDevInput, other: QwenImageInput) -> None:
    inputs.width = "512"  # error: wrong type
    aki.flux_dev.call_with(other)  # error: another endpoint's
    aki.flux_dev.stream_with(other)  # error: another endpoint's
    aki.flux_dev.submit_with({"prompt": "a robot"})  # error: a dict
    aki.flux_dev.call_with(inputs, width=512)  # error: both ways at once


def arguments() -> None:
    aki.flux_dev("a robot")  # error: positional argument
    aki.flux_dev(prompt=b"a robot")  # error: wrong type
    aki.flux_dev(prompt="a robot", seed=1.5)  # error: wrong type
    aki.flux_dev(prompt="a robot", timeout=5)  # error: an option is no parameter
    aki.flux_dev.with_options(timout=5)  # error: unknown name (not in ty)
    aki.flux_dev.with_options(timeout="5")  # error: wrong type
    aki.flux_dev.with_options(timeout=5)(prompt="a robot", widht=512)  # error: unknown name
    aki.seamless_translate(text="robot", target_language="klingon")  # error: wrong choice
    aki.seamless_translate(text="robot", target_language="deu", glossary={1})  # error: no JSON


def media() -> None:
    aki.qwen_image_edit(prompt="blue")  # error: missing argument
    aki.qwen_image_edit(prompt="blue", image=1)  # error: wrong type
    aki.qwen_image_edit(prompt="blue", image=None)  # error: required
    aki.qwen_image_edit(prompt="blue", image=open("robot.png"))  # error: a file opened as text
    aki.whisper_transcribe(audio=aki.flux_dev(prompt="a robot").images[0])  # error: no sound


def chats(texts: list[str], numbers: list[dict[str, int]]) -> None:
    aki.llama3_8b_chat(chat_context="Hello")  # error: wrong type
    aki.llama3_8b_chat(chat_context=texts)  # error: wrong type
    aki.llama3_8b_chat(chat_context=numbers)  # error: wrong type
    aki.qwen_vl_chat(chat_context=[{"role": "user", "content": [{"pic": b""}]}])  # error: no such part
    first: ChatMessage = {"role": "robot", "content": "Hello"}  # error: wrong choice
    second: ChatMessage = {"role": "user", "contents": "Hello"}  # error: unknown name
    third: ChatMessage = {"role": "user"}  # error: missing argument
    print(first, second, third)


def results() -> None:
    print(aki.flux_dev(prompt="a robot").image)  # error: unknown name
    aki.flux_devv(prompt="a robot")  # error: unknown name
    aki.flux_dev.strem(prompt="a robot")  # error: unknown name
    aki.flux_dev(prompt="a robot").images[0].save(1)  # error: wrong type
    width: str = aki.flux_dev(prompt="a robot").seed  # error: wrong type
    for event in aki.flux_dev.stream(prompt="a robot"):
        print(event.data.seed)  # error: unknown name
    print(width, aki.flux_dev.job(1))  # error: wrong type


async def awaited(client: AsyncAki) -> None:
    client.flux_devv(prompt="a robot")  # error: unknown name
    print((await client.flux_dev(prompt="a robot")).image)  # error: unknown name
    print(client.flux_dev(prompt="a robot").images)  # error: not awaited
    [event async for event in aki.flux_dev.stream(prompt="a robot")]  # error: needs for
    [event for event in client.flux_dev.stream(prompt="a robot")]  # error: needs async for


def any_endpoint_of_a_kind() -> None:
    chat: Chat = aki.flux_dev  # error: wrong type
    chat(prompt_input=1)  # error: wrong type
