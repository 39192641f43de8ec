"""Rules of a hub that no type expresses: steps, float choices, limits of media, what a chat may hold."""

import io
from typing import Annotated, Any

import pytest
from aki_runtime.chat.messages import ChatContext
from aki_runtime.fields.base import InputModel
from aki_runtime.media.formats import image_size
from aki_runtime.media.inputs import ImageInput
from aki_runtime.shapes import is_multiple
from PIL import Image
from pydantic import Field, ValidationError

LIMITS = {
    "format": {"supported": ["png", "jpeg"]},
    "size": {"minimum": [16, 16], "maximum": [64, 64], "align": [8, 8]},
}
CONVERTED = {name: {**limit, "converted": True} for name, limit in LIMITS.items()}


class LookInput(InputModel):
    """Parameters with rules that are no types."""

    image: Annotated[ImageInput | None, Field(json_schema_extra={"media": LIMITS})] = None
    any_image: Annotated[ImageInput | None, Field(json_schema_extra={"media": CONVERTED})] = None
    silent: ChatContext | None = None
    seeing: Annotated[
        ChatContext | None, Field(json_schema_extra={"support": {"image": LIMITS}})
    ] = None
    step: Annotated[float | None, Field(json_schema_extra={"step": 0.1})] = None


def picture(width: int, height: int, format_name: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, format=format_name)
    return buffer.getvalue()


def refusal(**given: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        LookInput(**given)
    return caught.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (picture(32, 32, "GIF"), "is gif; the endpoint takes png, jpeg"),
        (picture(8, 32), "8 by 32 pixels; at least 16 by 16"),
        (picture(128, 32), "128 by 32 pixels; at most 64 by 64"),
        (picture(20, 32), "only multiples of 8 by 8"),
    ],
)
def test_a_picture_that_the_endpoint_would_refuse_is_refused_before_upload(
    data: bytes, said: str
) -> None:
    assert said in refusal(image=data)


def test_a_picture_that_the_hub_converts_passes() -> None:
    assert LookInput(any_image=picture(500, 3, "GIF")).any_image is not None


def test_a_picture_within_the_limits_passes() -> None:
    assert LookInput(image=picture(32, 64)).image is not None


def message(data: bytes) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"text": "see"}, {"image": data}]}]


def test_a_chat_takes_only_the_media_that_it_supports() -> None:
    assert "message 0 holds image; this endpoint takes text" in refusal(
        silent=message(picture(32, 32))
    )
    assert LookInput(seeing=message(picture(32, 32))).seeing is not None


def test_the_media_of_a_chat_have_limits_too() -> None:
    assert "message 0: the image is 8 by 8 pixels" in refusal(seeing=message(picture(8, 8)))


def test_a_step_of_fractions_forgives_rounding() -> None:
    assert LookInput(step=0.1 + 0.2).step is not None
    assert "must be a multiple of 0.1" in refusal(step=0.25)


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_the_size_of_a_picture_is_read_from_its_first_bytes(format_name: str) -> None:
    data = picture(37, 21, format_name)
    assert image_size(data, format_name.lower()) == (37, 21)


@pytest.mark.parametrize("lossless", [True, False])
def test_the_size_is_read_from_every_kind_of_webp(lossless: bool) -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (37, 21)).save(buffer, format="WEBP", lossless=lossless)
    assert image_size(buffer.getvalue(), "webp") == (37, 21)


@pytest.mark.parametrize("format_name", ["png", "jpeg", "gif", "bmp", "webp", "tiff"])
@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"\x89PNG", bytes(12)])
def test_a_picture_that_is_cut_short_has_no_size(format_name: str, data: bytes) -> None:
    assert image_size(data, format_name) is None


def test_what_floats_can_not_tell_of_large_whole_numbers_is_told_all_the_same() -> None:
    assert is_multiple(2**60, 2)
    assert not is_multiple(2**60 + 1, 2)
    assert not is_multiple(10**400 + 1, 0.5)
    assert not is_multiple(1_000_000.0005, 0.001)
