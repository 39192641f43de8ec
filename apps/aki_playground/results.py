"""The result of a run on the page: text as it grows, media as files with names of our own, and the rest as words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import gradio as gr
from aki_runtime.events import Running
from aki_runtime.fields.base import came, plain_fields, whole
from aki_runtime.media.objects import Media

from .package import EndpointCard, OutputKind
from .running import Failed, Finished, RunState

_SHOWN_OF_MEDIA = 48

LONGEST_FACT = 2000
"""Characters of one value that are shown; the Python code gives all of it."""


@dataclass
class ResultParts:
    """What there is to see of an output.

    Attributes:
        text: The text, None where there is none.
        thinking: What a model thought before it.
        images: Paths of images.
        audios: Paths of audio.
        videos: Paths of videos.
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


def parts_of(state: RunState, card: EndpointCard, folder: Path, before: ResultParts) -> ResultParts:
    """Read what there is to see of a run, and write its media into a folder.

    Args:
        state: How the run stands.
        card: Its endpoint.
        folder: Where the files go.
        before: What there was to see before; its text stays where no later one has come, its pictures
            until a result has.
    """
    match state:
        case Finished(output):
            parts = result_parts(came(output), card.outputs, folder, card.name)
        case Failed(error):
            partial = getattr(error, "partial", {})
            parts = result_parts(partial, card.outputs, folder, f"{card.name}-partial")
        case Running(data=data):
            parts = result_parts(came(data), card.progress, folder, "Preview")
        case _:
            return before
    if parts.text is None:
        parts.text, parts.thinking = before.text, before.thinking
    if not isinstance(state, Finished):
        parts.images = parts.images or before.images
    return parts


def result_parts(
    values: Mapping[str, Any], kinds: Mapping[str, OutputKind], folder: Path, stem: str
) -> ResultParts:
    """Read an output, or what there is of one, and write its media into a folder.

    Args:
        values: The fields that came, by name.
        kinds: What each of them is.
        folder: Where the files go.
        stem: How their names begin. No part of a name comes from the hub.
    """
    parts = ResultParts()
    places = {"image": parts.images, "audio": parts.audios, "video": parts.videos}
    for name, value in values.items():
        if kinds.get(name) == "text" and isinstance(value, str) and parts.text is None:
            parts.text = str(getattr(value, "content", value))
            parts.thinking = str(getattr(value, "thinking", ""))
            continue
        items = cast("Sequence[Any]", value) if isinstance(value, list) else [value]
        media = [item for item in items if isinstance(item, Media)]
        if not media and value is not None:
            parts.facts[name] = _words(value)
        for number, medium in enumerate(media, 1):
            path = folder / f"{stem}-{len(parts.files) + 1}{medium.suffix}"
            try:
                # A preview takes the place of the one before.
                places[medium.kind].append(medium.save(path, overwrite=True))
            except ValueError as error:
                parts.facts[f"{name} {number}"] = str(error)
    return parts


def raw_answer(state: RunState) -> Any:
    """Return what a run gave back as plain JSON, its media in short; None where it gave nothing."""
    if not isinstance(state, Finished):
        return None

    def brief(medium: Media, _: str) -> str:
        text = medium.as_it_came()
        return f"{text[:_SHOWN_OF_MEDIA]}… ({len(text):,} characters)"

    output = state.output
    fields = {name: whole(value) for name, value in came(output).items()}
    # Whoever knows the job's id can read the job.
    meta = {name: value for name, value in asdict(output.meta).items() if name != "job_id"}
    return {"outputs": plain_fields(fields, brief), "meta": plain_fields(meta, brief)}


def raw_box() -> gr.JSON:
    """Put the place for the answer as JSON where the page is being built."""
    with gr.Accordion("Answer as JSON", open=False, elem_id="raw"):
        return gr.JSON(show_label=False, elem_id="raw-json")


def save_text(text: str, folder: Path, stem: str) -> Path:
    """Write a text into a file."""
    path = folder / f"{stem}.txt"
    path.write_text(text, encoding="utf-8", errors="replace")
    return path


def _words(value: Any) -> str:
    try:
        text = (
            value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        )
    except (ValueError, RecursionError):
        text = repr(value)
    return text if len(text) <= LONGEST_FACT else text[: LONGEST_FACT - 1] + "…"
