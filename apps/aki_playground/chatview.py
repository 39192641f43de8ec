"""An endpoint that is talked to: the conversation on one side, what steers it on the other, the code below."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from aki_runtime.shapes import is_array, object_or_empty
from gradio.components import Component

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
from .frame import MOST_RUNS, Frame, Opened, PastRun
from .package import EndpointCard
from .results import ResultParts, parts_of, raw_answer, raw_box, save_text
from .running import Finished, has_ended
from .status import note_html, refusal_html, state_html, status_html
from .view import QUIET, EndpointView


class ChatView(EndpointView):
    """The page of one chat endpoint.

    Args:
        bench: What every part of the page works with.
        card: The endpoint.
        frame: The widgets that all pages share.
        opened: What is to be shown of it.
        parameter: The parameter that takes the conversation.
    """

    def __init__(
        self, bench: Bench, card: EndpointCard, frame: Frame, opened: Opened, parameter: str
    ) -> None:
        super().__init__(bench, card, frame, opened)
        self._parameter = parameter
        self._taken = tuple(card.parameters[parameter].support)
        past = opened.past
        history = list(past.history) if past is not None else []
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
                with gr.Column(elem_classes="aki-actions"):
                    with gr.Row(elem_classes="aki-buttons"):
                        self.buttons("Send")
                        self._clear = gr.Button("New conversation", size="md", elem_id="clear")
                        self._save = gr.DownloadButton(
                            "Save", size="md", interactive=False, elem_id="save"
                        )
                    self.status_line(
                        "" if past is None else state_html(past.state, counts_tokens=True)
                    )
                self._raw = raw_box()
                if past is not None:
                    self._raw.value = raw_answer(past.state)
        self.code_boxes(self._read(history, draft, system, self.form.first)[0])
        self._wire()

    def _restored(self, draft: Any) -> Any:
        """Return a draft that the browser has kept, without files that are not this program's."""
        if not self._taken:
            return draft if isinstance(draft, str) else ""
        fields = object_or_empty(draft)
        text, files = fields.get("text"), fields.get("files")
        owned = (
            [f for f in files if isinstance(f, str) and self.bench.owns(f)]
            if is_array(files)
            else []
        )
        return {"text": text if isinstance(text, str) else "", "files": owned}

    def _wire(self) -> None:
        notes = [*self.form.notes({}), self._note]
        given = [self._history, self._sent, self._draft, self._system, *self.form.inputs]
        buttons = [self.run, self.cancel, self._clear]
        shown = [self._draft, self._chat, self.status, self._raw, *buttons]
        checked = [self._sent, *self.codes, *shown, *notes]
        kept = [self._history, self._save]
        for triggers, check in (
            ([self.run.click, self._draft.submit], self._on_send),
            ([self._chat.retry], self._on_retry),
            ([self._chat.edit], self._on_edit),
        ):
            self.wire(triggers, check, given, checked, self._carry_out, [*kept, *shown])
        self.wire_cancel()
        cleared = [self._history, self._sent, self._chat, self.status, self._save, self._raw]
        self._clear.click(self._on_clear, None, cleared, **QUIET)
        self._chat.example_select(self._on_example, None, self._draft, **QUIET)
        changing = [self._system, self._draft, *self.form.inputs]
        forms = self.frame.forms
        self.watch(changing, self._on_change, [forms, *given], [forms, *notes, *self.codes])

    def _on_example(self, event: gr.SelectData) -> Any:
        text = event.value["text"]
        return {"text": text, "files": []} if self._taken else text

    def _on_change(self, forms: Any, *given: Any) -> dict[Component, Any]:
        history, sent, draft, system, *values = given
        # Before a message is written, the code is that of the call that was made last.
        said = history if draft_of(draft) else sent
        arguments, problems, _ = self._read(said, draft, system, values)
        entered = {name: text for name, text in problems.items() if name in arguments}
        return {
            **self._notes(entered),
            **self.code(arguments),
            **self.kept(forms, self._held(draft, system, values)),
        }

    def _held(self, draft: Any, system: str, values: Sequence[Any]) -> dict[str, Any]:
        return {**self.form.by_name(values), "system": system, "draft": draft}

    def _on_send(self, request: gr.Request, *given: Any) -> dict[Component, Any]:
        history, _, draft, system, *values = given
        asking = self._ask(request, history, history, draft, system, values)
        if asking[self.call] is None:
            return asking
        turn, held = asking[self.call]
        return {**asking, self.call: (replace(turn, draft=draft), held), self._draft: None}

    def _on_retry(
        self, request: gr.Request, event: gr.RetryData, *given: Any
    ) -> dict[Component, Any]:
        return self._on_again(request, event.index, None, *given)

    def _on_edit(
        self, request: gr.Request, event: gr.EditData, *given: Any
    ) -> dict[Component, Any]:
        return self._on_again(request, event.index, event.value, *given)

    def _on_again(
        self, request: gr.Request, shown: Any, edited: str | None, *given: Any
    ) -> dict[Component, Any]:
        history, _, _, system, *values = given
        place = asked_at(history, shown)
        again = draft_again(history[place], edited)
        return self._ask(request, history, history[:place], again, system, values)

    def _ask(
        self,
        request: gr.Request,
        history: list[Message],
        before: list[Message],
        draft: Any,
        system: str,
        values: Sequence[Any],
    ) -> dict[Component, Any]:
        # Return sends as well, also while an answer is coming.
        if self.bench.runs.has(request.session_hash or ""):
            note = note_html("", "Wait for the answer, or cancel it.")
            return {self.call: None, self._note: note}
        arguments, problems, others = self._read(before, draft, system, values)
        if not draft_of(draft):
            problems[self._parameter] = "Write a message first."
        notes = self._notes(problems)
        if problems or others:
            # A message that was edited is shown as it was.
            shown = {
                self._chat: shown_messages(history),
                self.status: refusal_html(problems, others),
            }
            return {**notes, **shown, self.call: None}
        asked = [*before, user_message(draft_of(draft), self._taken)]
        turn = ChatTurn(arguments, tuple(before), tuple(asked), None, tuple(history))
        return {
            **notes,
            **self.busy(True),
            **self.code(arguments),
            self.call: (turn, self._held(None, system, values)),
            self._sent: asked,
            self._chat: shown_messages(asked),
            self._raw: None,
            self.status: status_html("Sending …", "busy"),
        }

    async def _carry_out(
        self,
        request: gr.Request,
        call: tuple[ChatTurn, dict[str, Any]] | None,
        runs: list[PastRun],
    ) -> AsyncIterator[dict[Component, Any]]:
        if call is None:
            # Gradio clears everything that a generator without a single update may touch.
            yield {self.status: gr.update()}
            return
        turn, held = call
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
                    self.status: state_html(state, counts_tokens=True),
                    self._chat: shown_messages(turn.asked, answer.text or "", answer.thinking),
                }
                if has_ended(state):
                    text, whole = answer.text or "", isinstance(state, Finished)
                    history = answered(turn, text, whole=whole)
                    said = draft_again(turn.asked[-1])["text"]
                    past = PastRun(self.card, held, said, state, folder, tuple(history))
                    shown |= self._kept(turn, history, folder, whole=whole, empty=not text)
                    shown[self.frame.runs] = [past, *runs][:MOST_RUNS]
                    shown[self._raw] = raw_answer(state)
                yield shown

    def _on_clear(self) -> dict[Component, Any]:
        return {
            self._history: [],
            self._sent: [],
            self._chat: [],
            self.status: "",
            self._raw: None,
            self._save: gr.update(interactive=False),
        }

    def _kept(
        self, turn: ChatTurn, history: list[Message], folder: Path, *, whole: bool, empty: bool
    ) -> dict[Component, Any]:
        """Keep the turn; a message without a whole answer goes back into the box, to be sent again."""
        kept: dict[Component, Any] = {}
        if not whole and turn.draft is not None:
            kept[self._draft] = turn.draft
        if empty and not whole:
            return {**kept, self._chat: shown_messages(turn.replaced)}
        path = save_text(transcript(history), folder, f"{self.card.name}-conversation")
        kept |= {
            self._history: history,
            self._save: gr.update(value=str(path), interactive=True),
        }
        return kept if whole else {**kept, self._chat: shown_messages(history)}

    def _read(
        self, history: list[Message], draft: Any, system: str, values: Sequence[Any]
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
