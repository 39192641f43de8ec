"""An input model, or a dict of parameters, given to a call: the same as giving each parameter by its name."""

import asyncio
import inspect
import io
from typing import TYPE_CHECKING, Any

import pytest
from aki_client import Aki, AsyncAki, InvalidParametersError
from aki_client.models import (
    FluxDevInput,
    FluxDevOutput,
    Llama38bChatInput,
    QwenImageEditInput,
    SeamlessTranslateInput,
)
from PIL import Image as Pillow

if TYPE_CHECKING:
    from aki_client.models import FluxDevParams


def a_picture() -> bytes:
    file = io.BytesIO()
    Pillow.new("RGB", (256, 256)).save(file, "PNG")
    return file.getvalue()


def test_a_call_takes_the_parameters_that_a_model_holds(aki: Aki) -> None:
    inputs = FluxDevInput(prompt="a robot", seed=7, width=256, height=128)
    answer = aki.flux_dev.call_with(inputs)
    assert answer.seed == 7
    assert answer.images[0].open().size == (256, 128)


def test_a_stream_takes_a_model(aki: Aki) -> None:
    with aki.flux_dev.with_options(timeout=60).stream_with(
        FluxDevInput(prompt="a", seed=7)
    ) as stream:
        assert stream.result().seed == 7


def test_a_submit_takes_a_model(aki: Aki) -> None:
    assert aki.flux_dev.submit_with(FluxDevInput(prompt="a", seed=7)).result().seed == 7


def test_the_async_forms_take_a_model(async_aki: AsyncAki) -> None:
    inputs = FluxDevInput(prompt="a", seed=7)

    async def seeds() -> list[int]:
        async with async_aki as client:
            called = await client.flux_dev.call_with(inputs)
            async with client.flux_dev.stream_with(inputs) as stream:
                streamed = await stream.result()
            job = await client.flux_dev.submit_with(inputs)
            return [called.seed, streamed.seed, (await job.result()).seed]

    assert asyncio.run(seeds()) == [7, 7, 7]


def test_what_a_model_does_not_hold_is_left_to_the_hub(aki: Aki) -> None:
    assert aki.flux_dev.call_with(FluxDevInput(prompt="a")).seed != -1


def test_media_conversations_and_json_of_a_model_are_sent_as_those_of_a_call(aki: Aki) -> None:
    edit = QwenImageEditInput(prompt="blue", image=a_picture())
    assert aki.qwen_image_edit.call_with(edit).images
    chat = Llama38bChatInput(chat_context=[{"role": "user", "content": "Tell me a joke"}])
    assert "Tell me a joke" in aki.llama3_8b_chat.call_with(chat).text
    translate = SeamlessTranslateInput(text="robot", target_language="deu", glossary={"a": "b"})
    assert aki.seamless_translate.call_with(translate).text


def test_another_endpoints_model_is_refused(aki: Aki) -> None:
    other: Any = QwenImageEditInput(prompt="blue", image=a_picture())
    with pytest.raises(TypeError, match="flux-dev takes a FluxDevInput, not a QwenImageEditInput"):
        aki.flux_dev.call_with(other)


def test_a_dict_of_parameters_is_given_by_unpacking(aki: Aki) -> None:
    params: FluxDevParams = {"prompt": "a robot", "seed": 7}
    assert aki.flux_dev(**params).seed == 7


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("steps", 99, "steps=99 is out of range 1–50 (nearest allowed: 50)"),
        ("steps", "x", "steps='x' must be a whole number, 1–50, not text"),
        ("widht", 512, "unknown parameter 'widht'; did you mean 'width'?"),
    ],
)
def test_a_refused_assignment_says_what_a_call_would_say(
    name: str, value: object, said: str
) -> None:
    inputs = FluxDevInput(prompt="a", steps=3)
    with pytest.raises(InvalidParametersError) as refused:
        setattr(inputs, name, value)
    assert refused.value.problems == (said,)
    assert inputs.model_dump(exclude_unset=True) == {"prompt": "a", "steps": 3}


def test_an_assignment_that_only_the_whole_refuses_changes_nothing() -> None:
    inputs = Llama38bChatInput(text_context="Once")
    with pytest.raises(InvalidParametersError, match="exclude each other"):
        inputs.chat_context = [{"role": "user", "content": "Hello"}]
    assert inputs.model_dump(exclude_unset=True) == {"text_context": "Once"}


@pytest.mark.parametrize("form", ["__call__", "stream", "submit"])
@pytest.mark.parametrize("client", [Aki, AsyncAki])
def test_every_form_says_its_parameters_and_what_it_returns(client: Any, form: str) -> None:
    endpoint = client("key").flux_dev
    signature = inspect.signature(endpoint if form == "__call__" else getattr(endpoint, form))
    assert list(signature.parameters)[:2] == ["prompt", "width"]
    assert "FluxDevOutput" in str(signature.return_annotation)
    assert "FluxDevInput" not in str(signature.return_annotation)
    assert (signature.return_annotation is FluxDevOutput) == (form == "__call__")
