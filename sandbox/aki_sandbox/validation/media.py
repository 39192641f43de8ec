"""What a data URI holds, and whether an endpoint takes it.

Owns the reading of media bytes: format, size, sound figures. Like a real server it looks at the
bytes and ignores the header. Formats without a reader here (all sound but WAV, all video) are
known by their first bytes alone, so their further limits go unchecked. Nothing is converted.
"""

import base64
import binascii
import io
import wave
from dataclasses import dataclass, field

from PIL import Image

from aki_sandbox.jsontypes import Json, JsonObject, as_list, as_object
from aki_sandbox.validation.bounds import Refuse, check_number

_SIGNATURES: tuple[tuple[int, bytes, str, tuple[str, ...]], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "png", ("image",)),
    (0, b"\xff\xd8\xff", "jpeg", ("image",)),
    (8, b"WEBP", "webp", ("image",)),
    (0, b"II*\x00", "tiff", ("image",)),
    (0, b"MM\x00*", "tiff", ("image",)),
    (0, b"GIF8", "gif", ("image", "video")),
    (0, b"BM", "bmp", ("image",)),
    (8, b"WAVE", "wav", ("audio",)),
    (0, b"ID3", "mp3", ("audio",)),
    # Frames of MPEG audio, by version and layer, each with and without a checksum.
    *(
        (0, bytes((0xFF, 0xE0 | version << 3 | layer << 1 | plain)), "mp3", ("audio",))
        for version in (0, 2, 3)
        for layer in (1, 2, 3)
        for plain in (0, 1)
    ),
    (0, b"OggS", "ogg", ("audio", "video")),
    (0, b"fLaC", "flac", ("audio",)),
    (0, b"\x1a\x45\xdf\xa3", "webm", ("audio", "video")),
    (4, b"ftyp", "mp4", ("audio", "video")),
    (8, b"AVI ", "avi", ("video",)),
)
_PICTURE_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP")
_COLOR_SPACES = {"L": "GRAY", "1": "GRAY", "YCbCr": "YUV"}


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What the bytes of a medium say about themselves.

    Attributes:
        format: Lower-case name of the format, such as `png`.
        kinds: The kinds of media it can be: image, audio, video.
        size: Width and height in pixels, where known.
        color_spaces: The names its colour space goes by, where known.
        figures: sample_rate (Hz), sample_bit_depth, channels, audio_bit_rate (bit/s) and duration (s), where known.
    """

    format: str
    kinds: tuple[str, ...]
    size: tuple[int, int] | None = None
    color_spaces: tuple[str, ...] = ()
    figures: dict[str, float] = field(default_factory=dict[str, float])


def read_medium(data_uri: Json) -> MediaFacts | None:
    """Return what a data URI holds, or None where it is not one or its bytes are of an unknown format."""
    if not isinstance(data_uri, str):
        return None
    header, comma, body = data_uri.partition(",")
    if not comma or not header.startswith("data:") or not header.endswith(";base64"):
        return None
    try:
        data = base64.b64decode(body, validate=True)
    except binascii.Error:
        return None
    for offset, signature, name, kinds in _SIGNATURES:
        if data.startswith(signature, offset):
            return _measured(name, kinds, data)
    return None


def check_media(kind: str, name: str, attributes: JsonObject, value: Json, refuse: Refuse) -> None:
    """Refuse a medium that is unreadable, of another kind, or outside the declared limits.

    Limits with `auto_convert` refuse nothing: a real server converts.
    """
    medium = read_medium(value)
    if medium is None:
        refuse(f"Parameter {name} denied. Format not recognized by ffprobe.")
        return
    if kind not in medium.kinds:
        refuse(f"Parameter {name} holds {medium.format}, which is not of kind {kind}.")
        return
    limits = {what: as_object(limit) for what, limit in attributes.items()}
    limits = {what: limit for what, limit in limits.items() if not limit.get("auto_convert")}
    _check_choice(name, "format", limits, (medium.format,), refuse)
    if medium.color_spaces:
        _check_choice(name, "color_space", limits, medium.color_spaces, refuse)
    if medium.size and kind != "audio":
        _check_size(name, limits.get("size", {}), medium.size, refuse)
    for figure, number in medium.figures.items():
        check_number(f"{name}.{figure}", limits.get(figure, {}), number, refuse)
        _check_choice(name, figure, limits, (str(round(number)),), refuse)


def _measured(name: str, kinds: tuple[str, ...], data: bytes) -> MediaFacts | None:
    try:
        if "image" in kinds:
            with Image.open(io.BytesIO(data), formats=_PICTURE_FORMATS) as picture:
                space = _COLOR_SPACES.get(picture.mode, picture.mode)
                # JPEG stores YUV; servers and people alike call such a picture either.
                spaces = ("RGB", "YUV") if name == "jpeg" and space == "RGB" else (space,)
                return MediaFacts(name, kinds, picture.size, spaces)
        if name == "wav" and data.startswith(b"RIFF"):
            with wave.open(io.BytesIO(data)) as sound:
                rate, channels = sound.getframerate(), sound.getnchannels()
                depth = sound.getsampwidth() * 8
                figures = {
                    "sample_rate": rate,
                    "sample_bit_depth": depth,
                    "channels": channels,
                    "audio_bit_rate": rate * channels * depth,
                    "duration": sound.getnframes() / rate,
                }
                return MediaFacts(name, kinds, figures=figures)
    except (OSError, ValueError, EOFError, wave.Error, Image.DecompressionBombError):
        return None
    return MediaFacts(name, kinds)


def _check_choice(
    name: str, what: str, limits: dict[str, JsonObject], found: tuple[str, ...], refuse: Refuse
) -> None:
    choices = [str(choice) for choice in as_list(limits.get(what, {}).get("supported"))]
    if choices and not {_plain(choice) for choice in choices} & {_plain(word) for word in found}:
        refuse(
            f"Parameter {name} has {what} {found[0]}, and the endpoint takes "
            f"{' or '.join(choices)} only."
        )


def _plain(word: str) -> str:
    return word.lower().replace("jpg", "jpeg")


def _check_size(name: str, limits: JsonObject, size: tuple[int, int], refuse: Refuse) -> None:
    pairs = {word: as_list(pair) for word, pair in limits.items()}
    for index, pixels in enumerate(size):
        side = {word: pair[index] for word, pair in pairs.items() if len(pair) == len(size)}
        check_number(f"{name}.size", side, pixels, refuse)
