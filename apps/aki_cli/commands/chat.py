"""`aki chat NAME`: a conversation, or with a text one answer; the answers stream."""

import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from aki_runtime.errors import AkiError, MediaError
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
) -> int:
    """Hold a conversation with a chat endpoint. /help within it lists what else there is."""
    from ..conversation import Conversation  # what completion can do without

    settings = settings_of(ctx)
    found = _chat_endpoint(settings, name)
    with settings.client() as client:
        talk = _Talk(settings, client, found, Conversation(system))
        return talk.hold() if text is None else talk.answer(text)


def _chat_endpoint(settings: CliSettings, name: str) -> CatalogueEntry:
    found = find_endpoint(settings, name)
    if "chat_context" not in found.section("input"):
        raise CommandError(
            f"{found.name} takes no conversation; `aki endpoints --category chat` lists those that do",
            Exit.USAGE,
        )
    return found


class _Talk:
    """One conversation at a terminal, or from a pipe.

    Args:
        settings: The global options.
        client: Who asks.
        found: Who answers.
        conversation: What was said.
    """

    def __init__(
        self,
        settings: CliSettings,
        client: "Aki",
        found: CatalogueEntry,
        conversation: "Conversation",
    ) -> None:
        self._settings = settings
        self._client = client
        self._found = found
        self._conversation = conversation
        self._by_hand = sys.stdin.isatty()

    def answer(self, text: str) -> int:
        """Ask once and return the exit status."""
        self._by_hand = False
        self._ask(text)
        return Exit.OK

    def hold(self) -> int:
        """Take lines until there are no more and return the exit status."""
        if self._by_hand:
            _have_history()
            say(f"{one_line(self._found.title)} answers; /help lists commands, Ctrl-D leaves")
        while True:
            try:
                line = self._line(PROMPT)
                if line is None or line == "/quit":
                    return Exit.OK
                self._take(line)
            except TerminatedError:
                raise
            except KeyboardInterrupt:
                if not self._by_hand:
                    raise
                print(file=sys.stderr)  # the unfinished line is dropped
            except (AkiError, CommandError) as error:
                if not self._by_hand or isinstance(error, StoppedError):
                    raise
                say(error.message)

    def _line(self, prompt: str) -> str | None:
        """Return what is said next, None where nothing comes any more."""
        try:
            line = input(prompt) if self._by_hand and sys.stdout.isatty() else sys.stdin.readline()
        except EOFError:
            print()  # Ctrl-D leaves the cursor behind the prompt
            return None
        return line.rstrip() if line or self._by_hand else None

    def _lines(self) -> str:
        """Return the lines up to the closing fence, or the end."""
        lines: list[str] = []
        while (line := self._line(MORE)) is not None and line != FENCE:
            lines.append(line)
        return "\n".join(lines)

    def _take(self, line: str) -> None:
        line = line.strip()
        if line == FENCE:
            line = self._lines()
        elif line.startswith("/"):
            self._command(line)
            return
        if line:
            self._ask(line)

    def _command(self, line: str) -> None:
        word, _, rest = line[1:].partition(" ")
        commands: dict[str, Callable[[str], None]] = {
            "system": self._system,
            "model": self._model,
            "save": self._save,
            "load": self._load,
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
        try:
            result: Any = follow(self._settings, self._client, self._found, given, Watch())
        except StoppedError as stopped:
            if not self._by_hand or stopped.status is not Exit.INTERRUPTED:
                raise
            say("stopped; the hub was asked to cancel this answer, and nothing of it is kept")
            return
        say_cost(result)
        answer = result.text
        self._conversation.answered(text, str(getattr(answer, "content", answer)))

    def _system(self, text: str) -> None:
        if text:
            self._conversation.system = text
        say(f"the system prompt is: {self._conversation.system or '(none)'}")

    def _model(self, name: str) -> None:
        if name:
            self._found = _chat_endpoint(self._settings, name)
        say(f"{one_line(self._found.title)} answers")

    def _reset(self, _: str) -> None:
        self._conversation.reset()
        say("a new conversation")

    def _save(self, file: str) -> None:
        if not file:
            say("say where: /save FILE")
            return
        path = Path(file).expanduser()
        try:
            try:
                self._conversation.save(path)
            except FileExistsError:
                if not self._by_hand or self._line(f"overwrite {file}? [y/N] ") not in ("y", "yes"):
                    raise
                self._conversation.save(path, overwrite=True)
            say(f"saved in {path}")
        except (OSError, MediaError) as error:
            say(f"{file}: {getattr(error, 'strerror', None) or error}")

    def _load(self, file: str) -> None:
        if not file:
            say("say which: /load FILE")
            return
        try:
            self._conversation.load(Path(file).expanduser())
        except OSError as error:
            say(f"{file}: {error.strerror}")
        except ValueError as error:
            say(f"{file} cannot be read: {error}")
        else:
            say(f"{number_of(len(self._conversation.messages), 'message')} of {file}; go on")

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
