"""What a result shows: its texts, its media as files with names of our own, and everything else as words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from aki_runtime.media.objects import Media
from pydantic import BaseModel

from .outputs import OutputKind

LONGEST_FACT = 2000
"""Characters of one value that are shown; the Python code gives all of it."""


@dataclass
class ResultParts:
    """What there is to see of an output.

    Attributes:
        text: The text, None where there is none.
        thinking: What a model thought before it.
        images: Paths of pictures.
        audios: Paths of sounds.
        videos: Paths of films.
        facts: Everything else, in words.
    """

    text: str | None = None
    thinking: str = ""
    images: list[Path] = field(default_factory=list[Path])
    audios: list[Path] = field(default_factory=list[Path])
    videos: list[Path] = field(default_factory=list[Path])
    facts: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def files(self) -> list[Path]:
        """Every file that can be saved."""
        return [*self.images, *self.audios, *self.videos]


def told_by(output: BaseModel) -> dict[str, Any]:
    """Return the declared fields that came with an output or progress."""
    return {
        name: getattr(output, name)
        for name in type(output).model_fields
        if name in output.model_fields_set
    }


def outcome_of(
    told: Mapping[str, Any], kinds: Mapping[str, OutputKind], folder: Path, stem: str
) -> ResultParts:
    """Read an output, or what there is of one, and write its media into a folder.

    Args:
        told: The fields that came, by name.
        kinds: What each of them is.
        folder: Where the files go; it is made where it is not there.
        stem: How their names begin. No part of a name comes from the hub.
    """
    seen = ResultParts()
    for name, value in told.items():
        kind = kinds.get(name, "value")
        if kind == "text" and isinstance(value, str) and seen.text is None:
            seen.text = str(getattr(value, "content", value))
            seen.thinking = str(getattr(value, "thinking", ""))
            continue
        media = _media(value)
        if not media and value is not None:
            seen.facts[name] = _words(value)
        for number, one in enumerate(media):
            where = {"image": seen.images, "audio": seen.audios, "video": seen.videos}[one.kind]
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{stem}-{len(seen.files) + 1}{one.suffix}"
            try:
                where.append(one.save(path, overwrite=True))
            except ValueError as error:
                seen.facts[f"{name} {number + 1}"] = str(error)
    return seen


def save_text(text: str, folder: Path, stem: str) -> Path:
    """Write a text into a file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}.txt"
    path.write_text(text, encoding="utf-8", errors="replace")
    return path


def _media(value: Any) -> list[Media]:
    items = cast("Sequence[Any]", value) if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, Media)]


def _words(value: Any) -> str:
    try:
        text = (
            value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        )
    except (ValueError, RecursionError):
        text = repr(value)
    return text if len(text) <= LONGEST_FACT else text[: LONGEST_FACT - 1] + "…"
