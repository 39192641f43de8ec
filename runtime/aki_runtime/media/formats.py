"""Media formats: names, MIME types, suffixes, first bytes, and the size that they show. It decodes nothing."""

import re
import struct
from dataclasses import dataclass
from typing import Literal

Kind = Literal["image", "audio", "video"]

UNKNOWN = "octet-stream"
"""The format of bytes that no entry of the table fits."""

HEAD_BYTES = 65_536
"""Bytes that are looked at; a JPEG with longer notes before its size stays unmeasured."""


@dataclass(frozen=True)
class Format:
    """One media format.

    Attributes:
        suffix: Usual suffix of a file.
        magic: How the bytes begin, as a regular expression.
    """

    suffix: str
    magic: bytes


FORMATS: dict[Kind, dict[str, Format]] = {
    "image": {
        "png": Format(".png", rb"\x89PNG\r\n\x1a\n"),
        "jpeg": Format(".jpg", rb"\xff\xd8\xff"),
        "webp": Format(".webp", rb"RIFF.{4}WEBP"),
        "gif": Format(".gif", rb"GIF8[79]a"),
        "tiff": Format(".tiff", rb"II\*\x00|MM\x00\*"),
        "bmp": Format(".bmp", rb"BM"),
    },
    "audio": {
        "wav": Format(".wav", rb"(RIFF|RF64).{4}WAVE"),
        "mp3": Format(".mp3", rb"ID3"),
        "ogg": Format(".ogg", rb"OggS"),
        "flac": Format(".flac", rb"fLaC"),
        "webm": Format(".webm", rb"\x1a\x45\xdf\xa3"),
        "mp4": Format(".m4a", rb".{4}ftyp"),
    },
    "video": {
        "mp4": Format(".mp4", rb".{4}ftyp"),
        "webm": Format(".webm", rb"\x1a\x45\xdf\xa3"),
        "ogg": Format(".ogv", rb"OggS"),
        "gif": Format(".gif", rb"GIF8[79]a"),
    },
}
"""The formats that hubs take, by their names for them in small letters."""

_ALIASES = {
    "jpg": "jpeg",
    "tif": "tiff",
    "mpeg": "mp3",
    "x-wav": "wav",
    "wave": "wav",
    "m4a": "mp4",
}


def normal_name(name: str) -> str:
    """Return a format's name as the table has it: the hub writes `JPEG`, people write `jpg`."""
    small = name.strip().lower()
    return _ALIASES.get(small, small)


def sniff(data: bytes, kind: Kind) -> str | None:
    """Return the format that the first bytes show, None where they show none of this kind."""
    if kind == "audio" and _is_mpeg_audio(data):
        return "mp3"
    for name, entry in FORMATS[kind].items():
        if re.match(entry.magic, data, re.DOTALL):
            return name
    return None


def _is_mpeg_audio(data: bytes) -> bool:
    """Whether a frame of MPEG audio begins here: any version, layer I to III, with or without a checksum.

    To hubs, as to ffprobe, all of it is mp3. Sampling rates and bit rates that do not exist are something else.
    """
    if len(data) < 3 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return False
    version, layer = data[1] >> 3 & 3, data[1] >> 1 & 3
    return version != 1 and layer != 0 and data[2] >> 4 != 15 and data[2] >> 2 & 3 != 3


def format_of_suffix(suffix: str, kind: Kind) -> str | None:
    """Return the format that the suffix of a file names, perhaps of another kind; None where it names none."""
    for known, entry in FORMATS[kind].items():
        if entry.suffix == suffix.lower():
            return known
    name = normal_name(suffix[1:])
    if name in FORMATS[kind]:
        return name
    from mimetypes import guess_type  # which few suffixes need

    mime_type, _ = guess_type(f"file{suffix}")
    return normal_name(mime_type.partition("/")[2]) if mime_type else None


def suffix_of(format_name: str, kind: Kind) -> str:
    """Return the usual suffix of a file of this format, `.bin` where it is unknown."""
    entry = FORMATS[kind].get(format_name)
    return entry.suffix if entry is not None else ".bin"


def is_suffix(text: str) -> bool:
    """Whether a text is the suffix of a file, and not the end of a name such as `robot-1.5`."""
    return len(text) > 1 and not text[1:].isdigit()


def image_size(data: bytes, format_name: str) -> tuple[int, int] | None:
    """Return width and height in pixels, None where the first bytes do not tell them.

    Args:
        data: The picture, or its beginning.
        format_name: Its format, as `formats.sniff` names it.
    """
    try:
        size = _size(data[:HEAD_BYTES], format_name)
    except (struct.error, IndexError):
        return None
    return size if size is not None and min(size) > 0 else None


def wav_seconds(data: bytes, size: int) -> float | None:
    """Return how long WAV plays, in seconds; None where the first bytes do not tell it, or are of another format.

    Args:
        data: The sound, or its beginning.
        size: Bytes of the whole.
    """
    at, rate = 12, 0
    while data[:4] == b"RIFF" and data[8:12] == b"WAVE" and at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        if name == b"data":
            # A stream does not know its length, and says the largest.
            return length / rate if rate and at + 8 + length <= size else None
        if name == b"fmt " and at + 20 <= len(data):
            (rate,) = struct.unpack_from("<I", data, at + 16)  # bytes a second
        at += 8 + length + length % 2
    return None


def _size(head: bytes, format_name: str) -> tuple[int, int] | None:
    match format_name:
        case "png":
            return struct.unpack(">II", head[16:24])
        case "gif":
            return struct.unpack("<HH", head[6:10])
        case "bmp":
            width, height = struct.unpack("<ii", head[18:26])
            return width, abs(height)
        case "jpeg":
            return _jpeg_size(head)
        case "webp":
            return _webp_size(head)
        case _:
            return None


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    at = 2
    while head[at] == 0xFF:
        marker = head[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack(">H", head[at + 2 : at + 4])
        # Start of frame, in any of its kinds; C4, C8 and CC mark tables.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return None


def _webp_size(head: bytes) -> tuple[int, int] | None:
    match head[12:16]:
        case b"VP8X":
            width = int.from_bytes(head[24:27], "little") + 1
            return width, int.from_bytes(head[27:30], "little") + 1
        case b"VP8 ":
            width, height = struct.unpack("<HH", head[26:30])
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            (bits,) = struct.unpack("<I", head[21:25])
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case _:
            return None
