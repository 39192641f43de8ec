"""What a media parameter takes, and how what it cannot take is refused before anything is sent."""

import base64
import io
import pathlib

import pytest
from aki_runtime.errors import MediaError
from aki_runtime.media.inputs import as_media
from aki_runtime.media.objects import Audio, Image, Media
from PIL import Image as Pillow

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "
URI = "data:image/jpeg;base64," + base64.b64encode(PNG).decode()


@pytest.fixture
def png_file(tmp_path):
    path = tmp_path / "cat.png"
    path.write_bytes(PNG)
    return path


@pytest.mark.parametrize(
    "value",
    [
        PNG,
        bytearray(PNG),
        io.BytesIO(PNG),
        URI,
        URI.replace("data:", "DATA:"),
        Image(PNG),
        Image(URI),
        Image(base64.b64encode(PNG).decode()),
    ],
    ids=["bytes", "bytearray", "file", "URI", "capitals", "output", "URI output", "base64 output"],
)
def test_media_are_taken_in_every_form(value):
    assert as_media(value, "image").bytes == PNG


@pytest.mark.parametrize("kind", [str, pathlib.Path])
def test_a_path_is_read(png_file, kind):
    assert as_media(kind(png_file), "image").bytes == PNG


def test_an_open_file_is_read(png_file):
    with png_file.open("rb") as file:
        assert as_media(file, "image").bytes == PNG


def test_a_pillow_image_is_taken():
    media = as_media(Pillow.new("RGB", (3, 2)), "image")
    assert (media.format, Pillow.open(io.BytesIO(media.bytes)).size) == ("png", (3, 2))


def test_the_format_is_taken_from_the_bytes():
    assert as_media(bytearray(WAV), "audio").data_uri().startswith("data:audio/wav;base64,")


@pytest.mark.parametrize("text", ["just text", ""])
def test_a_file_opened_as_text_says_how_to_open_it(tmp_path, text):
    path = tmp_path / "note.txt"
    path.write_text(text)
    with path.open() as file, pytest.raises(MediaError, match="open it with mode 'rb'"):
        as_media(file, "image")


def test_a_picture_opened_as_text_says_how_to_open_it(png_file):
    with png_file.open(encoding="utf-8") as file, pytest.raises(MediaError, match="mode 'rb'"):
        as_media(file, "image")


@pytest.mark.parametrize(
    "value",
    [b"", bytearray(), io.BytesIO(), "", "data:image/png;base64,", Image(b""), Image("")],
    ids=["bytes", "bytearray", "file", "text", "URI", "output", "text output"],
)
def test_what_is_empty_is_refused(value):
    with pytest.raises(MediaError, match="the image is empty"):
        as_media(value, "image")


@pytest.mark.parametrize("value", [b"hello", WAV, Audio(WAV), io.BytesIO(b"%PDF-1.7")])
def test_bytes_of_no_known_format_are_refused(value):
    with pytest.raises(MediaError, match=r"the image is of an unknown format \(png, jpeg, webp"):
        as_media(value, "image")


def test_a_data_uri_that_is_no_base64_is_refused():
    with pytest.raises(MediaError, match="not valid base64"):
        as_media("data:image/png;base64,!!!", "image")


@pytest.mark.parametrize("value", [5, None, ["cat.png"], {"image": PNG}, memoryview(PNG)])
def test_what_is_no_medium_is_refused_with_what_would_be(value):
    with pytest.raises(MediaError, match="give bytes, a path, a file object"):
        as_media(value, "image")


def test_a_missing_file_is_an_error_of_the_system():
    with pytest.raises(FileNotFoundError):
        as_media("nowhere/cat.png", "image")


def test_another_calls_output_is_not_copied():
    picture = Image(PNG)
    assert as_media(picture, "image") is picture


@pytest.mark.parametrize(
    ("head", "kind", "format_name"),
    [
        (b"\xff\xd8\xff\xdb", "image", "jpeg"),
        (b"RIFF1234WEBP", "image", "webp"),
        (b"GIF89a", "image", "gif"),
        (b"II*\x00", "image", "tiff"),
        (b"BM1234", "image", "bmp"),
        (b"ID3\x04", "audio", "mp3"),
        (b"\xff\xfb\x90", "audio", "mp3"),
        (b"OggS", "audio", "ogg"),
        (b"fLaC", "audio", "flac"),
        (b"\x1a\x45\xdf\xa3", "audio", "webm"),
        (b"1234ftypM4A ", "audio", "mp4"),
        (b"1234ftypisom", "video", "mp4"),
        (b"\x1a\x45\xdf\xa3", "video", "webm"),
    ],
)
def test_every_format_of_the_hub_is_known_by_its_first_bytes(head, kind, format_name):
    media = as_media(head, kind)
    assert isinstance(media, Media)
    assert media.mime == f"{kind}/{format_name}"


def test_a_file_is_left_where_it_stood_for_the_next_call(png_file):
    with png_file.open("rb") as file:
        assert as_media(file, "image").bytes == as_media(file, "image").bytes == PNG
        assert file.tell() == 0


@pytest.mark.parametrize(
    "text", ["https://hub.example/cat.png", "http://cat.png", "file:///cat.png"]
)
def test_an_address_is_not_fetched(text):
    with pytest.raises(MediaError, match="an address is not fetched; give the bytes"):
        as_media(text, "image")


def test_a_pillow_image_that_png_has_no_form_for_is_sent_as_jpeg():
    assert as_media(Pillow.new("CMYK", (3, 2)), "image").format == "jpeg"


def test_base64_that_breaks_late_is_refused():
    with pytest.raises(MediaError, match="not valid base64"):
        as_media(URI + "!!!", "image")


def test_the_bytes_decide_whatever_a_data_uri_says():
    assert as_media(URI, "image").format == "png"
