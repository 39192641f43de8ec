"""Models as the generator prints them, for tests that need some endpoint and not a certain one."""

from typing import Annotated, Literal

from aki_runtime.chat.messages import ChatContext
from aki_runtime.chat.text import ChatText
from aki_runtime.chat.tools import ToolCalls
from aki_runtime.fields.base import InputModel, OutputModel, ProgressModel
from aki_runtime.json_value import Json, JsonOutput
from aki_runtime.media.inputs import ImageInput
from aki_runtime.media.objects import Audio, Image
from pydantic import Field


class ChatInput(InputModel):
    """A chat endpoint's parameters."""

    chat_context: Annotated[
        ChatContext | None, Field(json_schema_extra={"support": {"image": {}, "audio": {}}})
    ] = None
    text_context: Annotated[str | None, Field(json_schema_extra={"kind": "text_context"})] = None
    temperature: Annotated[float, Field(ge=0.0, le=1.0)] = 0.8
    top_k: Annotated[int, Field(ge=0, le=1000)] = 40
    mode: Literal["chatml", "raw", "json"] = "chatml"


class ChatOutput(OutputModel):
    """A chat endpoint's outputs."""

    text: ChatText
    num_generated_tokens: int
    model_name: str
    error: str | None = None


class ChatProgress(ProgressModel):
    """What a chat endpoint tells of a running job."""

    text: ChatText | None = None
    num_generated_tokens: int | None = None


class PictureInput(InputModel):
    """An image endpoint's parameters, with every rule that a type alone does not say."""

    prompt: str
    class_: Annotated[str | None, Field(alias="class")] = None
    width: Annotated[int, Field(ge=128, le=2048, json_schema_extra={"step": 32})] = 1024
    ratio: Annotated[float, Field(json_schema_extra={"choices": [0.5, 1.0, 2.0]})] = 1.0
    strength: Annotated[float, Field(json_schema_extra={"step": 0.1})] = 0.5
    image: ImageInput | None = None
    settings: Json | None = None


class PictureOutput(OutputModel):
    """An image endpoint's outputs."""

    images: list[Image]
    seed: int
    class_: Annotated[str | None, Field(alias="class")] = None
    mode: Literal["fast", "slow"] | str = "fast"
    sound: Audio | None = None
    details: JsonOutput = None
    tool_calls: ToolCalls | None = None
