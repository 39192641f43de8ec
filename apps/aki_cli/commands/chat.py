"""`aki chat NAME`: a conversation, a line each; the answers stream."""

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from aki_runtime.errors import AkiError

from ..calling import bound, cancelling
from ..catalogue import Described, find_endpoint
from ..exits import CommandError, Exit, StoppedError, TerminatedError
from ..root import ENDPOINT
from ..settings import settings_of
from ..showing import Watch
from ..terminal import say

if TYPE_CHECKING:
    from ..calling import AnyEndpoint

MEDIA_COMMANDS = ("image", "audio", "video")
PROMPT = "> "
HELP = """/system TEXT   set the system prompt; without TEXT show it
/image FILE    show a picture with the next message (/audio, /video too)
/save FILE     keep the conversation, as JSON where FILE ends with .json
/reset         start over
/help          this list
/quit          leave (Ctrl-D does too); Ctrl-C stops an answer"""


def chat(
    ctx: typer.Context,
    name: Annotated[str, ENDPOINT],
    system: Annotated[
        str, typer.Option("--system", metavar="TEXT", help="The system prompt.")
    ] = "",
) -> int:
    """Hold a conversation with a chat endpoint. /help within it lists what else there is."""
    settings = settings_of(ctx)
    found = find_endpoint(settings, name)
    if "chat_context" not in found.section("input"):
        raise CommandError(
            f"{found.name} takes no conversation; `aki endpoints --category chat` lists those that do",
            Exit.USAGE,
        )
    with settings.client() as client:
        talk = _Talk(bound(client, found), found, Conversation(system))
        return talk.hold()


@dataclass
class Conversation:
    """What was said so far.

    Attributes:
        system: The system prompt; empty for none.
        messages: Messages of user and assistant, media as paths.
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

    def save(self, file: str) -> Path:
        """Write what was said into a new file: the messages as JSON where it is called so, else text to read.

        Raises:
            OSError: The file is there already, or cannot be written.
        """
        path = Path(file).expanduser()
        messages = self._all()
        if path.suffix == ".json":
            text = json.dumps(messages, indent=2, ensure_ascii=False, default=str)
        else:
            text = "\n\n".join(f"{m['role']}: {_readable(m['content'])}" for m in messages)
        with path.open("x", encoding="utf-8", errors="backslashreplace") as target:
            target.write(text + "\n")
        return path

    def _all(self) -> list[dict[str, Any]]:
        before = [{"role": "system", "content": self.system}] if self.system else []
        return [*before, *self.messages]

    def _message(self, text: str) -> dict[str, Any]:
        if not self.attached:
            return {"role": "user", "content": text}
        return {"role": "user", "content": [{"text": text}, *self.attached]}


class _Talk:
    """One conversation at a terminal, or from a pipe.

    Args:
        endpoint: Who answers.
        found: What is known of it.
        conversation: What was said.
    """

    def __init__(
        self,
        endpoint: "AnyEndpoint",
        found: Described,
        conversation: Conversation,
    ) -> None:
        self._endpoint = endpoint
        self._found = found
        self._conversation = conversation
        self._by_hand = sys.stdin.isatty()

    def hold(self) -> int:
        """Take lines until there are no more and return the exit status."""
        if self._by_hand:
            _have_history()
            say(f"{self._found.title} answers; /help lists commands, Ctrl-D leaves")
        while True:
            try:
                line = self._line()
                if line is None or line == "/quit":
                    return Exit.OK
                self._take(line)
            except TerminatedError:
                raise
            except KeyboardInterrupt:
                if not self._by_hand:
                    raise
                print(file=sys.stderr)  # the unfinished line is dropped
            except AkiError as error:
                say(str(error))
                if not self._by_hand:
                    from ..failures import status_of

                    return status_of(error)

    def _line(self) -> str | None:
        """Return what is said next, None where nothing comes any more."""
        try:
            line = input(PROMPT) if self._by_hand and sys.stdout.isatty() else sys.stdin.readline()
        except EOFError:
            print()  # Ctrl-D leaves the cursor behind the prompt
            return None
        return line.strip() if line or self._by_hand else None

    def _take(self, line: str) -> None:
        if not line.startswith("/"):
            if line:
                self._ask(line)
            return
        word, _, rest = line[1:].partition(" ")
        commands: dict[str, Callable[[str], None]] = {
            "system": self._system,
            "save": self._save,
            "reset": self._reset,
            "help": lambda _: print(HELP, file=sys.stderr),
            **{kind: self._attaching(kind) for kind in MEDIA_COMMANDS},
        }
        command = commands.get(word)
        if command is None:
            say(f"unknown command /{word}; /help lists them")
            return
        command(rest.strip())

    def _ask(self, text: str) -> None:
        given: dict[str, Any] = {"chat_context": self._conversation.asking(text)}
        watch = Watch()
        try:
            with cancelling(self._found), self._endpoint.stream(**given) as stream:
                watch.follow(stream)
                result = stream.result()
        except StoppedError as stopped:
            if not self._by_hand or stopped.status is not Exit.INTERRUPTED:
                raise
            say("stopped; the hub was asked to cancel this answer, and nothing of it is kept")
            return
        answer: Any = result.text
        self._conversation.answered(text, str(getattr(answer, "content", answer)))

    def _system(self, text: str) -> None:
        if text:
            self._conversation.system = text
        say(f"the system prompt is: {self._conversation.system or '(none)'}")

    def _reset(self, _: str) -> None:
        self._conversation.reset()
        say("a new conversation")

    def _save(self, file: str) -> None:
        if not file:
            say("say where: /save FILE")
            return
        try:
            say(f"saved in {self._conversation.save(file)}")
        except OSError as error:
            say(f"{file}: {error.strerror}")

    def _attaching(self, kind: str) -> Callable[[str], None]:
        def attach(file: str) -> None:
            taken = list(self._found.section("input")["chat_context"].support)
            if kind not in taken:
                say(f"{self._found.name} takes {', '.join(['text', *taken])} in a conversation")
                return
            try:
                self._conversation.attach(kind, file)
            except OSError as error:
                say(f"{file or f'/{kind} FILE'}: {error.strerror}")
            else:
                say(f"{file} goes along with the next message")

        return attach


def _have_history() -> None:
    # input() uses it once it is there; Windows has none.
    with suppress(ImportError):
        import_module("readline")


def _readable(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = [
        f"[{kind} {value}]" if kind != "text" else value
        for p in content
        for kind, value in p.items()
    ]
    return " ".join(str(part) for part in parts)
