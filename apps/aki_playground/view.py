"""What the pages of all endpoints have: heading, form, the call as text, buttons, status, and how they are wired."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import gradio as gr
from aki_runtime.shapes import object_or_empty
from gradio.components import Component

from .bench import REQUIRED, Bench
from .calls import LANGUAGES
from .examples import examples_of
from .form import fields_of
from .frame import MOST_RUNS, Frame, Opened, SeenRun
from .package import EndpointCard
from .results import ResultParts, parts_of
from .running import Call, has_ended
from .status import heading_html, refusal_html, status_html
from .widgets import Form

QUIET: dict[str, Any] = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
"""An event that answers at once, and that is only for this page."""

OPENING: dict[str, Any] = {**QUIET, "queue": True, "concurrency_limit": 1}
"""An event that opens an endpoint: only of those in the queue does the browser hear that a state has changed."""

SENDING = status_html("Sending …", "busy")

_SENDING = f"""(now) => document.querySelector("#run:disabled") ? now : {json.dumps(SENDING)}"""
"""Says in the browser that something happens, before this program has heard of it."""

_SHOW_RESULT = """() => document.querySelector("#status .aki-good") &&
    document.querySelector(".aki-results")?.scrollIntoView({block: "nearest", behavior: "smooth"})"""
"""Brings a result into sight that stands below the form, as it does in a narrow window."""

_LONG: dict[str, Any] = {**QUIET, "queue": True, "concurrency_limit": None}

Updates = dict[Component, Any]
"""What an event changes on the page."""


def leaving(bench: Bench) -> Callable[[gr.Request], Awaitable[None]]:
    """Return what ends all runs of the tab that asks for it."""

    async def leave(request: gr.Request) -> None:
        await bench.runs.cancel(request.session_hash or "")

    return leave


class EndpointView:
    """The page of one endpoint, as far as all have it; made where the page is being built.

    A call is checked by one event and run by the next, because each update of a run must hold all that the run shows:
    where updates come quickly, the browser keeps only the last. What people type meanwhile is not a part of that.

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
        self._call = gr.State(None)
        self._codes: dict[str, Component] = {}

    def entered(self, *given: Any) -> tuple[dict[str, Any], dict[str, str], dict[str, Any]]:
        """Return the call that the page holds, the problem at each field, and what the form holds."""
        raise NotImplementedError

    def cleared(self) -> Updates:
        """Return the updates that make room for what a run shows."""
        return {}

    def show(self, run: SeenRun) -> Updates:
        """Return the updates that show how a run stands."""
        raise NotImplementedError

    def heading(self) -> None:
        """Put the endpoint's title, name, description and category."""
        info = self.card.info
        html = heading_html(self.card.title, info.name, info.description, self.card.category)
        gr.HTML(html, padding=False)

    def actions(self, run: str, status: str) -> None:
        """Put the buttons, of which the first has this label, and below them how a run stands, in HTML."""
        with gr.Column(elem_classes="aki-actions"):
            with gr.Row(elem_classes="aki-buttons"):
                self.run = gr.Button(run, variant="primary", size="md", elem_id="run")
                self.cancel = gr.Button("Cancel", interactive=False, size="md", elem_id="cancel")
                self.more_buttons()
            self.status = gr.HTML(status, padding=False, elem_id="status")
        self.cancel.click(leaving(self.bench), **QUIET)

    def more_buttons(self) -> None:
        """Put further buttons."""

    def code_boxes(self, arguments: Mapping[str, Any]) -> None:
        """Put a call as text, a tab for each language."""
        gr.HTML('<h3 class="aki-title">This call in code</h3>', padding=False)
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

    def notes(self, problems: dict[str, str]) -> Updates:
        """Return the updates that say what is wrong at which field."""
        return self.form.notes(problems)

    def _code(self, arguments: Mapping[str, Any]) -> Updates:
        texts = self.bench.calls(self.card, arguments)
        return {box: texts[label] for label, box in self._codes.items()}

    def _busy(self, busy: bool) -> Updates:
        return {
            self.run: gr.update(interactive=not busy),
            self.cancel: gr.update(interactive=busy),
        }

    def read(
        self, values: Sequence[Any], **said: Any
    ) -> tuple[dict[str, Any], dict[str, str], list[str]]:
        """Read and check a call.

        Args:
            values: What the form's inputs hold.
            said: Arguments beside the form.

        Returns:
            The arguments, the problem at each field, and all other problems.
        """
        reading = self.form.read(values)
        arguments = {**said, **reading.arguments}
        problems, others = self.bench.check(self.card, arguments)
        return arguments, {**problems, **reading.problems}, others

    def refused(self, problems: dict[str, str], others: list[str]) -> Updates:
        """Return the updates of a check after which nothing is sent."""
        refusal = refusal_html(problems, others)
        return {**self.notes(problems), self._call: None, self.status: refusal}

    def accepted(self, call: Call) -> Updates:
        """Return the updates of a check after which a call is carried out."""
        return {
            **self.notes({}),
            **self.cleared(),
            **self._busy(True),
            **self._code(call.arguments),
            self._call: call,
            self.status: SENDING,
        }

    def wire(
        self,
        checks: Mapping[Callable[..., Updates], Sequence[Any]],
        given: Sequence[Component],
        shown: Sequence[Component],
    ) -> None:
        """Wire the page, once all of it is there.

        Args:
            checks: What reads and checks a call, with the events that ask for a run of it.
            given: What these read, and `entered`.
            shown: What a run and its check update beside buttons, status, code and notes.
        """
        forms, runs = self.frame.forms, self.frame.runs
        texts: list[Component] = [*self._codes.values(), *self.notes({})]
        shown = [self.status, self.run, self.cancel, *shown]
        for check, triggers in checks.items():
            gr.on(triggers, None, self.status, self.status, js=_SENDING, **QUIET)  # pyright: ignore[reportUnknownMemberType]  # Gradio types it in part
            checking = gr.on(triggers, check, given, [self._call, *texts, *shown], **_LONG)  # pyright: ignore[reportUnknownMemberType]  # Gradio types it in part
            # Before the page has heard that a run is over, the next one may start.
            running = checking.then(
                self._carry_out,
                [self._call, runs],
                [runs, *shown],
                trigger_mode="multiple",
                **_LONG,
            )
            running.then(None, js=_SHOW_RESULT, **QUIET)
        typed_in: list[Any] = [widget for widget in given if not isinstance(widget, gr.State)]
        gr.on(  # pyright: ignore[reportUnknownMemberType]  # Gradio types it in part
            [widget.change for widget in typed_in],
            self._on_change,
            [forms, *given],
            [forms, *texts],
            trigger_mode="always_last",
            **QUIET,
        )

    def _on_change(self, forms: Any, *given: Any) -> Updates:
        arguments, problems, held = self.entered(*given)
        # What is still to be filled in is not wrong before somebody says Run.
        wrong = {name: text for name, text in problems.items() if text != REQUIRED}
        kept = {**object_or_empty(forms), self.card.name: held}
        return {**self.notes(wrong), **self._code(arguments), self.frame.forms: kept}

    async def _carry_out(
        self, request: gr.Request, call: Call | None, runs: list[SeenRun]
    ) -> AsyncIterator[Updates]:
        if call is None:
            # Gradio clears everything that a generator without a single update may touch.
            yield {self.status: gr.update()}
            return
        folder = self.bench.new_folder()
        endpoint = getattr(self.bench.client, self.card.name)
        shown, parts = self.cleared(), ResultParts()
        tab = request.session_hash or ""
        async with self.bench.runs.start(tab, endpoint, call.arguments) as run:
            async for state in run.states():
                parts = parts_of(state, self.card, folder, parts)
                seen = SeenRun(self.card, call, state, parts, folder)
                shown |= {**self._busy(not has_ended(state)), **self.show(seen)}
                if has_ended(state):
                    shown[self.frame.runs] = [seen, *runs][:MOST_RUNS]
                yield shown
