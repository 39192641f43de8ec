"""`aki chat NAME`: a conversation, or with a text one answer; the answers stream."""

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from aki_runtime.errors import AkiError
from aki_runtime.terminal import one_line

from ..batch_view import number_of
from ..calling import follow
from ..catalogue import CatalogueEntry, find_endpoint
from ..exits import CommandError, Exit, StoppedError, TerminatedError
from ..root import ENDPOINT
from ..settings import CliSettings, settings_of
from ..showing import Watch, say_cost
from ..terminal import say

if TYPE_CHECKING:
    from aki_client import Aki

    from ..conversation import Conversation

MEDIA_COMMANDS = ("image", "audio", "video")
UNUSABLE = (OSError, RuntimeError, ValueError)
"""What comes of a name that no file can have: it is too long, in the home of nobody, or of no file at all."""
PROMPT, MORE = "> ", ". "
FENCE = '"""'
HELP = """/system TEXT   set the system prompt; without TEXT show it
/model NAME    go on with another endpoint; without NAME show which it is
/image FILE    show a picture with the next message (/audio, /video too)
/save FILE     keep the conversation; /load reads it again where FILE ends with .json
/load FILE     go on with a conversation that was kept
/reset         start over
/help          this list
/quit          leave (Ctrl-D does too); Ctrl-C stops an answer
\"\"\"            alone in a line, before and behind a message of several lines"""


def chat(
    ctx: typer.Context,
    name: Annotated[str, ENDPOINT],
    text: Annotated[
        str | None,
        typer.Argument(
            metavar="[TEXT]", help="One message: its answer is printed, and that is all."
        ),
    ] = None,
    system: Annotated[
        str, typer.Option("--system", metavar="TEXT", help="The system prompt.")
    ] = "",
) -> None:
    """Hold a conversation with a chat endpoint. /help within it lists what else there is."""
    from ..conversation import Conversation  # what completion can do without

    settings = settings_of(ctx)
    found = _chat_endpoint(settings, name)
    with settings.client() as client:
        by_hand = text is None and sys.stdin.isatty()
        talk = _Talk(settings, client, found, Conversation(system), by_hand)
        if text is None:
            talk.hold()
        else:
            talk.ask(text)


def _chat_endpoint(settings: CliSettings, name: str) -> CatalogueEntry:
    found = find_endpoint(settings, name)
    if "chat_context" not in found.section("input"):
        raise CommandError(
            f"{found.name} takes no conversation; `aki endpoints --category chat` lists those that do",
            Exit.USAGE,
        )
    return found


@dataclass
class _Talk:
    """One conversation at a terminal, or from a pipe.

    Attributes:
        settings: The global options.
        client: Who asks.
        found: Who answers.
        conversation: What was said.
        by_hand: Whether somebody types.
    """

    settings: CliSettings
    client: "Aki"
    found: CatalogueEntry
    conversation: "Conversation"
    by_hand: bool

    def hold(self) -> None:
        """Take lines until there are no more."""
        if self.by_hand:
            with suppress(ImportError):  # Windows has none
                import_module("readline")  # input() uses it once it is there
            say(f"{one_line(self.found.title)} answers; /help lists commands, Ctrl-D leaves")
        while True:
            try:
                line = self._line(PROMPT)
                if line is None or line == "/quit":
                    return
                self._take(line)
            except TerminatedError:
                raise
            except KeyboardInterrupt:
                if not self.by_hand:
                    raise
                print(file=sys.stderr)  # the unfinished line is dropped
            except (AkiError, CommandError) as error:
                if not self.by_hand or isinstance(error, StoppedError):
                    raise
                say(error.message)

    def _line(self, prompt: str) -> str | None:
        """Return what is said next, None where nothing comes any more."""
        try:
            line = input(prompt) if self.by_hand and sys.stdout.isatty() else sys.stdin.readline()
        except EOFError:
            print()  # Ctrl-D leaves the cursor behind the prompt
            return None
        return line.rstrip() if line or self.by_hand else None

    def _take(self, line: str) -> None:
        line = line.strip()
        if line.startswith("/"):
            self._command(line)
            return
        if line == FENCE:
            lines = iter(lambda: self._line(MORE), None)
            line = "\n".join(takewhile(lambda more: more != FENCE, lines))
        if line:
            self.ask(line)

    def _command(self, line: str) -> None:
        word, _, rest = line[1:].partition(" ")
        commands: dict[str, Callable[[str], None]] = {
            "system": self._system,
            "model": self._model,
            "save": self._save,
            "load": self._load,
            "reset": self._reset,
            "help": lambda _: print(HELP, file=sys.stderr),
            **{kind: partial(self._attach, kind) for kind in MEDIA_COMMANDS},
        }
        if word in commands:
            commands[word](rest.strip())
        else:
            say(f"unknown command /{word}; /help lists them")

    def ask(self, text: str) -> None:
        """Show the answer to a text, and keep both."""
        given: dict[str, Any] = {"chat_context": self.conversation.asking(text)}
        try:
            result: Any = follow(self.settings, self.client, self.found, given, Watch())
        except StoppedError as stopped:
            if not self.by_hand or stopped.status is not Exit.INTERRUPTED:
                raise
            say("stopped; the hub was asked to cancel this answer, and nothing of it is kept")
            return
        say_cost(result)
        answer = result.text
        self.conversation.answered(text, str(getattr(answer, "content", answer)))

    def _system(self, text: str) -> None:
        if text:
            self.conversation.system = text
        say(f"the system prompt is: {self.conversation.system or '(none)'}")

    def _model(self, name: str) -> None:
        if name:
            self.found = _chat_endpoint(self.settings, name)
        say(f"{one_line(self.found.title)} answers")

    def _reset(self, _: str) -> None:
        self.conversation.reset()
        say("a new conversation")

    def _save(self, file: str) -> None:
        if not file:
            say("say where: /save FILE")
            return
        try:
            path = Path(file).expanduser()
            overwrite = (
                self.by_hand
                and path.exists()
                and self._line(f"overwrite {file}? [y/N] ") in ("y", "yes")
            )
            self.conversation.save(path, overwrite=overwrite)
            say(f"saved in {path}")
        except UNUSABLE as error:
            say(f"{file}: {_why(error)}")

    def _load(self, file: str) -> None:
        if not file:
            say("say which: /load FILE")
            return
        try:
            self.conversation.load(Path(file).expanduser())
        except (OSError, RuntimeError) as error:
            say(f"{file}: {_why(error)}")
        except ValueError as error:
            say(f"{file} cannot be read: {error}")
        else:
            say(f"{number_of(len(self.conversation.messages), 'message')} of {file}; go on")

    def _attach(self, kind: str, file: str) -> None:
        taken = list(self.found.section("input")["chat_context"].support)
        if kind not in taken:
            say(f"{self.found.name} takes {', '.join(['text', *taken])} in a conversation")
            return
        try:
            self.conversation.attach(kind, file)
        except UNUSABLE as error:
            say(f"{file or f'/{kind} FILE'}: {_why(error)}")
        else:
            say(f"{file} goes along with the next message")


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
