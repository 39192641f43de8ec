"""Foreign JSON opens no file: only a call takes text for a path, and only where its caller does not say otherwise."""

import asyncio
import io
import json
from pathlib import Path
from typing import Annotated

import pytest
from aki_client import (
    Aki,
    AsyncAki,
    ChatContext,
    ConfigurationError,
    ImageInput,
    InputModel,
    InvalidParametersError,
    VideoInput,
)
from PIL import Image as Pillow
from pydantic import Field, TypeAdapter, ValidationError

URI = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB"


class Body(InputModel):
    """The body of a request to somebody's web service."""

    image: ImageInput | None = None
    images: list[ImageInput] | None = None
    video: VideoInput | None = None
    chat: Annotated[ChatContext | None, Field(json_schema_extra={"support": {"image": {}}})] = None


class Outer(InputModel):
    """A body within another."""

    inner: Body


@pytest.fixture
def secret(tmp_path, monkeypatch):
    """A picture of the user's, which also lies in the home folder and the working folder."""
    path = tmp_path / "secret.png"
    Pillow.new("RGB", (64, 64), "red").save(path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return path


def chat(image):
    return [{"role": "user", "content": [{"text": "Look"}, {"image": image}]}]


PLACES = {
    "a medium": lambda text: {"image": text},
    "a list": lambda text: {"images": [URI, text]},
    "a chat": lambda text: {"chat": chat(text)},
}


def spellings(path):
    return (str(path), path.name, f"~/{path.name}", f"file://{path}", f"file:{path}")


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_no_body_of_a_request_opens_a_file(secret, place):
    for values in map(place, spellings(secret)):
        for read in (
            lambda values: Body.model_validate_json(json.dumps(values)),
            Body.model_validate,
            lambda values: Body(**values),
            lambda values: TypeAdapter(list[Body]).validate_python([values]),
            lambda values: Outer.model_validate({"inner": values}, context={"some": "thing"}),
        ):
            with pytest.raises(ValidationError):
                read(values)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_refusal_does_not_say_whether_there_is_such_a_file(secret, place):
    said = []
    for path in (secret, secret.with_name("absent.png"), secret.parent, "/dev/null", "a\0b" * 99):
        with pytest.raises(ValidationError) as caught:
            Body.model_validate(place(str(path)))
        said.append(caught.value.errors(include_input=False)[0]["msg"])
    assert len(set(said)) == 1
    assert "data URI" in said[0]


def test_a_conversation_in_json_text_takes_data_uris_and_opens_no_file(secret):
    given = Body.model_validate({"chat": json.dumps(chat(URI))}, context={"allow_paths": True})
    assert given.chat[0]["content"][1]["image"].data_uri() == URI
    with pytest.raises(ValidationError, match="data URI"):
        Body.model_validate({"chat": json.dumps(chat(str(secret)))}, context={"allow_paths": True})


def test_a_model_opens_the_path_that_python_code_made_and_none_in_text(secret):
    assert Body(image=secret).image.bytes == secret.read_bytes()
    with pytest.raises(ValidationError, match="data URI"):
        Body(image=str(secret))


def test_the_body_of_a_fastapi_request_opens_no_file(secret):
    fastapi = pytest.importorskip("fastapi")
    testclient = pytest.importorskip("fastapi.testclient")
    app = fastapi.FastAPI()

    @app.post("/paint")
    def paint(body: Body) -> int:
        return body.image.size

    with testclient.TestClient(app) as http:
        present = http.post("/paint", json={"image": str(secret)})
        absent = http.post("/paint", json={"image": f"{secret}x"})
        assert http.post("/paint", json={"image": URI}).status_code == 200
    assert present.status_code == absent.status_code == 422
    assert present.json()["detail"][0]["msg"] == absent.json()["detail"][0]["msg"]


@pytest.mark.parametrize("make", [str, Path], ids=["text", "a Path"])
def test_a_call_opens_what_its_caller_names_and_nothing_for_somebody_else(secret, aki, make):
    foreign = aki.qwen_image_edit.with_options(allow_paths=False)
    own = foreign.with_options(allow_paths=True)
    assert own(prompt="brighter", image=make(secret)).images
    for start in (foreign, foreign.submit, foreign.stream):
        with pytest.raises(InvalidParametersError, match="data URI"):
            start(prompt="brighter", image=make(secret))


def test_a_client_for_somebody_else_opens_nothing(secret, hub):
    with Aki("test-key", api_server=hub.url, allow_paths=False) as aki:
        with pytest.raises(InvalidParametersError, match="data URI"):
            aki.call("qwen_image_edit", {"prompt": "brighter", "image": secret})
        with pytest.raises(InvalidParametersError, match="data URI"):
            aki.call("qwen_vl_chat", {"chat_context": chat(str(secret))})
        assert aki.qwen_image_edit(prompt="brighter", image=io.BytesIO(secret.read_bytes())).images


def test_an_async_call_for_somebody_else_opens_nothing(secret, hub):
    async def call():
        async with AsyncAki("test-key", api_server=hub.url, allow_paths=False) as aki:
            await aki.qwen_vl_chat(chat_context=chat(str(secret)))

    with pytest.raises(InvalidParametersError, match="data URI"):
        asyncio.run(call())


def test_a_model_that_calls_an_endpoint_as_a_tool_opens_nothing(secret, aki):
    tool = aki.qwen_image_edit.tool()
    with pytest.raises(InvalidParametersError, match="data URI"):
        tool(prompt="brighter", image=str(secret))
    with pytest.raises(ValidationError, match="data URI"):
        TypeAdapter(tool.__annotations__["image"]).validate_python(str(secret))


@pytest.fixture
def allowed(tmp_path, secret):
    """A folder that somebody else may name files of, beside the secret, with links that lead out of it."""
    folder = tmp_path / "allowed"
    (folder / "deeper").mkdir(parents=True)
    Pillow.new("RGB", (64, 64), "blue").save(folder / "deeper" / "free.png")
    (folder / "link.png").symlink_to(secret)
    (folder / "up").symlink_to(secret.parent)
    (folder / "ring.png").symlink_to(folder / "ring.png")
    return folder


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("make", [str, Path], ids=["text", "a Path"])
def test_a_file_below_an_allowed_folder_is_opened(allowed, place, make):
    for name in (make(allowed / "deeper/free.png"), make("deeper/free.png")):
        context = {"allow_paths": [allowed.parent / "other", str(allowed)]}
        assert Body.model_validate(place(name), context=context)


def test_a_tool_opens_files_below_an_allowed_folder(allowed, aki):
    tool = aki.qwen_image_edit.with_options(allow_paths=[allowed]).tool()
    assert TypeAdapter(tool.__annotations__["image"]).validate_python("deeper/free.png")
    assert tool(prompt="brighter", image="deeper/free.png").images


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_nothing_leads_out_of_an_allowed_folder_and_no_refusal_says_what_is_there(
    allowed, secret, place
):
    said = set()
    ways_out = ["link.png", "up/secret.png", "../secret.png", "deeper/../../secret.png"]
    for name in (*spellings(secret), *ways_out, "ring.png", "absent.png", "deeper", "a\0b", ".."):
        with pytest.raises(ValidationError) as caught:
            Body.model_validate(place(name), context={"allow_paths": [allowed]})
        said.add(caught.value.errors(include_input=False)[0]["msg"].replace("an address", "it"))
    without_addresses = {sentence for sentence in said if "not fetched" not in sentence}
    assert len(without_addresses) == 1
    assert str(allowed) in without_addresses.pop()


def test_a_client_opens_files_below_its_allowed_folders_alone(allowed, secret, hub):
    with Aki("test-key", api_server=hub.url, allow_paths=[allowed]) as aki:
        assert aki.qwen_image_edit(prompt="brighter", image="deeper/free.png").images
        with pytest.raises(InvalidParametersError, match="file below"):
            aki.qwen_image_edit(prompt="brighter", image=str(secret))
        with pytest.raises(InvalidParametersError, match="unsupported"):
            aki.call("qwen_image_edit", {"prompt": "brighter", "image": secret})


def test_a_folder_given_as_text_is_not_taken_for_a_list_of_folders(allowed):
    with pytest.raises(ConfigurationError, match="list of folders"):
        Aki(allow_paths=str(allowed))
