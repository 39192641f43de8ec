"""Media in the forms that people have: odd sound, named formats, turned pictures, uploads, files under any suffix."""

import asyncio
import base64
import io
import struct
import sys
import threading
import wave
from pathlib import Path

import pytest
from aki_client import (
    Aki,
    AsyncAki,
    Audio,
    AudioInput,
    Image,
    ImageInput,
    InputModel,
    InvalidParametersError,
    MediaError,
    Video,
)
from PIL import Image as Pillow
from pydantic import ValidationError
from support.recorder import Recorder


class Given(InputModel):
    """Media of two kinds."""

    image: ImageInput | None = None
    audio: AudioInput | None = None


def frame(version, layer, plain=1, rate=0):
    """Return the head of a frame of MPEG audio, and some of its bytes."""
    return bytes((0xFF, 0xE0 | version << 3 | layer << 1 | plain, 0x50 | rate << 2, 0)) + bytes(60)


def rf64():
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(80))
    ds64 = b"ds64" + struct.pack("<IQQQI", 28, len(buffer.getvalue()) + 28, 80, 40, 0)
    return b"RF64\xff\xff\xff\xffWAVE" + ds64 + buffer.getvalue()[12:]


def picture(kind="JPEG", mode="RGB", size=(64, 32), **more):
    buffer = io.BytesIO()
    Pillow.new(mode, size, "red").save(buffer, kind, **more)
    return buffer.getvalue()


SOUNDS = {
    "8 and 12 kHz": ([frame(0, 1), frame(0, 1, rate=1)], "mp3"),
    "with a checksum": ([frame(version, 1, 0) for version in (0, 2, 3)], "mp3"),
    "mp2": ([frame(3, 2), frame(2, 2)], "mp3"),
    "RF64": ([rf64()], "wav"),
}


@pytest.mark.parametrize(("sounds", "name"), SOUNDS.values(), ids=SOUNDS)
def test_sound_that_a_hub_takes_is_taken(aki, sounds, name):
    for data in sounds:
        assert Given(audio=data).audio.data_uri().startswith(f"data:audio/{name};base64,")
        assert aki.whisper_transcribe(audio=data).text is not None


@pytest.mark.parametrize(
    "data",
    [frame(1, 1), frame(3, 0), frame(3, 1, rate=3), b"\xff\xfb\xf0" + bytes(60), b"\xff\xfe" * 30],
    ids=["no version", "AAC", "no sampling rate", "no bit rate", "UTF-16"],
)
def test_what_merely_begins_like_a_frame_is_not_taken_and_a_frame_is(data):
    assert Given(audio=frame(0, 1)).audio.format == "mp3"
    with pytest.raises(ValidationError, match="of an unknown format"):
        Given(audio=data)


ODD = b"\0\1\2 some sound"


def test_a_format_that_the_caller_names_stands():
    uri = "data:audio/mp3;base64," + base64.b64encode(ODD).decode()
    assert Given(audio=uri).audio.data_uri() == uri
    named = Given(audio=Audio(ODD, format="MP3")).audio
    assert (named.data_uri(), named.format, named.suffix) == (uri, "mp3", ".mp3")
    assert Audio(picture(), format="ogg").data_uri().startswith("data:audio/ogg;")


def test_a_named_format_of_another_kind_of_media_does_not_stand():
    assert Given(image=Image(ODD, format="webp")).image.format == "webp"
    for value in (
        "data:audio/mp3;base64," + base64.b64encode(ODD).decode(),
        "data:image/png;base64," + base64.b64encode(frame(3, 1)).decode(),
        "data:application/octet-stream;base64," + base64.b64encode(ODD).decode(),
    ):
        with pytest.raises(ValidationError, match="of an unknown format"):
            Given(image=value)


@pytest.mark.parametrize("name", ["", "mp3;x", 'm"p', "mp3,", "ümp"])
def test_a_format_is_a_name(name):
    with pytest.raises(MediaError, match="must be a name"):
        Video(ODD, format=name)


def test_a_pillow_image_keeps_its_orientation():
    exif = Pillow.Exif()
    exif[0x0112] = 6  # the camera was held upright
    photo = Pillow.open(io.BytesIO(picture(exif=exif)))
    assert Given(image=photo).image.open().size == (32, 64)
    assert photo.size == (64, 32)


class Painter:
    """What has a picture, and notes where it is encoded."""

    def __init__(self):
        self.threads = []

    def save(self, file, kind=None):
        """Write a picture."""
        self.threads.append(threading.get_ident())
        file.write(picture(kind, size=(128, 128)))


@pytest.mark.parametrize("way", ["call", "submit", "stream", "chat", "untyped"])
def test_async_code_goes_on_while_a_picture_is_encoded(way):
    painter, hub = Painter(), Recorder()

    async def use():
        async with hub.async_client() as http, AsyncAki("test-key", http_client=http) as aki:
            match way:
                case "call":
                    await aki.qwen_image_edit(prompt="x", image=painter)
                case "submit":
                    await aki.qwen_image_edit.submit(prompt="x", image=painter)
                case "stream":
                    await aki.qwen_image_edit.stream(prompt="x", image=painter).result()
                case "chat":
                    parts = [{"text": "Look"}, {"image": painter}]
                    await aki.qwen_vl_chat(chat_context=[{"role": "user", "content": parts}])
                case _:
                    await aki.call("anything", {"image": painter})
        return threading.get_ident()

    assert asyncio.run(use()) not in painter.threads
    assert len(painter.threads) == len(hub.submits) == 1


@pytest.mark.parametrize("way", ["call", "stream"])
def test_a_file_that_cannot_be_taken_is_refused_beside_the_loop_as_well(way):
    reads = []

    class File:
        def read(self):
            reads.append(threading.get_ident())
            return b"hello"

    async def use(http):
        async with AsyncAki("test-key", http_client=http) as aki:
            if way == "call":
                await aki.qwen_image_edit(prompt="x", image=File())
            await aki.qwen_image_edit.stream(prompt="x", image=File()).result()

    hub = Recorder()
    with pytest.raises(InvalidParametersError, match="of an unknown format"):
        asyncio.run(use(hub.async_client()))
    assert hub.submits == []
    assert threading.get_ident() not in reads


class TestUploads:
    """What a web framework received."""

    def test_an_upload_of_fastapi_is_taken(self):
        datastructures = pytest.importorskip("starlette.datastructures")
        data = picture()
        upload = datastructures.UploadFile(io.BytesIO(data), filename="a.jpg")
        assert Given(image=upload).image.bytes == Given(image=upload).image.bytes == data

    def test_a_file_that_is_read_async_alone_says_so(self):
        class AsyncFile:
            async def read(self):
                return picture()

        with pytest.raises(ValidationError, match=r"its read\(\) is async: await it"):
            Given(image=AsyncFile())


def test_a_picture_is_saved_as_what_its_suffix_says(tmp_path, caplog):
    said = {".png": "PNG", ".webp": "WEBP", ".PNG": "PNG", ".tiff": "TIFF"}
    nothing_else = dict.fromkeys((".JPE", ".jpeg", ".bin", ".v2"), "JPEG")
    for suffix, form in {**said, **nothing_else}.items():
        path = Image(picture()).save(tmp_path / f"x{suffix}")
        assert path == tmp_path / f"x{suffix}"
        with Pillow.open(path) as saved:
            assert saved.format == form
    assert caplog.text == ""


def test_a_picture_with_transparency_is_saved_as_jpeg(tmp_path):
    path = Image(picture("PNG", "RGBA")).save(tmp_path / "x.jpg")
    with Pillow.open(path) as saved:
        assert (path.name, saved.format) == ("x.jpg", "JPEG")


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize(
    ("medium", "asked", "saved"),
    [
        (Audio(rf64()), "x.mp3", "x.wav"),
        (Audio(frame(3, 1)), "x.m4a", "x.mp3"),
        (Video(b"\0\0\0\x18ftypisom"), "x.webm", "x.mp4"),
        (Image(b"\xff\xd8\xff broken"), "x.png", "x.jpg"),
        (Audio(frame(3, 1)), "x.png", "x.mp3"),
        (Image(picture()), "x.mp3", "x.jpg"),
        (Image(picture("PNG")), "x.svg", "x.png"),
        (Image(picture("PNG")), "x.txt", "x.png"),
    ],
    ids=[
        "sound",
        "other sound",
        "video",
        "a broken picture",
        "sound as a picture",
        "a picture as sound",
        "a picture that is drawn",
        "a picture as text",
    ],
)
def test_what_cannot_be_converted_gets_its_own_suffix_and_a_word(
    tmp_path, caplog, medium, asked, saved, overwrite
):
    assert medium.save(tmp_path / asked, overwrite=overwrite) == tmp_path / saved
    assert [path.name for path in tmp_path.iterdir()] == [saved]
    assert f"saved as {saved}" in caplog.text


def test_without_pillow_a_picture_gets_its_own_suffix(tmp_path, monkeypatch):
    image = Image(picture())
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert image.save(tmp_path / "x.png").name == "x.jpg"


@pytest.mark.parametrize("breaks", ["", "\n"], ids=["in one line", "in lines"])
@pytest.mark.parametrize("size", [(8, 8), (400, 400)], ids=["short", "long"])
@pytest.mark.parametrize("given_as", [str, Path])
def test_base64_without_a_header_gets_a_sentence(breaks, size, given_as):
    text = base64.b64encode(picture(size=size)).decode()
    text = breaks.join(text[at : at + 76] for at in range(0, len(text), 76))
    with Recorder().client() as http, Aki("test-key", http_client=http) as aki:
        edit = aki.qwen_image_edit
        with pytest.raises(InvalidParametersError, match="put data:image/jpeg;base64, before it"):
            edit(prompt="x", image=given_as(text))
