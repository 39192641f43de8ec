"""What was said in a chat: the messages that ask for the next answer, and files that keep them."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aki_runtime.chat.messages import ChatContext
from aki_runtime.files import replacing
from aki_runtime.media.inputs import as_media
from aki_runtime.shapes import is_array, is_object
from pydantic import TypeAdapter, ValidationError

FORMAT = 1


@dataclass
class Conversation:
    """What was said so far.

    Attributes:
        system: The system prompt; empty for none.
        messages: Messages of user and assistant, media as paths or objects.
        attached: Media that go along with the next message.
    """

    system: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    attached: list[dict[str, Path]] = field(default_factory=list[dict[str, Path]])

    def asking(self, text: str) -> list[dict[str, Any]]:
        """Return the messages that ask for the answer to a text; nothing is kept of them yet."""
        return [*self._all(), self._message(text)]

    def answered(self, text: str, answer: str) -> None:
        """Keep a text and its answer."""
        self.messages += [self._message(text), {"role": "assistant", "content": answer}]
        self.attached = []

    def reset(self) -> None:
        """Forget what was said, but not the system prompt."""
        self.messages, self.attached = [], []

    def attach(self, kind: str, file: str) -> None:
        """Let a file go along with the next message.

        Raises:
            OSError: There is no such file.
        """
        path = Path(file).expanduser()
        with path.open("rb"):
            self.attached.append({kind: path})

    def save(self, path: Path, *, overwrite: bool = False) -> None:
        """Write what was said into a file that its owner alone can read.

        Where it is called `.json`, media are in it and `load` reads it; any other is text for people.

        Raises:
            FileExistsError: The file is there already.
            OSError: It cannot be written.
            MediaError: A file that went along cannot be read any more.
        """
        messages = self._all()
        if path.suffix == ".json":
            document = {"format": FORMAT, "messages": [_whole(m) for m in messages]}
            text = json.dumps(document, indent=2, ensure_ascii=False)
        else:
            text = "\n\n".join(f"{m['role']}: {_readable(m['content'])}" for m in messages)
        # Made with its mode, as what somebody said to a model is nobody else's.
        with replacing(path, overwrite=overwrite) as part:
            part.touch(0o600, exist_ok=False)
            part.write_text(text + "\n", "utf-8", "backslashreplace")

    def load(self, path: Path) -> None:
        """Go on with what was said in a file.

        Raises:
            OSError: It cannot be read.
            ValueError: It is not a conversation that `save` has written.
        """
        try:
            document: object = json.loads(path.read_text("utf-8"))
        except (ValueError, RecursionError):
            document = None
        messages: object = document.get("messages") if is_object(document) else None
        if not is_object(document) or not is_array(messages):
            raise ValueError("it is not a conversation that /save has written in a .json file")
        if (found := document.get("format")) != FORMAT:
            raise ValueError(f"its format is {found!r}, and this version of aki reads {FORMAT}")
        try:
            # As text: a file that somebody else has made must not have this machine's files opened and sent.
            said: Any = TypeAdapter(ChatContext).validate_python(json.dumps(messages))
        except ValidationError:
            raise ValueError("a message must have a role and content, media as data URIs") from None
        self.system = "\n\n".join(str(m["content"]) for m in said if m["role"] == "system")
        self.messages = [message for message in said if message["role"] != "system"]
        self.attached = []

    def _all(self) -> list[dict[str, Any]]:
        before = [{"role": "system", "content": self.system}] if self.system else []
        return [*before, *self.messages]

    def _message(self, text: str) -> dict[str, Any]:
        if not self.attached:
            return {"role": "user", "content": text}
        return {"role": "user", "content": [{"text": text}, *self.attached]}


def _whole(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message with its media as data URIs: their files may be gone tomorrow."""
    content = message["content"]
    if isinstance(content, str):
        return message
    parts = [
        {k: v if isinstance(v, str) else as_media(v, k).data_uri() for k, v in part.items()}
        for part in content
    ]
    return {**message, "content": parts}


def _readable(content: Any) -> str:
    if isinstance(content, str):
        return content
    return " ".join(
        value if isinstance(value, str) else f"[{kind} {value if isinstance(value, Path) else '…'}]"
        for part in content
        for kind, value in part.items()
    )
