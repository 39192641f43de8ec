"""Media formats: names, MIME types, suffixes, first bytes, and the size that they show. It decodes nothing."""

import struct
from dataclasses import dataclass
from mimetypes import guess_type
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
        name: The hub's name for it, in small letters.
        suffix: Usual suffix of a file.
        magic: What the bytes hold at which place, any one set of them.
    """

    name: str
    suffix: str
    magic: tuple[tuple[tuple[int, bytes], ...], ...] = ()


FORMATS: dict[Kind, tuple[Format, ...]] = {
    "image": (
        Format("png", ".png", (((0, b"\x89PNG\r\n\x1a\n"),),)),
        Format("jpeg", ".jpg", (((0, b"\xff\xd8\xff"),),)),
        Format("webp", ".webp", (((0, b"RIFF"), (8, b"WEBP")),)),
        Format("gif", ".gif", (((0, b"GIF87a"),), ((0, b"GIF89a"),))),
        Format("tiff", ".tiff", (((0, b"II*\x00"),), ((0, b"MM\x00*"),))),
        Format("bmp", ".bmp", (((0, b"BM"),),)),
    ),
    "audio": (
        Format("wav", ".wav", (((0, b"RIFF"), (8, b"WAVE")), ((0, b"RF64"), (8, b"WAVE")))),
        Format("mp3", ".mp3", (((0, b"ID3"),),)),
        Format("ogg", ".ogg", (((0, b"OggS"),),)),
        Format("flac", ".flac", (((0, b"fLaC"),),)),
        Format("webm", ".webm", (((0, b"\x1a\x45\xdf\xa3"),),)),
        Format("mp4", ".m4a", (((4, b"ftyp"),),)),
    ),
    "video": (
        Format("mp4", ".mp4", (((4, b"ftyp"),),)),
        Format("webm", ".webm", (((0, b"\x1a\x45\xdf\xa3"),),)),
        Format("ogg", ".ogv", (((0, b"OggS"),),)),
        Format("gif", ".gif", (((0, b"GIF87a"),), ((0, b"GIF89a"),))),
    ),
}

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
    for entry in FORMATS[kind]:
        if any(
            all(data[at : at + len(sign)] == sign for at, sign in signs) for signs in entry.magic
        ):
            return entry.name
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
    if any(entry.suffix == suffix.lower() for entry in FORMATS[kind]):
        return next(entry.name for entry in FORMATS[kind] if entry.suffix == suffix.lower())
    name = normal_name(suffix[1:])
    if any(entry.name == name for entry in FORMATS[kind]):
        return name
    mime_type, _ = guess_type(f"file{suffix}")
    return normal_name(mime_type.partition("/")[2]) if mime_type else None


def suffix_of(format_name: str, kind: Kind) -> str:
    """Return the usual suffix of a file of this format, `.bin` where it is unknown."""
    return next((entry.suffix for entry in FORMATS[kind] if entry.name == format_name), ".bin")


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
