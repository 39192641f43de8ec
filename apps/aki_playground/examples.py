"""What a form holds when it is opened for the first time, so that Run shows something at once."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradio.media import get_audio, get_image, get_video

from .package import EndpointCard

QUESTIONS = (
    "Tell me a joke about robots",
    "Explain to a child why the sky is blue",
    "Write a haiku about the sea",
)
"""What an empty conversation offers to be asked."""

ABOUT_A_PICTURE = "What is in this picture?"

_FILES = {
    "image": (get_image, "lion.jpg"),
    "audio": (get_audio, "audio_sample.wav"),
    "video": (get_video, "muted_b.mp4"),
}


def examples_of(card: EndpointCard, folder: Path) -> Mapping[str, Any]:
    """Return an example of what every call of an endpoint must hold.

    Args:
        card: The endpoint.
        folder: Where copies of example files go.
    """
    wanted = [parameter for parameter in card.parameters.values() if parameter.required]
    return {
        p.name: _text(card)[: p.max_length] if p.type == "text" else _copy(p.type, folder)
        for p in wanted
        if p.type == "text" or p.type in _FILES
    }


def _text(card: EndpointCard) -> str:
    if not {"image", "images", "video", "videos"} & {*card.outputs.values()}:
        return "Hello! How are you today?"
    return "Make it winter" if card.needs_image else "A cute robot on a beach at sunset"


def _copy(kind: str, folder: Path) -> str:
    find, name = _FILES[kind]
    folder.mkdir(parents=True, exist_ok=True)
    # Gradio serves no file from a folder whose name begins with a dot, such as .venv.
    return str(shutil.copy(find(name), folder / f"example{Path(name).suffix}"))
