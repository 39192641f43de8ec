"""An endpoint that is talked to: the conversation on one side, what steers it on the other, the code below."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from .answers import AnswerReader
from .bench import Bench
from .callview import code_box, refusal_html, watch, wire_cancel
from .conversation import (
    AttachmentError,
    Draft,
    Message,
    answer_message,
    messages_to_send,
    shown_messages,
    transcript,
    user_message,
)
from .fields import fields_of
from .outcome import save_text
from .package import EndpointCard
from .running import Sight
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
                self._chat = _chatbot()
                self._note = gr.HTML(note_html(""), padding=False)
                self._draft = self._draft_box()
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

    def _draft_box(self) -> gr.Textbox | gr.MultimodalTextbox:
        if not self._taken:
            return gr.Textbox(
                show_label=False,
                placeholder="Write a message",
                lines=1,
                max_lines=8,
                elem_id="draft",
                interactive=True,
            )
        return gr.MultimodalTextbox(
            show_label=False,
            placeholder="Write a message, attach " + ", ".join(self._taken),
            file_types=list(self._taken),
            file_count="multiple",
            sources=["upload"],
            submit_btn=False,
            lines=1,
            max_lines=8,
            elem_id="draft",
            interactive=True,
        )

    def _wire(self) -> None:
        notes = [*self._form.notes({}), self._note]
        given = [self._history, self._sent, self._draft, self._system, *self._form.inputs]
        gr.on(  # pyright: ignore[reportUnknownMemberType]  # Gradio types it in part
            [self._send.click, self._draft.submit],
            self._on_send,
            given,
            [
                self._history,
                self._sent,
                self._draft,
                self._chat,
                self._status,
                self._code,
                self._send,
                self._cancel,
                self._clear,
                self._save,
                *notes,
            ],
            show_progress="hidden",
            concurrency_limit=None,
            api_visibility="private",
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
        said = history if _draft_of(draft) else sent
        arguments, faults, _ = self._read(said, draft, system, values)
        told = {name: text for name, text in faults.items() if name in arguments}
        return {**self._notes(told), self._code: self._bench.source(self._card, arguments)}

    async def _on_send(
        self,
        request: gr.Request,
        history: list[Message],
        sent: list[Message],
        draft: Any,
        system: str,
        *values: Any,
    ) -> AsyncIterator[dict[Component, Any]]:
        arguments, faults, others = self._read(history, draft, system, values)
        if not _draft_of(draft):
            faults[self._parameter] = "Write a message first."
        notes = self._notes(faults)
        if faults or others:
            yield {**notes, self._status: refusal_html(faults, others)}
            return
        asked = [*history, user_message(_draft_of(draft), self._taken)]
        yield {
            **notes,
            **self._busy(True),
            self._sent: asked,
            self._draft: None,
            self._chat: shown_messages(asked, ""),
            self._status: status_html("Sending …", "busy"),
            self._code: self._bench.source(self._card, arguments),
        }
        tab = request.session_hash or ""
        folder = self._bench.results_of(tab)
        reader = AnswerReader(self._card, folder)
        endpoint = self._bench.endpoint(self._card)
        sight: Sight | None = None
        async with self._bench.runs.start(tab, endpoint, arguments) as run:
            async for sight in run.sights():
                reader.take(sight)
                yield {
                    self._status: sight_html(sight, counts_tokens=True),
                    self._chat: shown_messages(asked, reader.text, reader.thinking),
                }
        yield {**self._busy(False), **self._kept(history, asked, draft, reader, folder)}

    def _on_clear(self) -> dict[Component, Any]:
        return {
            self._history: [],
            self._sent: [],
            self._chat: [],
            self._status: "",
            self._save: gr.update(interactive=False),
        }

    def _kept(
        self,
        history: list[Message],
        asked: list[Message],
        draft: Any,
        reader: AnswerReader,
        folder: Path,
    ) -> dict[Component, Any]:
        """Keep the turn; one that brought no answer goes back into the box, to be sent again."""
        if reader.text or reader.finished:
            whole = [*asked, answer_message(reader.text)]
            path = save_text(transcript(whole), folder, f"{self._card.name}-conversation")
            return {
                self._history: whole,
                self._save: gr.update(value=str(path), interactive=True),
            }
        return {self._history: history, self._draft: draft, self._chat: shown_messages(history)}

    def _read(
        self, history: list[Message], draft: Any, system: str, values: tuple[Any, ...]
    ) -> tuple[dict[str, Any], dict[str, str], list[str]]:
        reading = self._form.read(values)
        said = list(history)
        unread = dict(reading.faults)
        try:
            if _draft_of(draft):
                said.append(user_message(_draft_of(draft), self._taken))
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


def _draft_of(entered: Any) -> Draft:
    if isinstance(entered, str):
        return Draft(entered)
    fields: dict[str, Any] = entered or {}
    return Draft(fields.get("text") or "", tuple(fields.get("files") or ()))


def _chatbot() -> gr.Chatbot:
    # Answers are Markdown of somebody else: sanitised, without formulas, and the page's policy loads nothing they name.
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
