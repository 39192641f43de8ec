"""An endpoint that is called with a form: fields on one side, the result on the other, the code of the call below."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import gradio as gr
from gradio.components import Component

from .bench import Bench
from .fields import fields_of
from .package import EndpointCard
from .parts import code_box, refusal_html, watch, wire_cancel, wire_run
from .results import Results
from .running import has_ended
from .status import heading_html
from .widgets import Form


class CallView:
    """The page of one endpoint; made where the page is being built.

    Args:
        bench: What every part of the page works with.
        card: The endpoint.
    """

    def __init__(self, bench: Bench, card: EndpointCard) -> None:
        self._bench = bench
        self._card = card
        self._form = Form(fields_of(card.parameters, card.texts))
        info = card.info
        with gr.Row(equal_height=False):
            with gr.Column(scale=5, min_width=320):
                gr.HTML(
                    heading_html(card.title, info.name, info.description, card.category),
                    padding=False,
                )
                self._form.draw(advanced=False)
                if any(field.advanced for field in self._form.fields):
                    with gr.Accordion("More parameters", open=False, elem_id="more"):
                        self._form.draw(advanced=True)
                with gr.Row(elem_classes="aki-buttons"):
                    self._run = gr.Button("Run", variant="primary", size="md", elem_id="run")
                    self._cancel = gr.Button(
                        "Cancel", interactive=False, size="md", elem_id="cancel"
                    )
            with gr.Column(scale=6, min_width=320):
                self._results = Results(card)
        self._call = gr.State(None)
        self._code = code_box(bench.source(card, {}))
        self._wire()

    def _wire(self) -> None:
        notes = list(self._form.notes({}))
        seen = [*self._results.components, self._run, self._cancel]
        wire_run(
            [self._run.click],
            self._on_run,
            self._form.inputs,
            [self._call, self._code, *notes, *seen],
            self._carry_out,
            self._call,
            seen,
        )
        wire_cancel(self._bench, self._cancel)
        watch(self._form.inputs, self._on_change, self._form.inputs, [*notes, self._code])

    def _on_change(self, *values: Any) -> dict[Component, Any]:
        reading = self._form.read(values)
        faults, _ = self._bench.check(self._card, reading.arguments)
        # What is still to be filled in is no fault before somebody says Run.
        told = {name: text for name, text in faults.items() if name in reading.arguments}
        code = self._bench.source(self._card, reading.arguments)
        return {**self._form.notes({**told, **reading.faults}), self._code: code}

    def _on_run(self, *values: Any) -> dict[Component, Any]:
        reading = self._form.read(values)
        faults, others = self._bench.check(self._card, reading.arguments)
        faults.update(reading.faults)
        notes = self._form.notes(faults)
        if faults or others:
            return {**notes, self._call: None, self._results.status: refusal_html(faults, others)}
        code = self._bench.source(self._card, reading.arguments)
        return {
            **notes,
            **self._results.cleared(),
            **self._busy(True),
            self._call: reading.arguments,
            self._code: code,
        }

    async def _carry_out(
        self, request: gr.Request, arguments: Mapping[str, Any] | None
    ) -> AsyncIterator[dict[Component, Any]]:
        if arguments is None:
            # Gradio clears everything that a generator without a single update may touch.
            yield {self._results.status: gr.update()}
            return
        tab = request.session_hash or ""
        folder = self._bench.results_of(tab)
        shown = {**self._results.cleared(), **self._busy(True)}
        endpoint = self._bench.endpoint(self._card)
        async with self._bench.runs.start(tab, endpoint, arguments) as run:
            async for sight in run.sights():
                shown |= self._results.show(sight, folder)
                shown |= self._busy(not has_ended(sight))
                yield shown

    def _busy(self, busy: bool) -> dict[Component, Any]:
        return {
            self._run: gr.update(interactive=not busy),
            self._cancel: gr.update(interactive=busy),
        }
