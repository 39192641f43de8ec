"""An endpoint that is talked to: the conversation on one side, what steers it on the other, the code below."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from .answers import AnswerReader
from .bench import Bench
from .chatparts import chatbot, draft_box
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
from .fields import fields_of
from .outcome import save_text
from .package import EndpointCard
from .parts import code_box, refusal_html, watch, wire_cancel, wire_run
from .running import has_ended
from .status import heading_html, note_html, sight_html, status_html
from .widgets import Form


class ChatView:
    """The page of one chat endpoint; made where the page is being built.

    Args:
        bench: What every part of the page works with.
        card: The endpoint.
        parameter: The parameter that takes the conversation.
    """

    def __init__(self, bench: Bench, card: EndpointCard, parameter: str) -> None:
        self._bench = bench
        self._card = card
        self._parameter = parameter
        self._taken = tuple(card.parameters[parameter].support)
        self._form = Form(fields_of(card.parameters, card.texts))
        info = card.info
        with gr.Row(equal_height=False):
            with gr.Column(scale=4, min_width=320):
                gr.HTML(
                    heading_html(card.title, info.name, info.description, card.category),
                    padding=False,
                )
                self._system = gr.Textbox(
                    label="system prompt", lines=2, max_lines=8, elem_id="system", interactive=True
                )
                with gr.Accordion("Parameters", open=False, elem_id="more"):
                    self._form.draw(advanced=True)
            with gr.Column(scale=7, min_width=320):
                self._history = gr.State([])
                self._sent = gr.State([])
                self._turn = gr.State(None)
                self._chat = chatbot()
                self._note = gr.HTML(note_html(""), padding=False)
                self._draft = draft_box(self._taken)
                with gr.Row(elem_classes="aki-buttons"):
                    self._send = gr.Button("Send", variant="primary", size="md", elem_id="run")
                    self._cancel = gr.Button(
                        "Cancel", interactive=False, size="md", elem_id="cancel"
                    )
                    self._clear = gr.Button("New conversation", size="md", elem_id="clear")
                    self._save = gr.DownloadButton(
                        "Save", size="md", interactive=False, elem_id="save"
                    )
                self._status = gr.HTML("", padding=False, elem_id="status")
        self._code = code_box(bench.source(card, {parameter: []}))
        self._wire()

    def _wire(self) -> None:
        notes = [*self._form.notes({}), self._note]
        given = [self._history, self._sent, self._draft, self._system, *self._form.inputs]
        buttons = [self._send, self._cancel, self._clear]
        wire_run(
            [self._send.click, self._draft.submit],
            self._on_send,
            given,
            [
                self._turn,
                self._sent,
                self._draft,
                self._chat,
                self._status,
                self._code,
                *buttons,
                *notes,
            ],
            self._carry_out,
            self._turn,
            [self._history, self._draft, self._chat, self._status, self._save, *buttons],
        )
        wire_cancel(self._bench, self._cancel)
        self._clear.click(
            self._on_clear,
            None,
            [self._history, self._sent, self._chat, self._status, self._save],
            show_progress="hidden",
            queue=False,
            api_visibility="private",
        )
        watch(
            [self._system, self._draft, *self._form.inputs],
            self._on_change,
            given,
            [*notes, self._code],
        )

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
        arguments, faults, _ = self._read(said, draft, system, values)
        told = {name: text for name, text in faults.items() if name in arguments}
        return {**self._notes(told), self._code: self._bench.source(self._card, arguments)}

    def _on_send(
        self,
        request: gr.Request,
        history: list[Message],
        sent: list[Message],
        draft: Any,
        system: str,
        *values: Any,
    ) -> dict[Component, Any]:
        if self._bench.runs.has(request.session_hash or ""):
            note = note_html("", "Wait for the answer, or cancel it.")
            return {self._turn: None, self._note: note}
        arguments, faults, others = self._read(history, draft, system, values)
        if not draft_of(draft):
            faults[self._parameter] = "Write a message first."
        notes = self._notes(faults)
        if faults or others:
            return {**notes, self._turn: None, self._status: refusal_html(faults, others)}
        asked = [*history, user_message(draft_of(draft), self._taken)]
        return {
            **notes,
            **self._busy(True),
            self._turn: ChatTurn(arguments, tuple(history), tuple(asked), draft),
            self._sent: asked,
            self._draft: None,
            self._chat: shown_messages(asked),
            self._status: status_html("Sending …", "busy"),
            self._code: self._bench.source(self._card, arguments),
        }

    async def _carry_out(
        self, request: gr.Request, turn: ChatTurn | None
    ) -> AsyncIterator[dict[Component, Any]]:
        if turn is None:
            # Gradio clears everything that a generator without a single update may touch.
            yield {self._status: gr.update()}
            return
        tab = request.session_hash or ""
        folder = self._bench.results_of(tab)
        reader = AnswerReader(self._card, folder)
        endpoint = self._bench.endpoint(self._card)
        async with self._bench.runs.start(tab, endpoint, turn.arguments) as run:
            async for sight in run.sights():
                reader.take(sight)
                shown = {
                    **self._busy(not has_ended(sight)),
                    self._status: sight_html(sight, counts_tokens=True),
                    self._chat: shown_messages(turn.asked, reader.text, reader.thinking),
                }
                yield {**shown, **self._kept(turn, reader, folder)} if has_ended(sight) else shown

    def _on_clear(self) -> dict[Component, Any]:
        return {
            self._history: [],
            self._sent: [],
            self._chat: [],
            self._status: "",
            self._save: gr.update(interactive=False),
        }

    def _kept(self, turn: ChatTurn, reader: AnswerReader, folder: Path) -> dict[Component, Any]:
        """Keep the turn; a message without a whole answer goes back into the box, to be sent again."""
        if not (reader.text or reader.finished):
            return {self._draft: turn.draft, self._chat: shown_messages(turn.before)}
        history = answered(turn, reader.text, whole=reader.finished)
        path = save_text(transcript(history), folder, f"{self._card.name}-conversation")
        kept: dict[Component, Any] = {
            self._history: history,
            self._save: gr.update(value=str(path), interactive=True),
        }
        if not reader.finished:
            kept |= {self._draft: turn.draft, self._chat: shown_messages(history)}
        return kept

    def _read(
        self, history: list[Message], draft: Any, system: str, values: tuple[Any, ...]
    ) -> tuple[dict[str, Any], dict[str, str], list[str]]:
        reading = self._form.read(values)
        said = list(history)
        unread = dict(reading.faults)
        try:
            if draft_of(draft):
                said.append(user_message(draft_of(draft), self._taken))
        except AttachmentError as error:
            unread[self._parameter] = str(error)
        arguments = {self._parameter: messages_to_send(system, said), **reading.arguments}
        faults, others = self._bench.check(self._card, arguments)
        return arguments, {**faults, **unread}, others

    def _notes(self, faults: dict[str, str]) -> dict[Component, Any]:
        return {
            **self._form.notes(faults),
            self._note: note_html("", faults.get(self._parameter, "")),
        }

    def _busy(self, busy: bool) -> dict[Component, Any]:
        return {
            self._send: gr.update(interactive=not busy),
            self._clear: gr.update(interactive=not busy),
            self._cancel: gr.update(interactive=busy),
        }
