"""An endpoint that is called with a form: fields on one side, the result on the other, the call as text below."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import gradio as gr
from aki_runtime.shapes import object_or_empty
from gradio.components import Component

from .bench import Bench
from .examples import ABOUT_A_PICTURE
from .frame import MOST_RUNS, Frame, Opened, PastRun, values_of
from .package import EndpointCard
from .results import Results
from .running import has_ended
from .status import refusal_html, status_html
from .view import OPENING, QUIET, EndpointView


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
                with gr.Column(elem_classes="aki-actions"):
                    with gr.Row(elem_classes="aki-buttons"):
                        self.buttons("Run")
                    self.status_line(status_html("Nothing has been sent yet."))
            with gr.Column(scale=6, min_width=320, elem_classes="aki-results"):
                self._results = Results(card, self.status)
                self._reuse_picture()
                self._results.details()
        first = self.form.read_first().arguments
        self.code_boxes(first)
        inputs, notes = self.form.inputs, list(self.form.notes({}))
        shown = [*self._results.components, self.run, self.cancel, *self._reuse]
        checked = [*self.codes, *notes, self._chosen, *shown]
        self.wire([self.run.click], self._on_run, inputs, checked, self._carry_out, shown)
        self.wire_cancel()
        given = [frame.forms, *inputs]
        self.watch(inputs, self._on_change, given, [frame.forms, *notes, *self.codes])
        if opened.past is not None:
            self._show_again(opened.past)

    def _show_again(self, past: PastRun) -> None:
        """Show the result of a run of this session, as soon as the widgets are on the page."""
        soon = gr.Timer(0.1)

        def show() -> dict[Component, Any]:
            shown = self._results.show(past.state, past.folder)
            return {**shown, **self._reusable(shown), soon: gr.Timer(active=False)}

        soon.tick(show, None, [*self._results.components, *self._reuse, soon], **QUIET)

    def _reuse_picture(self) -> None:
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
        ) -> dict[Component, Any]:
            taker = self.bench.package.cards.get(name)
            if not images or taker is None or taker.image_parameter is None:
                return {self.frame.forms: gr.update()}
            path = images[min(number, len(images) - 1)][0]
            held: dict[str, Any] = {taker.image_parameter: path}
            if taker.chat_parameter is not None:
                held = {"draft": {"text": ABOUT_A_PICTURE, "files": [path]}}
            return self.frame.open(forms, name, {**values_of(forms, name), **held})

        images = self._results.images
        images.select(choose, None, self._chosen, **QUIET)
        given = [self.frame.forms, images, self._chosen, target]
        button.click(use, given, self.frame.opening, **OPENING)

    def _reusable(self, shown: Mapping[Component, Any]) -> dict[Component, Any]:
        has_images = bool(object_or_empty(shown.get(self._results.images)).get("value"))
        return {component: gr.update(visible=has_images) for component in self._reuse}

    def _on_change(self, forms: Any, *values: Any) -> dict[Component, Any]:
        reading = self.form.read(values)
        problems, _ = self.bench.check(self.card, reading.arguments)
        # What is still to be filled in is not wrong before somebody says Run.
        entered = {name: text for name, text in problems.items() if name in reading.arguments}
        return {
            **self.form.notes({**entered, **reading.problems}),
            **self.code(reading.arguments),
            **self.kept(forms, self.form.by_name(values)),
        }

    def _on_run(self, *values: Any) -> dict[Component, Any]:
        reading = self.form.read(values)
        problems, others = self.bench.check(self.card, reading.arguments)
        problems.update(reading.problems)
        notes = self.form.notes(problems)
        if problems or others:
            refusal = refusal_html(problems, others)
            return {**notes, self.call: None, self.status: refusal}
        cleared = self._results.cleared()
        return {
            **notes,
            **cleared,
            **self._reusable(cleared),
            self._chosen: 0,
            **self.busy(True),
            **self.code(reading.arguments),
            self.call: (reading.arguments, self.form.by_name(values)),
        }

    async def _carry_out(
        self,
        request: gr.Request,
        call: tuple[Mapping[str, Any], Mapping[str, Any]] | None,
        runs: list[PastRun],
    ) -> AsyncIterator[dict[Component, Any]]:
        if call is None:
            # Gradio clears everything that a generator without a single update may touch.
            yield {self.status: gr.update()}
            return
        arguments, values = call
        tab = request.session_hash or ""
        folder: Path = self.bench.results_of(tab)
        shown = self._results.cleared()
        async with self.bench.runs.start(tab, self.bench.endpoint(self.card), arguments) as run:
            async for state in run.states():
                shown |= self._results.show(state, folder)
                shown |= self.busy(not has_ended(state))
                if has_ended(state):
                    said = next((v for v in arguments.values() if isinstance(v, str)), "")
                    past = PastRun(self.card, values, said, state, folder)
                    shown |= {**self._reusable(shown), self.frame.runs: [past, *runs][:MOST_RUNS]}
                yield shown
