"""Pictures, a gradient seeded by the job with the prompt written on it; and sound, a tone for each word of a text.

Owns the making of both and their data URIs. Must not know about jobs.
"""

import base64
import io
import math
import struct
import textwrap
import wave
import zlib
from colorsys import hsv_to_rgb
from fractions import Fraction
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from aki_sandbox.jsontypes import JsonObject

_LONGEST_PREVIEW_SIDE = 96
_LONGEST_CAPTION = 120
_SMOOTH = Image.Resampling.BICUBIC
_MODES = {"GRAY": "L", "RGBA": "RGBA"}
_FORMATS = {"PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"}
_FORMATS_WITHOUT_ALPHA = {"JPEG", "BMP", "GIF"}


def paint(
    prompt: str, size: tuple[int, int], seed: int, attributes: JsonObject, blur: float = 0
) -> str:
    """Return a picture as a data URI.

    Args:
        prompt: Is written on the picture.
        size: Width and height in pixels.
        seed: Chooses the colours.
        attributes: `format` and `color_space` of the declared output; JPEG and RGB if missing or unknown.
        blur: How far its points run into each other, in pixels.
    """
    picture = _gradient(size, seed)
    _write(picture, prompt)
    if blur:
        picture = picture.filter(ImageFilter.GaussianBlur(blur))
    return _data_uri(picture, attributes)


def preview_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size in pixels of a small picture that has the shape of a larger one."""
    scale = min(1.0, _LONGEST_PREVIEW_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _gradient(size: tuple[int, int], seed: int) -> Image.Image:
    hue = seed * 0.618 % 1.0
    ramp = Image.linear_gradient("L").rotate(seed % 4 * 90)
    ramp = ramp.transform(size, Image.Transform.EXTENT, (0, 0, *ramp.size), _SMOOTH)
    return ImageOps.colorize(ramp, black=_colour(hue, 0.55), white=_colour(hue + 0.18, 0.95))


def _colour(hue: float, brightness: float) -> tuple[int, int, int]:
    red, green, blue = hsv_to_rgb(hue % 1.0, 0.55, brightness)
    return round(red * 255), round(green * 255), round(blue * 255)


def _write(picture: Image.Image, prompt: str) -> None:
    size = max(8, picture.width // 18)
    margin = size
    columns = max(8, int((picture.width - 2 * margin) / (size * 0.55)))
    printable = prompt.encode("utf-8", "replace").decode()
    lines = textwrap.wrap(textwrap.shorten(printable, _LONGEST_CAPTION), columns)
    draw = ImageDraw.Draw(picture)
    draw.multiline_text((margin, margin), "\n".join(lines), fill="white", font=_font(size))


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _data_uri(picture: Image.Image, attributes: JsonObject) -> str:
    declared = str(attributes.get("format") or "JPEG")
    pillow_name = declared.upper().replace("JPG", "JPEG")
    if pillow_name not in _FORMATS:
        declared = pillow_name = "JPEG"
    mode = _MODES.get(str(attributes.get("color_space")), "RGB")
    if mode == "RGBA" and pillow_name in _FORMATS_WITHOUT_ALPHA:
        mode = "RGB"
    data = io.BytesIO()
    picture.convert(mode).save(data, pillow_name)
    return f"data:image/{declared};base64,{base64.b64encode(data.getvalue()).decode()}"


_SAMPLE_RATE = 22050
_TONE_SECONDS = 0.12
_MOST_TONES = 40
_LOUDNESS = 8000
# A pentatonic scale, in which no two tones clash.
_SEMITONES = (0, 2, 4, 7, 9, 12, 14, 16)


def speak(text: str) -> str:
    """Return a text as a sequence of tones: WAV, 22,050 Hz, 16 bit, mono, as a data URI."""
    words = _words(text)
    data = io.BytesIO()
    with wave.open(data, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_SAMPLE_RATE)
        for word in words:
            sound.writeframes(_tone(_SEMITONES[zlib.crc32(word) % len(_SEMITONES)]))
    return f"data:audio/wav;base64,{base64.b64encode(data.getvalue()).decode()}"


def spoken_seconds(text: str) -> Fraction:
    """Return how long a spoken text plays, to the microsecond."""
    samples = len(_words(text)) * int(_SAMPLE_RATE * _TONE_SECONDS)
    return Fraction(round(Fraction(10**6 * samples, _SAMPLE_RATE)), 10**6)


def _words(text: str) -> list[bytes]:
    return text.encode("utf-8", "replace").split()[:_MOST_TONES] or [b""]


@lru_cache(maxsize=len(_SEMITONES))
def _tone(semitones: int) -> bytes:
    count = int(_SAMPLE_RATE * _TONE_SECONDS)
    step = 2 * math.pi * 220.0 * 2 ** (semitones / 12) / _SAMPLE_RATE
    samples = [
        round(_LOUDNESS * math.sin(math.pi * index / count) * math.sin(step * index))
        for index in range(count)
    ]
    return struct.pack(f"<{count}h", *samples)
