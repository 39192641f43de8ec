"""What the pages of all endpoints have: heading, form, code, buttons that run and cancel, and how they are wired."""

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
from gradio.components import Component

from .bench import Bench
from .form import fields_of
from .package import EndpointCard
from .status import heading_html
from .widgets import Form

QUIET: dict[str, Any] = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
"""An event that answers at once, and that is only for this page."""

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
    """

    def __init__(self, bench: Bench, card: EndpointCard) -> None:
        self.bench = bench
        self.card = card
        self.form = Form(fields_of(card.parameters, card.texts))
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

    def code_box(self, arguments: dict[str, Any]) -> None:
        """Put the code of a call."""
        self.code = gr.Code(
            self.bench.source(self.card, arguments),
            language="python",
            label="Python code of this call",
            interactive=False,
            buttons=["copy"],
            show_line_numbers=False,
            wrap_lines=True,
            elem_id="code",
        )

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
        """Have a call checked, and then run; have the other button end all runs of the tab.

        These are two events, because each update of a run must hold all that the run shows: where updates come
        quickly, the browser keeps only the last. What people type meanwhile is therefore none of the run's business.

        Args:
            triggers: The events that ask for a run.
            check: Reads and checks what was filled in, and puts it into `call`; None where nothing is to run.
            given: What `check` reads.
            checked: What `check` updates beside `call`.
            run: Carries the call out.
            shown: What `run` updates.
        """

        async def cancel(request: gr.Request) -> None:
            await self.bench.runs.cancel(request.session_hash or "")

        checking = gr.on(triggers, check, given, [self.call, *checked], **_LONG)  # pyright: ignore[reportUnknownMemberType]  # Gradio types it in part
        # Before the page has heard that a run is over, the next one may start.
        checking.then(run, self.call, shown, trigger_mode="multiple", **_LONG)
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
