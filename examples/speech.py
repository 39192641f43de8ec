"""Speak a text and save the sound.

Usage: python speech.py ["what to say"]
"""

import sys

from aki_client import Aki

text = sys.argv[1] if len(sys.argv) > 1 else "Hello! It is a pleasure to speak to you."

with Aki() as aki:
    speak = aki.xttsv2  # or another endpoint of your hub that speaks
    spoken = speak(text=text, language="en", voice="emma")

path = spoken.audio.save("speech", overwrite=True)  # the suffix follows from the format
print(f"saved {path} ({spoken.audio.mime}, {len(spoken.audio.bytes):,} bytes)")
