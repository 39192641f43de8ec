"""The result of a run on the page: text as it grows, media as files with names of our own, and the rest as words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import gradio as gr
from aki_runtime.fields.base import plain_fields, whole
from aki_runtime.media.objects import Media
from gradio.components import Component
from pydantic import BaseModel

from .form import in_words
from .package import EndpointCard, OutputKind
from .running import Cancelled, Failed, Finished, RunState, has_ended
from .status import facts_html, state_html, status_html

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


def parts_of(state: RunState, card: EndpointCard, folder: Path) -> ResultParts | None:
    """Read what there is to see of a run, and write its media into a folder; None where nothing has come."""
    match state:
        case Finished(output):
            return result_parts(fields_set(output), card.outputs, folder, card.name)
        case Failed(error):
            partial = getattr(error, "partial", {})
            return result_parts(partial, card.outputs, folder, f"{card.name}-partial")
        case Cancelled():
            return None
        case _ if state.data is None:
            return None
        case _:
            return result_parts(fields_set(state.data), card.progress, folder, "Preview")


def fields_set(output: BaseModel) -> dict[str, Any]:
    """Return the declared fields that came with an output or progress."""
    fields = type(output).model_fields
    return {name: getattr(output, name) for name in fields if name in output.model_fields_set}


def result_parts(
    values: Mapping[str, Any], kinds: Mapping[str, OutputKind], folder: Path, stem: str
) -> ResultParts:
    """Read an output, or what there is of one, and write its media into a folder.

    Args:
        values: The fields that came, by name.
        kinds: What each of them is.
        folder: Where the files go; it is made where it is not there.
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
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{stem}-{len(parts.files) + 1}{medium.suffix}"
            try:
                # An earlier run of this tab may have left a file of that name, which nobody looks at any more.
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
    fields = {name: whole(value) for name, value in fields_set(output).items()}
    # Whoever knows the job's id can read the job.
    meta = {name: value for name, value in asdict(output.meta).items() if name != "job_id"}
    return {"outputs": plain_fields(fields, brief), "meta": plain_fields(meta, brief)}


def raw_box() -> gr.JSON:
    """Put the place for the answer as JSON where the page is being built."""
    with gr.Accordion("Answer as JSON", open=False, elem_id="raw"):
        return gr.JSON(show_label=False, elem_id="raw-json")


def save_text(text: str, folder: Path, stem: str) -> Path:
    """Write a text into a file."""
    folder.mkdir(parents=True, exist_ok=True)
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


class Results:
    """The results of one endpoint on the page; made where the page is being built.

    Args:
        card: The endpoint.
        status: Where it is said how the run stands.

    Attributes:
        images: The pictures.
        components: Everything that an update may touch, once `details` has been called.
    """

    def __init__(self, card: EndpointCard, status: gr.HTML) -> None:
        self._card = card
        self.status = status
        kinds = {*card.outputs.values(), *card.progress.values()}
        self._text = gr.Textbox(
            label="Text",
            lines=8,
            max_lines=24,
            interactive=False,
            buttons=["copy"],
            visible="text" in kinds,
            elem_id="result-text",
        )
        self.images = gr.Gallery(
            label="Images",
            type="filepath",
            columns=1,
            height="auto",
            object_fit="contain",
            interactive=False,
            buttons=["download", "fullscreen"],
            visible=bool(kinds & {"image", "images"}),
            elem_id="result-images",
        )
        player: dict[str, Any] = {"interactive": False, "buttons": ["download"]}
        has_audio = bool(kinds & {"audio", "audios"})
        self._audio = gr.Audio(label="Audio", visible=has_audio, elem_id="result-audio", **player)
        has_video = bool(kinds & {"video", "videos"})
        self._video = gr.Video(label="Video", visible=has_video, elem_id="result-video", **player)

    def details(self) -> None:
        """Put what stands below the result."""
        self._facts = gr.HTML("", padding=False, visible=False, elem_id="result-facts")
        self._files = gr.File(
            label="Save", file_count="multiple", interactive=False, visible=False, elem_id="files"
        )
        self._raw = raw_box()
        media: list[Component] = [self.images, self._audio, self._video]
        self.components: list[Component] = [
            self.status,
            self._text,
            *media,
            self._facts,
            self._files,
            self._raw,
        ]

    def cleared(self) -> dict[Component, Any]:
        """Return the updates that make room for the next result."""
        return {
            self.status: status_html("Sending …", "busy"),
            self._text: gr.update(value="", label="Text"),
            self.images: gr.update(value=None, label="Images"),
            self._audio: None,
            self._video: None,
            self._facts: gr.update(visible=False),
            self._files: gr.update(value=None, visible=False),
            self._raw: None,
        }

    def show(self, state: RunState, folder: Path) -> dict[Component, Any]:
        """Return the updates that show how a run stands.

        Args:
            state: What was seen of it.
            folder: Where the files of its result go.
        """
        updates: dict[Component, Any] = {
            self.status: state_html(state, counts_tokens="text" in self._card.progress)
        }
        parts = parts_of(state, self._card, folder)
        if parts is None:
            return updates
        if not has_ended(state):
            return updates | self._shown(parts, "Preview")
        updates[self._raw] = raw_answer(state)
        label = "Incomplete" if isinstance(state, Failed) else ""
        return updates | self._shown(parts, label) | self._saved(parts, folder)

    def _shown(self, parts: ResultParts, label: str = "") -> dict[Component, Any]:
        updates: dict[Component, Any] = {}
        if parts.text is not None:
            updates[self._text] = gr.update(value=parts.text, label=label or "Text")
        if parts.images:
            updates[self.images] = gr.update(
                value=[str(path) for path in parts.images],
                columns=1 if len(parts.images) == 1 else 2,
                label=label or "Images",
            )
        if parts.audios:
            updates[self._audio] = str(parts.audios[0])
        if parts.videos:
            updates[self._video] = str(parts.videos[0])
        return updates

    def _saved(self, parts: ResultParts, folder: Path) -> dict[Component, Any]:
        files = parts.files
        if parts.text:
            files = [*files, save_text(parts.text, folder, self._card.name)]
        return {
            self._facts: gr.update(
                value=facts_html({in_words(name): value for name, value in parts.facts.items()}),
                visible=bool(parts.facts),
            ),
            self._files: gr.update(
                value=[str(path) for path in files] or None, visible=bool(files)
            ),
        }
