"""Every model says its JSON form, which is what FastAPI, agents and forms read."""

import json
from typing import Annotated, Literal

import aki_client.models
import jsonschema
import pytest
from aki_client import (
    Audio,
    AudioInput,
    ChatContext,
    ChatText,
    Image,
    ImageInput,
    InputModel,
    Json,
    OutputModel,
)
from pydantic import BaseModel, Field

URI = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB"
MESSAGES = [{"role": "user", "content": [{"text": "Look"}, {"image": URI}]}]


class Painted(InputModel):
    """A parameter of each kind."""

    prompt: Annotated[str, Field(description="What to paint.")]
    class_: Annotated[str | None, Field(alias="class")] = None
    width: Annotated[int, Field(ge=128, le=2048, json_schema_extra={"step": 32})] = 1024
    ratio: Annotated[float, Field(json_schema_extra={"choices": [0.5, 1.0]})] = 1.0
    fitted: Annotated[
        int, Field(json_schema_extra={"converted": {"minimum": 1, "maximum": 9, "step": 2}})
    ] = 1
    size: Annotated[
        Literal["s", "l"] | str, Field(json_schema_extra={"converted": {"choices": ["s", "l"]}})
    ] = "s"
    image: ImageInput
    voices: list[AudioInput] | None = None
    settings: Json | None = None
    chat: Annotated[ChatContext | None, Field(json_schema_extra={"support": {"image": {}}})] = None


class Answered(OutputModel):
    """An output of each kind."""

    text: ChatText
    images: list[Image]
    voice: Audio | None = None


def fields(mode="validation"):
    return Painted.model_json_schema(mode=mode)["properties"]


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_every_generated_model_has_a_schema(mode):
    found = [getattr(aki_client.models, name) for name in dir(aki_client.models)]
    models = [model for model in found if isinstance(model, type) and issubclass(model, BaseModel)]
    for model in models:
        jsonschema.Draft202012Validator.check_schema(model.model_json_schema(mode=mode))
    assert len(models) > 40


def test_what_a_schema_takes_the_model_takes():
    body = {
        "prompt": "a lake",
        "class_": "big",
        "width": 512,
        "ratio": 0.5,
        "fitted": 1000,
        "size": "medium",
        "image": URI,
        "settings": {"a": [1]},
        "chat": MESSAGES,
    }
    jsonschema.validate(body, Painted.model_json_schema())
    assert Painted.model_validate_json(json.dumps(body)).model_fields_set == body.keys()


@pytest.mark.parametrize(
    "more",
    [
        {"width": 1000},
        {"width": 4096},
        {"ratio": 0.7},
        {"class": "big"},
        {"image": 5},
        {"voices": URI},
        {"chat": "Hi"},
        {"chat": [{"role": "tool", "content": "Hi"}]},
    ],
    ids=str,
)
def test_what_a_schema_refuses_the_model_refuses(more):
    body = {"prompt": "a lake", "image": URI, **more}
    assert not jsonschema.Draft202012Validator(Painted.model_json_schema()).is_valid(body)
    with pytest.raises(ValueError, match="Painted"):
        Painted.model_validate_json(json.dumps(body))


def test_what_a_model_writes_is_of_its_schema():
    given = Painted(prompt="a lake", image=URI, chat=MESSAGES, settings={"a": 1}, class_="big")
    schema = Painted.model_json_schema(mode="serialization")
    jsonschema.validate(json.loads(given.model_dump_json(by_alias=True)), schema)
    came = Answered(text={"thinking": "hm", "content": "Hi"}, images=[URI])
    schema = Answered.model_json_schema(mode="serialization")
    jsonschema.validate(json.loads(came.model_dump_json()), schema)


def test_rules_are_told_in_the_words_of_json_schema():
    width = fields()["width"]
    assert (width["minimum"], width["maximum"], width["multipleOf"]) == (128, 2048, 32)
    assert fields()["ratio"]["enum"][:2] == [0.5, 1.0]
    ours = {"step", "choices", "converted", "media", "support", "kind"}
    assert all(ours.isdisjoint(field) for field in fields().values())


def test_descriptions_say_what_the_hub_says_and_what_it_fits():
    assert fields()["prompt"]["description"] == "What to paint."
    assert fields()["fitted"]["description"] == "1–9 in multiples of 2; the hub fits other values"
    assert fields()["size"]["description"] == "one of 's', 'l'; the hub fits other values"
    assert "data:image/" in fields()["image"]["description"]


def test_the_schema_of_a_fastapi_service_holds_the_models():
    fastapi = pytest.importorskip("fastapi")
    testclient = pytest.importorskip("fastapi.testclient")
    app = fastapi.FastAPI()

    @app.post("/paint")
    def paint(body: Painted) -> Answered:
        return Answered(text=body.prompt, images=[body.image.data_uri()])

    with testclient.TestClient(app) as http:
        schemas = http.get("/openapi.json").json()["components"]["schemas"]
        answer = http.post("/paint", json={"prompt": "a lake", "image": URI})
    assert schemas["Painted"]["properties"]["width"]["multipleOf"] == 32
    assert schemas["Answered"]["properties"]["images"]["items"]["format"] == "data-uri"
    assert (answer.json()["text"], answer.json()["images"]) == ("a lake", [URI])
