"""The place on the page where results appear: text as it grows, pictures, sounds, films, and files to save."""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from .outcome import ResultParts, outcome_of, save_text, told_by
from .outputs import output_kinds
from .package import EndpointCard
from .running import Failed, Finished, Sight
from .status import facts_html, sight_html, status_html


class Results:
    """The results of one endpoint on the page; made where the page is being built.

    Args:
        card: The endpoint.
    """

    def __init__(self, card: EndpointCard) -> None:
        self._card = card
        self._progress = output_kinds(card.info.reading.progress)
        kinds = {*card.outputs.values(), *self._progress.values()}
        self.status = gr.HTML(
            status_html("Nothing has been sent yet."), padding=False, elem_id="status"
        )
        self._text = gr.Textbox(
            label="text",
            lines=8,
            max_lines=24,
            interactive=False,
            buttons=["copy"],
            visible="text" in kinds,
            elem_id="result-text",
        )
        self._images = gr.Gallery(
            label="images",
            columns=1,
            height="auto",
            object_fit="contain",
            interactive=False,
            buttons=["download", "fullscreen"],
            visible=bool(kinds & {"image", "images"}),
            elem_id="result-images",
        )
        self._audio = gr.Audio(
            label="audio",
            interactive=False,
            buttons=["download"],
            visible=bool(kinds & {"audio", "audios"}),
            elem_id="result-audio",
        )
        self._video = gr.Video(
            label="video",
            interactive=False,
            buttons=["download"],
            visible=bool(kinds & {"video", "videos"}),
            elem_id="result-video",
        )
        self._facts = gr.HTML("", padding=False, visible=False, elem_id="result-facts")
        self._files = gr.File(
            label="Save", file_count="multiple", interactive=False, visible=False, elem_id="files"
        )

    @property
    def components(self) -> list[Component]:
        """Everything that an update may touch."""
        return [
            self.status,
            self._text,
            self._images,
            self._audio,
            self._video,
            self._facts,
            self._files,
        ]

    def cleared(self) -> dict[Component, Any]:
        """Return the updates that make room for the next result."""
        return {
            self.status: status_html("Sending …", "busy"),
            self._text: gr.update(value="", label="text"),
            self._images: gr.update(value=None, label="images"),
            self._audio: None,
            self._video: None,
            self._facts: gr.update(visible=False),
            self._files: gr.update(value=None, visible=False),
        }

    def show(self, sight: Sight, folder: Path) -> dict[Component, Any]:
        """Return the updates that show how a run stands.

        Args:
            sight: What was seen of it.
            folder: Where the files of its result go.
        """
        updates: dict[Component, Any] = {
            self.status: sight_html(sight, counts_tokens=self._card.streams_text)
        }
        match sight:
            case Finished(output):
                seen = outcome_of(told_by(output), self._card.outputs, folder, self._card.name)
                updates |= self._shown(seen) | self._saved(seen, folder)
            case Failed(error):
                partial = getattr(error, "partial", {})
                seen = outcome_of(partial, self._card.outputs, folder, f"{self._card.name}-partial")
                updates |= self._shown(seen, "incomplete") | self._saved(seen, folder)
            case _ if (data := getattr(sight, "data", None)) is not None:
                seen = outcome_of(told_by(data), self._progress, folder, "preview")
                updates |= self._shown(seen, "preview")
            case _:
                pass
        return updates

    def _shown(self, seen: ResultParts, label: str = "") -> dict[Component, Any]:
        updates: dict[Component, Any] = {}
        if seen.text is not None:
            updates[self._text] = gr.update(value=seen.text, label=label or "text")
        if seen.images:
            updates[self._images] = gr.update(
                value=[str(path) for path in seen.images],
                columns=1 if len(seen.images) == 1 else 2,
                label=label or "images",
            )
        if seen.audios:
            updates[self._audio] = str(seen.audios[0])
        if seen.videos:
            updates[self._video] = str(seen.videos[0])
        return updates

    def _saved(self, seen: ResultParts, folder: Path) -> dict[Component, Any]:
        files = seen.files
        if seen.text:
            files = [*files, save_text(seen.text, folder, self._card.name)]
        return {
            self._facts: gr.update(value=facts_html(seen.facts), visible=bool(seen.facts)),
            self._files: gr.update(
                value=[str(path) for path in files] or None, visible=bool(files)
            ),
        }
