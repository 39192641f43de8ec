"""Media as the hub gives them back: decoded when asked for, saved without harm, shown without their data."""

import base64
import copy
import io
import pickle
import tracemalloc

import pytest
from aki_runtime.errors import ConfigurationError, MediaError
from aki_runtime.media.objects import Audio, Image, Video
from aki_runtime.media.sources import PIECE_BYTES
from PIL import Image as Pillow

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "
MP4 = b"\x00\x00\x00\x18ftypmp42"


def base64_of(data):
    return base64.b64encode(data).decode()


def uri(mime, data):
    return f"data:{mime};base64,{base64_of(data)}"


@pytest.mark.parametrize(
    ("source", "format_name", "mime"),
    [
        (uri("image/PNG", PNG), "png", "image/png"),
        (uri("image/JPEG", JPEG), "jpeg", "image/jpeg"),
        (uri("image/jpg", JPEG), "jpeg", "image/jpeg"),
        (uri("IMAGE/WEBP", b"?"), "webp", "image/webp"),
        (uri("image/png", JPEG), "jpeg", "image/jpeg"),
        ("data:image/png;base64,!!!", "png", "image/png"),
        ("not base64!", "octet-stream", "application/octet-stream"),
        (base64_of(PNG), "png", "image/png"),
        (PNG, "png", "image/png"),
        (uri("application/octet-stream", PNG), "png", "image/png"),
        (f"data:;base64,{base64_of(PNG)}", "png", "image/png"),
        (uri("application/octet-stream", b"?"), "octet-stream", "application/octet-stream"),
        (b"?", "octet-stream", "application/octet-stream"),
        (b"", "octet-stream", "application/octet-stream"),
    ],
)
def test_the_format_is_what_the_bytes_show_or_what_is_declared(source, format_name, mime):
    picture = Image(source)
    assert (picture.format, picture.mime) == (format_name, mime)


@pytest.mark.parametrize(
    "source",
    [
        uri("image/PNG", PNG),
        uri("image/png", PNG).replace("data:", "DATA:").replace("base64", "BASE64"),
        base64_of(PNG),
        PNG,
    ],
    ids=["data URI", "capitals", "plain base64", "bytes"],
)
def test_every_form_has_the_same_bytes(source):
    assert Image(source).bytes == PNG


@pytest.mark.parametrize("source", ["data:image/png;base64,a", "not base64!"])
def test_what_is_no_base64_says_so_when_it_is_decoded(source):
    picture = Image(source)
    with pytest.raises(MediaError, match="the image is not valid base64"):
        _ = picture.bytes


def test_a_data_uri_is_handed_on_as_it_came():
    text = uri("image/JPEG", JPEG)
    assert Image(text).data_uri() is text


def test_plain_base64_is_handed_on_with_a_header():
    assert Image(base64_of(PNG)).data_uri() == uri("image/png", PNG)


@pytest.mark.parametrize(
    ("medium", "suffix"),
    [
        (Image(JPEG), ".jpg"),
        (Audio(WAV), ".wav"),
        (Audio(MP4), ".m4a"),
        (Video(MP4), ".mp4"),
        (Image(b"?"), ".bin"),
    ],
)
def test_the_suffix_is_the_usual_one_of_the_format(medium, suffix):
    assert medium.suffix == suffix


def test_saving_adds_the_suffix_and_returns_the_path(tmp_path):
    path = Image(PNG).save(tmp_path / "robot")
    assert path == tmp_path / "robot.png"
    assert path.read_bytes() == PNG


def test_saving_keeps_a_suffix_that_was_given(tmp_path):
    assert Image(PNG).save(str(tmp_path / "robot.dat")) == tmp_path / "robot.dat"


def test_saving_into_a_folder_takes_free_names(tmp_path):
    paths = [Image(PNG).save(tmp_path) for _ in range(3)]
    assert [path.name for path in paths] == ["image-1.png", "image-2.png", "image-3.png"]


def test_saving_overwrites_nothing_silently(tmp_path):
    path = Image(PNG).save(tmp_path / "robot")
    with pytest.raises(FileExistsError):
        Image(JPEG).save(path)
    assert path.read_bytes() == PNG


def test_saving_overwrites_when_told(tmp_path):
    path = Image(PNG).save(tmp_path / "robot.png")
    Image(PNG + b"more").save(path, overwrite=True)
    assert path.read_bytes() == PNG + b"more"


@pytest.mark.parametrize("overwrite", [True, False])
def test_saving_what_can_not_be_decoded_leaves_the_folder_as_it_was(tmp_path, overwrite):
    kept = tmp_path / "kept.png"
    kept.write_bytes(PNG)
    target = kept if overwrite else tmp_path / "new.png"
    with pytest.raises(MediaError):
        Image("data:image/png;base64,!").save(target, overwrite=overwrite)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [PNG]


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_large_medium_is_saved_without_a_copy_of_its_bytes(tmp_path, overwrite):
    data = PNG + bytes(5_000_000)
    picture = Image(uri("image/png", data))
    tracemalloc.start()
    try:
        path = picture.save(tmp_path / "large", overwrite=overwrite)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.read_bytes() == data
    assert peak < len(data) / 5


def test_a_file_is_read_when_its_bytes_are_needed(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    picture = Image(path)
    path.write_bytes(PNG[:-1] + b"!")
    assert (picture.format, picture.bytes[-1:], picture.size) == ("png", b"!", len(PNG))


@pytest.mark.parametrize("size", [0, 16, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])
def test_the_first_bytes_are_as_many_as_are_asked_for(tmp_path, size):
    data = PNG + bytes(2 * PIECE_BYTES)
    (tmp_path / "a.png").write_bytes(data)
    for source in (data, base64_of(data), tmp_path / "a.png"):
        assert Image(source).head(size) == data[:size]


def test_padding_amid_base64_is_refused():
    text = base64_of(b"a" * 200_000)
    with pytest.raises(MediaError, match="not valid base64"):
        _ = Image(text + text).bytes


def test_a_picture_opens_with_pillow():
    buffer = io.BytesIO()
    Pillow.new("RGB", (3, 2)).save(buffer, "PNG")
    with Image(buffer.getvalue()).open() as opened:
        assert opened.size == (3, 2)


def test_opening_without_pillow_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(ConfigurationError, match="pip install pillow"):
        Image(PNG).open()


@pytest.mark.parametrize("source", [uri("image/png", PNG), base64_of(PNG), PNG])
def test_a_repr_is_short_and_shows_no_data(source):
    shown = repr(Image(source))
    assert len(shown) < 60
    assert "iVBOR" not in shown
    assert "\\x" not in shown


def test_a_repr_decodes_nothing():
    assert repr(Image("data:image/PNG;base64,!!!!")).startswith("<Image png, about")


@pytest.mark.parametrize(
    "carry",
    [lambda medium: pickle.loads(pickle.dumps(medium)), copy.copy, copy.deepcopy],  # noqa: S301
)
def test_media_survive_the_way(carry):
    again = carry(Image(uri("image/JPEG", JPEG)))
    assert (type(again), again.format, again.bytes) == (Image, "jpeg", JPEG)


def test_media_are_equal_when_kind_and_bytes_are():
    assert Image(PNG) == Image(base64_of(PNG))
    assert hash(Image(PNG)) == hash(Image(base64_of(PNG)))
    assert Image(WAV) != Audio(WAV)
