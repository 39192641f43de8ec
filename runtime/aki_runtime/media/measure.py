"""Width and height of a picture from its first bytes, where its format tells them early. It decodes nothing."""

import struct

HEAD_BYTES = 65_536
"""Bytes that are looked at; a JPEG with longer notes before its size stays unmeasured."""


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
