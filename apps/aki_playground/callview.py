"""An endpoint that is called with a form: fields on one side, the result on the other, the call as text below."""

from typing import Any

import gradio as gr
from gradio.components import Component

from .bench import Bench
from .examples import ABOUT_A_PICTURE
from .form import in_words
from .frame import Frame, Opened, SeenRun, values_of
from .package import EndpointCard
from .results import raw_answer, raw_box, save_text
from .running import Call, Failed, Finished, has_ended
from .status import facts_html, state_html, status_html
from .view import OPENING, QUIET, EndpointView, Updates


class CallView(EndpointView):
    """The page of one endpoint that is called with a form."""

    def __init__(self, bench: Bench, card: EndpointCard, frame: Frame, opened: Opened) -> None:
        super().__init__(bench, card, frame, opened)
        with gr.Row(equal_height=False):
            with gr.Column(scale=5, min_width=320):
                self.heading()
                self.form.draw(advanced=False)
                if any(field.advanced for field in self.form.fields):
                    with gr.Accordion("More parameters", open=False, elem_id="more"):
                        self.form.draw(advanced=True)
                self.actions("Run", status_html("Nothing has been sent yet."))
            with gr.Column(scale=6, min_width=320, elem_classes="aki-results"):
                self._draw_media()
                self._draw_reuse()
                self._facts = gr.HTML("", padding=False, visible=False, elem_id="result-facts")
                self._files = gr.File(
                    label="Save",
                    file_count="multiple",
                    interactive=False,
                    visible=False,
                    elem_id="files",
                )
                self._raw = raw_box()
        self.code_boxes(self.form.read(self.form.first).arguments)
        results = [*self.cleared(), *self._reuse]
        self.wire({self._on_run: [self.run.click]}, self.form.inputs, [*results, self._chosen])
        if opened.past is not None:
            self._show_again(opened.past, [self.status, *results])

    def _show_again(self, past: SeenRun, results: list[Component]) -> None:
        """Show the result of a run of this session, as soon as the widgets are on the page."""
        soon = gr.Timer(0.1)

        def show() -> Updates:
            return {**self.show(past), soon: gr.Timer(active=False)}

        soon.tick(show, None, [*results, soon], **QUIET)

    def _draw_media(self) -> None:
        """Put what shows the text and media of a result."""
        kinds = {*self.card.outputs.values(), *self.card.progress.values()}
        self._text = gr.Textbox(
            label="Text",
            lines=8,
            max_lines=24,
            interactive=False,
            buttons=["copy"],
            visible="text" in kinds,
            elem_id="result-text",
        )
        self._images = gr.Gallery(
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

    def _draw_reuse(self) -> None:
        """Put what opens an endpoint with a picture of the result as its input."""
        cards = self.bench.package.cards.values()
        takers = sorted(
            (card for card in cards if card.image_parameter),
            key=lambda card: (card is not self.card, not card.needs_image, card.title),
        )
        self._chosen = gr.State(0)
        with gr.Row(elem_classes="aki-reuse"):
            button = gr.Button(
                "Use this picture as input of", visible=False, size="md", elem_id="reuse"
            )
            target = gr.Dropdown(
                [(card.title, card.name) for card in takers],
                value=takers[0].name if takers else None,
                label="Endpoint that takes the picture",
                show_label=False,
                container=False,
                visible=False,
                interactive=True,
                elem_id="reuse-in",
            )
        self._reuse: list[Component] = [target, button] if takers else []

        def choose(event: gr.SelectData) -> Any:
            return event.index

        def use(
            forms: Any, images: list[tuple[str, str | None]] | None, number: int, name: str
        ) -> Updates:
            taker = self.bench.package.cards.get(name)
            if not images or taker is None or taker.image_parameter is None:
                return {self.frame.forms: gr.update()}
            path = images[min(number, len(images) - 1)][0]
            held: dict[str, Any] = {taker.image_parameter: path}
            if taker.chat_parameter is not None:
                held = {"draft": {"text": ABOUT_A_PICTURE, "files": [path]}}
            return self.frame.open(forms, name, {**values_of(forms, name), **held})

        self._images.select(choose, None, self._chosen, **QUIET)
        given = [self.frame.forms, self._images, self._chosen, target]
        button.click(use, given, self.frame.opening, **OPENING)

    def entered(self, *given: Any) -> tuple[dict[str, Any], dict[str, str], dict[str, Any]]:
        """Return the call that the form holds."""
        arguments, problems, _ = self.read(given)
        return arguments, problems, self.form.by_name(given)

    def _on_run(self, *values: Any) -> Updates:
        arguments, problems, others = self.read(values)
        if problems or others:
            return self.refused(problems, others)
        return {**self.accepted(Call(arguments, held=self.form.by_name(values))), self._chosen: 0}

    def cleared(self) -> Updates:
        """Return the updates that make room for the next result."""
        return {
            self._text: gr.update(value="", label="Text"),
            self._images: gr.update(value=None, label="Images"),
            self._audio: None,
            self._video: None,
            self._facts: gr.update(visible=False),
            self._files: gr.update(value=None, visible=False),
            self._raw: None,
            **{component: gr.update(visible=False) for component in self._reuse},
        }

    def show(self, run: SeenRun) -> Updates:
        """Return the updates that show a result, or what there is of it."""
        state, parts = run.state, run.parts
        updates: Updates = {
            self.status: state_html(state, counts_tokens="text" in self.card.progress)
        }
        is_whole, is_partial = isinstance(state, Finished), isinstance(state, Failed)
        label = "" if is_whole else "Incomplete" if is_partial else "Preview"
        if parts.text is not None:
            updates[self._text] = gr.update(value=parts.text, label=label or "Text")
        if parts.images:
            updates[self._images] = gr.update(
                value=[str(path) for path in parts.images],
                columns=1 if len(parts.images) == 1 else 2,
                label=label or "Images",
            )
        if parts.audios:
            updates[self._audio] = str(parts.audios[0])
        if parts.videos:
            updates[self._video] = str(parts.videos[0])
        if has_ended(state):
            updates |= {part: gr.update(visible=bool(parts.images)) for part in self._reuse}
        if is_whole or is_partial:
            updates |= self._details(run)
        return updates

    def _details(self, run: SeenRun) -> Updates:
        parts, files = run.parts, [*run.parts.files]
        if parts.text:
            files.append(save_text(parts.text, run.folder, self.card.name))
        facts = facts_html({in_words(name): value for name, value in parts.facts.items()})
        paths = [str(path) for path in files]
        return {
            self._facts: gr.update(value=facts, visible=bool(facts)),
            self._files: gr.update(value=paths or None, visible=bool(paths)),
            self._raw: raw_answer(run.state),
        }
