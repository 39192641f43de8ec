"""What the pages of all endpoints have: heading, form, the call as text, buttons, status, and how they are wired."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gradio as gr
from aki_runtime.shapes import object_or_empty
from gradio.components import Component

from .bench import Bench
from .calls import LANGUAGES
from .examples import examples_of
from .form import fields_of
from .frame import Frame, Opened
from .package import EndpointCard
from .status import heading_html, status_html
from .widgets import Form

QUIET: dict[str, Any] = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
"""An event that answers at once, and that is only for this page."""

OPENING: dict[str, Any] = {**QUIET, "queue": True, "concurrency_limit": 1}
"""An event that opens an endpoint: only of those in the queue does the browser hear that a state has changed."""

_SENDING = f"""(now) => document.querySelector("#run:disabled") ? now
    : {json.dumps(status_html("Sending …", "busy"))}"""
"""Says in the browser that something happens, before this program has heard of it."""

_SHOW_RESULT = """() => document.querySelector("#status .aki-good") &&
    document.querySelector(".aki-results")?.scrollIntoView({block: "nearest", behavior: "smooth"})"""
"""Brings a result into sight that stands below the form, as it does in a narrow window."""

_LONG: dict[str, Any] = {
    "show_progress": "hidden",
    "concurrency_limit": None,
    "api_visibility": "private",
}


class EndpointView:
    """The page of one endpoint, as far as all have it; made where the page is being built.

    Args:
        bench: What every part of the page works with.
        card: The endpoint.
        frame: The widgets that all pages share.
        opened: What is to be shown of it.
    """

    def __init__(self, bench: Bench, card: EndpointCard, frame: Frame, opened: Opened) -> None:
        self.bench = bench
        self.card = card
        self.frame = frame
        fields = fields_of(card.parameters, card.texts)
        first = {**examples_of(card, bench.folder / "examples"), **opened.values}
        self.form = Form(
            fields,
            {f.name: first[f.name] for f in fields if f.holds(first.get(f.name), bench.owns)},
        )
        self.call = gr.State(None)

    def heading(self) -> None:
        """Put the endpoint's title, name, description and category."""
        info = self.card.info
        html = heading_html(self.card.title, info.name, info.description, self.card.category)
        gr.HTML(html, padding=False)

    def buttons(self, run: str) -> None:
        """Put the button that runs, with this label, and the one that cancels."""
        self.run = gr.Button(run, variant="primary", size="md", elem_id="run")
        self.cancel = gr.Button("Cancel", interactive=False, size="md", elem_id="cancel")

    def status_line(self, first: str) -> None:
        """Put the line that says how a run stands; it is HTML."""
        self.status = gr.HTML(first, padding=False, elem_id="status")

    def code_boxes(self, arguments: Mapping[str, Any]) -> None:
        """Put a call as text, a tab for each language."""
        gr.HTML('<h3 class="aki-title">This call in code</h3>', padding=False)
        self._codes: dict[str, Component] = {}
        texts = self.bench.calls(self.card, arguments)
        with gr.Tabs(selected=0, elem_id="calls"):
            for number, (label, language) in enumerate(LANGUAGES.items()):
                with gr.Tab(label, id=number):
                    self._codes[label] = gr.Code(
                        texts[label],
                        language=language,
                        show_label=False,
                        interactive=False,
                        buttons=["copy"],
                        show_line_numbers=False,
                        wrap_lines=True,
                        elem_id=f"code-{number}" if number else "code",
                    )

    @property
    def codes(self) -> list[Component]:
        """What `code` updates."""
        return list(self._codes.values())

    def code(self, arguments: Mapping[str, Any]) -> dict[Component, Any]:
        """Return the updates that show a call as text."""
        texts = self.bench.calls(self.card, arguments)
        return {box: texts[label] for label, box in self._codes.items()}

    def kept(self, forms: Any, values: Mapping[str, Any]) -> dict[Component, Any]:
        """Return the update that has the browser keep what a form holds."""
        return {self.frame.forms: {**object_or_empty(forms), self.card.name: values}}

    def busy(self, busy: bool) -> dict[Component, Any]:
        """Return the updates of the buttons while a run goes on, and after it."""
        return {
            self.run: gr.update(interactive=not busy),
            self.cancel: gr.update(interactive=busy),
        }

    def wire(
        self,
        triggers: Sequence[Any],
        check: Callable[..., object],
        given: Sequence[Component],
        checked: Sequence[Component],
        run: Callable[..., object],
        shown: Sequence[Component],
    ) -> None:
        """Have a call checked, and then run.

        These are two events, because each update of a run must hold all that the run shows: where updates come
        quickly, the browser keeps only the last. What people type meanwhile is therefore none of the run's business.

        Args:
            triggers: The events that ask for a run.
            check: Reads and checks what was filled in, and puts it into `call`; None where nothing is to run.
            given: What `check` reads.
            checked: What `check` updates beside `call`.
            run: Carries the call out; it is given the call and the runs of this session.
            shown: What `run` updates beside these runs.
        """
        gr.on(triggers, None, self.status, self.status, js=_SENDING, **QUIET)  # pyright: ignore[reportUnknownMemberType]  # Gradio types it in part
        checking = gr.on(triggers, check, given, [self.call, *checked], **_LONG)  # pyright: ignore[reportUnknownMemberType]  # Gradio types it in part
        # Before the page has heard that a run is over, the next one may start.
        runs = self.frame.runs
        running = checking.then(
            run, [self.call, runs], [runs, *shown], trigger_mode="multiple", **_LONG
        )
        running.then(None, js=_SHOW_RESULT, **QUIET)

    def wire_cancel(self) -> None:
        """Have the other button end all runs of the tab."""

        async def cancel(request: gr.Request) -> None:
            await self.bench.runs.cancel(request.session_hash or "")

        self.cancel.click(cancel, **QUIET)

    def watch(
        self,
        sources: Sequence[Any],
        handler: Callable[..., object],
        given: list[Component],
        shown: list[Component],
    ) -> None:
        """Call a handler on every change of some widgets."""
        changes = [component.change for component in sources]
        gr.on(changes, handler, given, shown, trigger_mode="always_last", **QUIET)  # pyright: ignore[reportUnknownMemberType]  # Gradio types it in part
