"""A conversation: its messages as a call takes them, and as the page shows them. Pure values.

Somebody else's text is shown as Markdown that is only text: no HTML, no pictures, no links that hide their address.
Nothing rests on reading Markdown exactly as Gradio does. Outside fenced code no tag and no link is left, whatever
surrounds it; and where a tag is left within a fence, that fence stands so that it cannot be read as anything else.
"""

import html
import mimetypes
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import PurePath
from typing import Any, TypeAlias

from aki_runtime.shapes import is_array, object_or_empty

from .running import Call

Message: TypeAlias = dict[str, Any]
"""One message as a call takes it: a role, and text or parts with one medium each.

One that no call takes holds the key `failed`: it belongs to a turn whose answer did not arrive whole.
"""

_MARKUP = re.compile(r"<(?=[a-zA-Z/!?])|\](?=[(\[:])")
_FENCE = re.compile(
    r"^(?P<margin>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)\n"
    r"(?P<code>.*?)(?:^[ \t]*(?P=fence)[`~]*[ \t]*$|\Z)",
    re.DOTALL | re.MULTILINE,
)
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(?P<code>[^`\n]+)\1(?!`)")


class AttachmentError(ValueError):
    """A file that no message of this endpoint can hold."""


@dataclass(frozen=True)
class Draft:
    """What somebody has typed and not sent.

    Attributes:
        text: The text.
        files: Paths of attached files.
    """

    text: str = ""
    files: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.text.strip() or self.files)


@dataclass(frozen=True, eq=False)
class ChatTurn(Call):
    """The call of one message.

    Attributes:
        before: The conversation before it.
        asked: The conversation with it.
        draft: What the box is to hold again where no whole answer came; None leaves it alone.
        replaced: The conversation that stays where no answer came.
    """

    before: tuple[Message, ...]
    asked: tuple[Message, ...]
    draft: Any
    replaced: tuple[Message, ...] = ()

    @property
    def said(self) -> str:
        """The text of the message."""
        return str(draft_again(self.asked[-1])["text"])


def draft_of(entered: object) -> Draft:
    """Read what a box for messages holds, which is text, or text and files; the browser may have kept anything."""
    if isinstance(entered, str):
        return Draft(entered)
    fields = object_or_empty(entered)
    text, files = fields.get("text"), fields.get("files")
    paths = [path for path in files if isinstance(path, str)] if is_array(files) else []
    return Draft(text if isinstance(text, str) else "", tuple(paths))


def user_message(draft: Draft, taken: Collection[str]) -> Message:
    """Make a message of a draft.

    Args:
        draft: What was typed and attached.
        taken: The kinds of media that the endpoint takes in messages.

    Raises:
        AttachmentError: A file is of no kind that the endpoint takes.
    """
    if not draft.files:
        return {"role": "user", "content": draft.text}
    parts: list[dict[str, str]] = [{_kind(path, taken): path} for path in draft.files]
    if draft.text.strip():
        parts.append({"text": draft.text})
    return {"role": "user", "content": parts}


def messages_to_send(system: str, history: Sequence[Message]) -> list[Message]:
    """Return the conversation as a call takes it, after its system prompt."""
    opening: list[Message] = [{"role": "system", "content": system}] if system.strip() else []
    return [*opening, *(message for message in history if "failed" not in message)]


def answered(turn: ChatTurn, text: str, *, whole: bool) -> list[Message]:
    """Return a conversation with one more turn; one whose answer is not whole is marked as failed."""
    answer: Message = {"role": "assistant", "content": text}
    if whole:
        return [*turn.asked, answer]
    latest = [*turn.asked[len(turn.before) :], answer]
    return [*turn.before, *({**message, "failed": True} for message in latest)]


def shown_messages(
    history: Iterable[Message], answer: str | None = None, thinking: str = ""
) -> list[Message]:
    """Return a conversation for display: every medium is a message of its own, as a file.

    Args:
        history: The messages so far.
        answer: The answer as far as it has come; None where none is awaited.
        thinking: What the model thought before it.
    """
    parts = [part for message in history for part in _shown(message)]
    if thinking:
        note = {"title": "Thinking", "status": "done" if answer else "pending"}
        parts.append({"role": "assistant", "content": thinking, "metadata": note})
    if answer is not None and (answer or not thinking):
        parts.append({"role": "assistant", "content": answer})
    return [
        {**part, "content": neutral(part["content"])} if isinstance(part["content"], str) else part
        for part in parts
    ]


def asked_at(history: Sequence[Message], shown: Any) -> int:
    """Return which message of a conversation was asked where a message of its display stands.

    Args:
        history: The conversation.
        shown: The place of the message among those that `shown_messages` returns.
    """
    ends = accumulate(len(_shown(message)) for message in history)
    place = next((n for n, end in enumerate(ends) if shown < end), len(history) - 1)
    while place > 0 and history[place]["role"] != "user":
        place -= 1
    return place


def draft_again(message: Message, edited: str | None = None) -> dict[str, Any]:
    """Return what the box held of which a message was made.

    Args:
        message: The message.
        edited: What was made of its text where it is shown.
    """
    content = message["content"]
    parts = [{"text": content}] if isinstance(content, str) else content
    text = next((part["text"] for part in parts if "text" in part), "")
    files = [path for part in parts for kind, path in part.items() if kind != "text"]
    if edited is not None:
        changed = neutral(text) != text
        unescaped = html.unescape(re.sub("</?code>", "`", edited)).replace("] (", "](")
        text = unescaped if changed else edited
    return {"text": text, "files": files}


def transcript(history: Iterable[Message]) -> str:
    """Return a conversation as text to be kept; media are named only."""
    turns = ((part["role"], part["content"]) for message in history for part in _shown(message))
    return "".join(
        f"## {role}\n\n{content if isinstance(content, str) else PurePath(content['path']).name}\n\n"
        for role, content in turns
    )


def _shown(message: Message) -> list[Message]:
    role, content = message["role"], message["content"]
    if isinstance(content, str):
        if "failed" in message and role == "assistant":
            content += "\n\n*(Incomplete: the next call leaves this turn out.)*"
        return [{"role": role, "content": content}]
    return [
        {"role": role, "content": value if kind == "text" else {"path": value}}
        for part in content
        for kind, value in part.items()
    ]


def _kind(path: str, taken: Collection[str]) -> str:
    # By the name alone, so that a refusal comes at once; the bytes are looked at when the call is made.
    guessed = (mimetypes.guess_type(path)[0] or "").partition("/")[0]
    if guessed in taken:
        return guessed
    raise AttachmentError(
        f"{PurePath(path).name} cannot be attached: this endpoint takes {', '.join(taken)}."
    )


def neutral(text: str) -> str:
    """Return Markdown that shows a text, its code as it was written."""
    text = re.sub("\r\n?", "\n", text)
    fences = list(_FENCE.finditer(text))
    risky = any(_MARKUP.search(found["code"]) for found in fences)
    shown: list[str] = []
    end = 0
    for found in fences:
        shown += [_prose(text[end : found.start()], risky), _fence(found) if risky else found[0]]
        end = found.end()
    # Gradio draws diagrams, whose labels hold HTML and whose nodes are links.
    return "".join([*shown, _prose(text[end:], risky)]).replace("```mermaid", "``` text")


def _prose(text: str, risky: bool) -> str:
    if risky:  # another fence could swallow the first line of one of ours
        text = re.sub("`{3,}|~{3,}", lambda m: _entities(m[0]), text)
    text = _SPAN.sub(
        lambda m: f"<code>{_entities(m['code'])}</code>" if _MARKUP.search(m["code"]) else m[0],
        text,
    )
    return re.sub(
        rf"(?P<ours></?code>)|{_MARKUP.pattern}",
        lambda m: m["ours"] or ("&lt;" if m[0] == "<" else "] "),
        text,
    )


def _fence(found: re.Match[str]) -> str:
    """Return a fence that no line before it takes in, and no line within it ends."""
    language = re.match(r"[\w+#.-]*", found["info"])
    code = re.sub(rf"^[ \t]{{0,{len(found['margin'])}}}", "", found["code"], flags=re.MULTILINE)
    fence = max(["``", *re.findall("`+", code)], key=len) + "`"
    return f"\n\n{fence}{language[0] if language else ''}\n{code.rstrip()}\n{fence}\n\n"


def _entities(text: str) -> str:
    return re.sub(r"[^\w\s]|_", lambda m: f"&#{ord(m[0])};", text)
