"""An endpoint that is called with a form: fields on one side, the result on the other, the code of the call below."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import gradio as gr
from gradio.components import Component

from .bench import Bench
from .fields import fields_of
from .package import EndpointCard
from .results import Results
from .status import heading_html, status_html
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
        self._code = code_box(bench.source(card, {}))
        self._wire()

    def _wire(self) -> None:
        notes = list(self._form.notes({}))
        self._run.click(
            self._on_run,
            self._form.inputs,
            [*self._results.components, *notes, self._code, self._run, self._cancel],
            show_progress="hidden",
            concurrency_limit=None,
            api_visibility="private",
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

    async def _on_run(
        self, request: gr.Request, *values: Any
    ) -> AsyncIterator[dict[Component, Any]]:
        reading = self._form.read(values)
        faults, others = self._bench.check(self._card, reading.arguments)
        faults.update(reading.faults)
        notes = self._form.notes(faults)
        if faults or others:
            yield {**notes, self._results.status: refusal_html(faults, others)}
            return
        code = self._bench.source(self._card, reading.arguments)
        yield {**notes, **self._results.cleared(), **self._busy(True), self._code: code}
        tab = request.session_hash or ""
        folder = self._bench.results_of(tab)
        endpoint = self._bench.endpoint(self._card)
        async with self._bench.runs.start(tab, endpoint, reading.arguments) as run:
            async for sight in run.sights():
                yield self._results.show(sight, folder)
        yield self._busy(False)

    def _busy(self, busy: bool) -> dict[Component, Any]:
        return {
            self._run: gr.update(interactive=not busy),
            self._cancel: gr.update(interactive=busy),
        }


def code_box(code: str) -> gr.Code:
    """Put the code of a call where the page is being built."""
    return gr.Code(
        code,
        language="python",
        label="Python code of this call",
        interactive=False,
        buttons=["copy"],
        show_line_numbers=False,
        elem_id="code",
    )


def watch(
    sources: Sequence[Any], handler: Any, inputs: list[Component], outputs: list[Component]
) -> None:
    """Have a handler told of every change of some widgets."""
    gr.on(  # pyright: ignore[reportUnknownMemberType]  # Gradio types it in part
        [component.change for component in sources],
        handler,
        inputs,
        outputs,
        show_progress="hidden",
        queue=False,
        trigger_mode="always_last",
        api_visibility="private",
    )


def wire_cancel(bench: Bench, button: gr.Button) -> None:
    """Have a button end the runs of its tab; each run says itself that it was ended."""

    async def cancel(request: gr.Request) -> None:
        await bench.runs.cancel(request.session_hash or "")

    button.click(cancel, show_progress="hidden", queue=False, api_visibility="private")


def refusal_html(faults: dict[str, str], others: list[str]) -> str:
    """Say that nothing was sent, and why."""
    words = [f"look at {', '.join(faults)}"] if faults else []
    return status_html("Nothing was sent: " + "; ".join([*words, *others]) + ".", "bad")
