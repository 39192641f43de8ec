"""Sound: one tone for each word of a text, as a WAV file.

Owns the making of samples and the data URI of sound. Must not know about jobs.
"""

import base64
import io
import math
import struct
import wave
import zlib
from functools import lru_cache

_SAMPLE_RATE = 22050
_TONE_SECONDS = 0.12
_MOST_TONES = 40
_LOUDNESS = 8000
# A pentatonic scale, in which no two tones clash.
_SEMITONES = (0, 2, 4, 7, 9, 12, 14, 16)


def speak(text: str) -> str:
    """Return a text as a sequence of tones: WAV, 22,050 Hz, 16 bit, mono, as a data URI."""
    words = text.encode("utf-8", "replace").split()[:_MOST_TONES] or [b""]
    data = io.BytesIO()
    with wave.open(data, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_SAMPLE_RATE)
        for word in words:
            sound.writeframes(_tone(_SEMITONES[zlib.crc32(word) % len(_SEMITONES)]))
    return f"data:audio/wav;base64,{base64.b64encode(data.getvalue()).decode()}"


@lru_cache(maxsize=len(_SEMITONES))
def _tone(semitones: int) -> bytes:
    count = int(_SAMPLE_RATE * _TONE_SECONDS)
    step = 2 * math.pi * 220.0 * 2 ** (semitones / 12) / _SAMPLE_RATE
    samples = [
        round(_LOUDNESS * math.sin(math.pi * index / count) * math.sin(step * index))
        for index in range(count)
    ]
    return struct.pack(f"<{count}h", *samples)
