"""An endpoint that is talked to: the conversation on one side, what steers it on the other, the code below."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import gradio as gr

from .bench import Bench
from .conversation import (
    AttachmentError,
    ChatTurn,
    Message,
    answered,
    asked_at,
    draft_again,
    draft_of,
    messages_to_send,
    shown_messages,
    transcript,
    user_message,
)
from .examples import QUESTIONS
from .frame import Frame, Opened, SeenRun
from .package import EndpointCard
from .results import raw_answer, raw_box, save_text
from .running import Finished, has_ended
from .status import note_html, state_html
from .view import QUIET, EndpointView, Updates


class ChatView(EndpointView):
    """The page of one chat endpoint."""

    def __init__(self, bench: Bench, card: EndpointCard, frame: Frame, opened: Opened) -> None:
        super().__init__(bench, card, frame, opened)
        self._parameter = card.chat_parameter or ""
        self._taken = tuple(card.parameters[self._parameter].support)
        past = opened.past
        history = _history(past) if past is not None else []
        held = opened.values.get("system")
        system = held if isinstance(held, str) else ""
        draft = self._restored(opened.values.get("draft"))
        with gr.Row(equal_height=False):
            with gr.Column(scale=4, min_width=320):
                self.heading()
                self._system = gr.Textbox(
                    system,
                    label="System prompt",
                    placeholder="How the model is to answer, such as: You are brief.",
                    lines=2,
                    max_lines=8,
                    elem_id="system",
                    interactive=True,
                )
                with gr.Accordion("Parameters", open=False, elem_id="more"):
                    self.form.draw(advanced=True)
            with gr.Column(scale=7, min_width=320):
                self._history = gr.State(history)
                self._sent = gr.State(history)
                self._chat = _chatbot(shown_messages(history))
                self._note = gr.HTML(note_html(""), padding=False)
                self._draft = _draft_box(draft, self._taken)
                self.actions("Send", "" if past is None else _status(past))
                self._raw = raw_box()
                if past is not None:
                    self._raw.value = raw_answer(past.state)
        self.code_boxes(self._read(history, draft, system, self.form.first)[0])
        talk = [self._history, self._sent, self._draft]
        shown = [*talk, self._chat, self._raw, self._clear, self._save]
        checks = {
            self._on_send: [self.run.click, self._draft.submit],
            self._on_retry: [self._chat.retry],
            self._on_edit: [self._chat.edit],
        }
        self.wire(checks, [*talk, self._system, *self.form.inputs], shown)
        self._clear.click(self._on_clear, None, [self.status, *shown], **QUIET)
        self._chat.example_select(self._on_example, None, self._draft, **QUIET)

    def more_buttons(self) -> None:
        """Put the buttons that only a conversation has."""
        self._clear = gr.Button("New conversation", size="md", elem_id="clear")
        self._save = gr.DownloadButton("Save", size="md", interactive=False, elem_id="save")

    def _restored(self, kept: Any) -> Any:
        """Return a draft that the browser has kept, without files that are not this program's."""
        draft = draft_of(kept)
        if not self._taken:
            return draft.text
        return {"text": draft.text, "files": [f for f in draft.files if self.bench.owns(f)]}

    def _on_example(self, event: gr.SelectData) -> Any:
        text = event.value["text"]
        return {"text": text, "files": []} if self._taken else text

    def entered(self, *given: Any) -> tuple[dict[str, Any], dict[str, str], dict[str, Any]]:
        """Return the call that sends what is written; before anything is, the one that was made last."""
        history, sent, draft, system, *values = given
        said = history if draft_of(draft) else sent
        arguments, problems, _ = self._read(said, draft, system, values)
        return arguments, problems, self._held(draft, system, values)

    def _held(self, draft: Any, system: str, values: Sequence[Any]) -> dict[str, Any]:
        return {**self.form.by_name(values), "system": system, "draft": draft}

    def _on_send(self, request: gr.Request, *given: Any) -> Updates:
        history, _, draft, *_ = given
        checked = self._check(request, given, history, draft)
        if checked[self._call] is not None:
            checked[self._call] = replace(checked[self._call], draft=draft)
            checked[self._draft] = None
        return checked

    def _on_retry(self, request: gr.Request, event: gr.RetryData, *given: Any) -> Updates:
        return self._on_again(request, given, event.index, None)

    def _on_edit(self, request: gr.Request, event: gr.EditData, *given: Any) -> Updates:
        return self._on_again(request, given, event.index, event.value)

    def _on_again(
        self, request: gr.Request, given: Sequence[Any], shown: Any, edited: str | None
    ) -> Updates:
        history: list[Message] = given[0]
        place = asked_at(history, shown)
        return self._check(request, given, history[:place], draft_again(history[place], edited))

    def _check(
        self, request: gr.Request, given: Sequence[Any], before: list[Message], draft: Any
    ) -> Updates:
        """Check the call that sends a draft after these messages, in place of what followed them."""
        history, _, _, system, *values = given
        # Return sends as well, also while an answer is coming.
        if self.bench.runs.has(request.session_hash or ""):
            note = note_html("", "Wait for the answer, or cancel it.")
            return {self._call: None, self._note: note}
        arguments, problems, others = self._read(before, draft, system, values)
        if not draft_of(draft):
            problems[self._parameter] = "Write a message first."
        if problems or others:
            # A message that was edited is shown as it was.
            return {**self.refused(problems, others), self._chat: shown_messages(history)}
        asked = [*before, user_message(draft_of(draft), self._taken)]
        held = self._held(None, system, values)
        turn = ChatTurn(arguments, tuple(before), tuple(asked), None, tuple(history), held=held)
        return {
            **self.accepted(turn),
            self._sent: asked,
            self._chat: shown_messages(asked),
            self._raw: None,
        }

    def show(self, run: SeenRun) -> Updates:
        """Return the updates that show an answer as far as it has come, and that keep the turn in the end."""
        turn, parts = cast("ChatTurn", run.call), run.parts
        updates: Updates = {
            self.status: _status(run),
            self._chat: shown_messages(turn.asked, parts.text or "", parts.thinking),
        }
        if not has_ended(run.state):
            return updates
        updates[self._raw] = raw_answer(run.state)
        whole = isinstance(run.state, Finished)
        if not whole and turn.draft is not None:
            updates[self._draft] = turn.draft
        if not whole and not parts.text:
            return {**updates, self._chat: shown_messages(turn.replaced)}
        history = _history(run)
        path = save_text(transcript(history), run.folder, f"{self.card.name}-conversation")
        return {
            **updates,
            self._history: history,
            self._save: gr.update(value=str(path), interactive=True),
            **({} if whole else {self._chat: shown_messages(history)}),
        }

    def _on_clear(self) -> Updates:
        return {
            self._history: [],
            self._sent: [],
            self._chat: [],
            self.status: "",
            self._raw: None,
            self._save: gr.update(interactive=False),
        }

    def _read(
        self, history: Sequence[Message], draft: Any, system: str, values: Sequence[Any]
    ) -> tuple[dict[str, Any], dict[str, str], list[str]]:
        said, unread = list(history), dict[str, str]()
        try:
            if draft_of(draft):
                said.append(user_message(draft_of(draft), self._taken))
        except AttachmentError as error:
            unread[self._parameter] = str(error)
        talk = {self._parameter: messages_to_send(system, said)}
        arguments, problems, others = self.read(values, **talk)
        return arguments, {**problems, **unread}, others

    def notes(self, problems: dict[str, str]) -> Updates:
        """Return the updates that say what is wrong at which field, and with the message."""
        note = note_html("", problems.get(self._parameter, ""))
        return {**self.form.notes(problems), self._note: note}


def _history(run: SeenRun) -> list[Message]:
    """Return the conversation after a run."""
    turn = cast("ChatTurn", run.call)
    return answered(turn, run.parts.text or "", whole=isinstance(run.state, Finished))


def _status(run: SeenRun) -> str:
    return state_html(run.state, counts_tokens=True)


def _chatbot(shown: list[Message]) -> gr.Chatbot:
    """Put a conversation where the page is being built."""
    # What it shows is neutral Markdown already; the sanitiser and the page's policy stand behind that.
    value: Any = shown
    return gr.Chatbot(
        value,
        show_label=False,
        examples=[{"text": question} for question in QUESTIONS],
        editable="user",
        placeholder="The conversation appears here.",
        height=460,
        sanitize_html=True,
        allow_tags=False,
        latex_delimiters=[],
        buttons=["copy"],
        feedback_options=None,
        elem_id="chat",
    )


def _draft_box(draft: Any, taken: Sequence[str]) -> gr.Textbox | gr.MultimodalTextbox:
    """Put the box for a message where the page is being built, with attachments of the kinds that are taken."""
    common: dict[str, Any] = {"show_label": False, "lines": 1, "max_lines": 8, "interactive": True}
    if not taken:
        return gr.Textbox(draft, placeholder="Write a message", elem_id="draft", **common)
    return gr.MultimodalTextbox(
        draft,
        placeholder=f"Write a message, attach {', '.join(taken)}",
        file_types=list(taken),
        file_count="multiple",
        sources=["upload"],
        submit_btn=False,
        elem_id="draft",
        **common,
    )
