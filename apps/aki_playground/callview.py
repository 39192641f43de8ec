"""An endpoint that is called with a form: fields on one side, the result on the other, the code of the call below."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import gradio as gr
from gradio.components import Component

from .bench import Bench
from .package import EndpointCard
from .results import Results
from .running import has_ended
from .status import refusal_html
from .view import EndpointView


class CallView(EndpointView):
    """The page of one endpoint that is called with a form."""

    def __init__(self, bench: Bench, card: EndpointCard) -> None:
        super().__init__(bench, card)
        with gr.Row(equal_height=False):
            with gr.Column(scale=5, min_width=320):
                self.heading()
                self.form.draw(advanced=False)
                if any(field.advanced for field in self.form.fields):
                    with gr.Accordion("More parameters", open=False, elem_id="more"):
                        self.form.draw(advanced=True)
                with gr.Row(elem_classes="aki-buttons"):
                    self.buttons("Run")
            with gr.Column(scale=6, min_width=320):
                self._results = Results(card)
        self.code_box({})
        inputs, notes = self.form.inputs, list(self.form.notes({}))
        shown = [*self._results.components, self.run, self.cancel]
        checked = [self.code, *notes, *shown]
        self.wire([self.run.click], self._on_run, inputs, checked, self._carry_out, shown)
        self.watch(inputs, self._on_change, inputs, [*notes, self.code])

    def _on_change(self, *values: Any) -> dict[Component, Any]:
        reading = self.form.read(values)
        problems, _ = self.bench.check(self.card, reading.arguments)
        # What is still to be filled in is not wrong before somebody says Run.
        entered = {name: text for name, text in problems.items() if name in reading.arguments}
        code = self.bench.source(self.card, reading.arguments)
        return {**self.form.notes({**entered, **reading.problems}), self.code: code}

    def _on_run(self, *values: Any) -> dict[Component, Any]:
        reading = self.form.read(values)
        problems, others = self.bench.check(self.card, reading.arguments)
        problems.update(reading.problems)
        notes = self.form.notes(problems)
        if problems or others:
            refusal = refusal_html(problems, others)
            return {**notes, self.call: None, self._results.status: refusal}
        return {
            **notes,
            **self._results.cleared(),
            **self.busy(True),
            self.call: reading.arguments,
            self.code: self.bench.source(self.card, reading.arguments),
        }

    async def _carry_out(
        self, request: gr.Request, arguments: Mapping[str, Any] | None
    ) -> AsyncIterator[dict[Component, Any]]:
        if arguments is None:
            # Gradio clears everything that a generator without a single update may touch.
            yield {self._results.status: gr.update()}
            return
        tab = request.session_hash or ""
        folder = self.bench.results_of(tab)
        shown = self._results.cleared()
        endpoint = self.bench.endpoint(self.card)
        async with self.bench.runs.start(tab, endpoint, arguments) as run:
            async for state in run.states():
                shown |= self._results.show(state, folder)
                shown |= self.busy(not has_ended(state))
                yield shown
