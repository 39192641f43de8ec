"""A conversation: what was said, what goes along with the next message, and how it is kept in a file."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MEDIA_COMMANDS = ("image", "audio", "video")


@dataclass
class Conversation:
    """What was said so far.

    Attributes:
        system: What the model is told before everything else; empty for nothing.
        messages: Messages of user and assistant, media as paths.
        attached: Media that go along with the next message.
    """

    system: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    attached: list[dict[str, Path]] = field(default_factory=list[dict[str, Path]])

    def asking(self, text: str) -> list[dict[str, Any]]:
        """Return the messages that ask for the answer to a text; nothing is kept of them yet."""
        before = [{"role": "system", "content": self.system}] if self.system else []
        return [*before, *self.messages, self._message(text)]

    def answered(self, text: str, answer: str) -> None:
        """Keep a text and its answer."""
        self.messages += [self._message(text), {"role": "assistant", "content": answer}]
        self.attached = []

    def reset(self) -> None:
        """Forget what was said; what the model is told beforehand stays."""
        self.messages, self.attached = [], []

    def attach(self, kind: str, file: str) -> None:
        """Let a file go along with the next message.

        Raises:
            OSError: There is no such file.
        """
        path = Path(file).expanduser()
        with path.open("rb"):
            self.attached.append({kind: path})

    def save(self, file: str) -> Path:
        """Write what was said into a new file: the messages as JSON where it is called so, else text to read.

        Raises:
            OSError: The file is there already, or cannot be written.
        """
        path = Path(file).expanduser()
        before = [{"role": "system", "content": self.system}] if self.system else []
        messages = [*before, *self.messages]
        if path.suffix == ".json":
            text = json.dumps(messages, indent=2, ensure_ascii=False, default=str)
        else:
            text = "\n\n".join(f"{m['role']}: {_readable(m['content'])}" for m in messages)
        with path.open("x", encoding="utf-8", errors="backslashreplace") as target:
            target.write(text + "\n")
        return path

    def _message(self, text: str) -> dict[str, Any]:
        if not self.attached:
            return {"role": "user", "content": text}
        return {"role": "user", "content": [{"text": text}, *self.attached]}


def _readable(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = [
        f"[{kind} {value}]" if kind != "text" else value
        for p in content
        for kind, value in p.items()
    ]
    return " ".join(str(part) for part in parts)
