"""An endpoint that is talked to: the conversation on one side, what steers it on the other, the code below."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from .bench import Bench
from .conversation import (
    AttachmentError,
    ChatTurn,
    Message,
    answered,
    draft_of,
    messages_to_send,
    shown_messages,
    transcript,
    user_message,
)
from .package import EndpointCard
from .results import ResultParts, parts_of, save_text
from .running import Finished, has_ended
from .status import note_html, refusal_html, state_html, status_html
from .view import QUIET, EndpointView


class ChatView(EndpointView):
    """The page of one chat endpoint.

    Args:
        bench: What every part of the page works with.
        card: The endpoint.
        parameter: The parameter that takes the conversation.
    """

    def __init__(self, bench: Bench, card: EndpointCard, parameter: str) -> None:
        super().__init__(bench, card)
        self._parameter = parameter
        self._taken = tuple(card.parameters[parameter].support)
        with gr.Row(equal_height=False):
            with gr.Column(scale=4, min_width=320):
                self.heading()
                self._system = gr.Textbox(
                    label="system prompt", lines=2, max_lines=8, elem_id="system", interactive=True
                )
                with gr.Accordion("Parameters", open=False, elem_id="more"):
                    self.form.draw(advanced=True)
            with gr.Column(scale=7, min_width=320):
                self._history = gr.State([])
                self._sent = gr.State([])
                self._chat = _chatbot()
                self._note = gr.HTML(note_html(""), padding=False)
                self._draft = _draft_box(self._taken)
                with gr.Row(elem_classes="aki-buttons"):
                    self.buttons("Send")
                    self._clear = gr.Button("New conversation", size="md", elem_id="clear")
                    self._save = gr.DownloadButton(
                        "Save", size="md", interactive=False, elem_id="save"
                    )
                self._status = gr.HTML("", padding=False, elem_id="status")
        self.code_box({parameter: []})
        self._wire()

    def busy(self, busy: bool) -> dict[Component, Any]:
        """Return the updates of the buttons while a run goes on, and after it."""
        return {**super().busy(busy), self._clear: gr.update(interactive=not busy)}

    def _wire(self) -> None:
        notes = [*self.form.notes({}), self._note]
        given = [self._history, self._sent, self._draft, self._system, *self.form.inputs]
        shown = [self._draft, self._chat, self._status, self.run, self.cancel, self._clear]
        triggers = [self.run.click, self._draft.submit]
        checked = [self._sent, self.code, *shown, *notes]
        kept = [self._history, self._save]
        self.wire(triggers, self._on_send, given, checked, self._carry_out, [*kept, *shown])
        cleared = [self._history, self._sent, self._chat, self._status, self._save]
        self._clear.click(self._on_clear, None, cleared, **QUIET)
        changing = [self._system, self._draft, *self.form.inputs]
        self.watch(changing, self._on_change, given, [*notes, self.code])

    def _on_change(
        self,
        history: list[Message],
        sent: list[Message],
        draft: Any,
        system: str,
        *values: Any,
    ) -> dict[Component, Any]:
        # Before a message is written, the code is that of the call that was made last.
        said = history if draft_of(draft) else sent
        arguments, problems, _ = self._read(said, draft, system, values)
        entered = {name: text for name, text in problems.items() if name in arguments}
        return {**self._notes(entered), self.code: self.bench.source(self.card, arguments)}

    def _on_send(
        self,
        request: gr.Request,
        history: list[Message],
        sent: list[Message],
        draft: Any,
        system: str,
        *values: Any,
    ) -> dict[Component, Any]:
        # Return sends as well, also while an answer is coming.
        if self.bench.runs.has(request.session_hash or ""):
            note = note_html("", "Wait for the answer, or cancel it.")
            return {self.call: None, self._note: note}
        arguments, problems, others = self._read(history, draft, system, values)
        if not draft_of(draft):
            problems[self._parameter] = "Write a message first."
        notes = self._notes(problems)
        if problems or others:
            return {**notes, self.call: None, self._status: refusal_html(problems, others)}
        asked = [*history, user_message(draft_of(draft), self._taken)]
        return {
            **notes,
            **self.busy(True),
            self.call: ChatTurn(arguments, tuple(history), tuple(asked), draft),
            self._sent: asked,
            self._draft: None,
            self._chat: shown_messages(asked),
            self._status: status_html("Sending …", "busy"),
            self.code: self.bench.source(self.card, arguments),
        }

    async def _carry_out(
        self, request: gr.Request, turn: ChatTurn | None
    ) -> AsyncIterator[dict[Component, Any]]:
        if turn is None:
            # Gradio clears everything that a generator without a single update may touch.
            yield {self._status: gr.update()}
            return
        tab = request.session_hash or ""
        folder = self.bench.results_of(tab)
        answer = ResultParts()
        endpoint = self.bench.endpoint(self.card)
        async with self.bench.runs.start(tab, endpoint, turn.arguments) as run:
            async for state in run.states():
                # What was seen stays where a later state has no text.
                parts = parts_of(state, self.card, folder)
                answer = parts if parts is not None and parts.text is not None else answer
                shown = {
                    **self.busy(not has_ended(state)),
                    self._status: state_html(state, counts_tokens=True),
                    self._chat: shown_messages(turn.asked, answer.text or "", answer.thinking),
                }
                if has_ended(state):
                    shown |= self._kept(
                        turn, answer.text or "", folder, whole=isinstance(state, Finished)
                    )
                yield shown

    def _on_clear(self) -> dict[Component, Any]:
        return {
            self._history: [],
            self._sent: [],
            self._chat: [],
            self._status: "",
            self._save: gr.update(interactive=False),
        }

    def _kept(
        self, turn: ChatTurn, answer: str, folder: Path, *, whole: bool
    ) -> dict[Component, Any]:
        """Keep the turn; a message without a whole answer goes back into the box, to be sent again."""
        if not (answer or whole):
            return {self._draft: turn.draft, self._chat: shown_messages(turn.before)}
        history = answered(turn, answer, whole=whole)
        path = save_text(transcript(history), folder, f"{self.card.name}-conversation")
        kept: dict[Component, Any] = {
            self._history: history,
            self._save: gr.update(value=str(path), interactive=True),
        }
        if not whole:
            kept |= {self._draft: turn.draft, self._chat: shown_messages(history)}
        return kept

    def _read(
        self, history: list[Message], draft: Any, system: str, values: tuple[Any, ...]
    ) -> tuple[dict[str, Any], dict[str, str], list[str]]:
        reading = self.form.read(values)
        said = list(history)
        unread = dict(reading.problems)
        try:
            if draft_of(draft):
                said.append(user_message(draft_of(draft), self._taken))
        except AttachmentError as error:
            unread[self._parameter] = str(error)
        arguments = {self._parameter: messages_to_send(system, said), **reading.arguments}
        problems, others = self.bench.check(self.card, arguments)
        return arguments, {**problems, **unread}, others

    def _notes(self, problems: dict[str, str]) -> dict[Component, Any]:
        return {
            **self.form.notes(problems),
            self._note: note_html("", problems.get(self._parameter, "")),
        }


def _chatbot() -> gr.Chatbot:
    """Put an empty conversation where the page is being built."""
    # What it shows is neutral Markdown already; the sanitiser and the page's policy stand behind that.
    return gr.Chatbot(
        show_label=False,
        placeholder="The conversation appears here.",
        height=460,
        sanitize_html=True,
        allow_tags=False,
        latex_delimiters=[],
        buttons=["copy"],
        feedback_options=None,
        elem_id="chat",
    )


def _draft_box(taken: Sequence[str]) -> gr.Textbox | gr.MultimodalTextbox:
    """Put the box for a message where the page is being built, with attachments of the kinds that are taken."""
    common: dict[str, Any] = {"show_label": False, "lines": 1, "max_lines": 8, "interactive": True}
    if not taken:
        return gr.Textbox(placeholder="Write a message", elem_id="draft", **common)
    return gr.MultimodalTextbox(
        placeholder=f"Write a message, attach {', '.join(taken)}",
        file_types=list(taken),
        file_count="multiple",
        sources=["upload"],
        submit_btn=False,
        elem_id="draft",
        **common,
    )
