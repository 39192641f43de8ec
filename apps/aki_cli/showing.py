"""What a job shows: its text, queue and progress while it runs, then its result as text and paths, JSON, or nothing.

A result was paid for and comes once, so that nothing here loses it: a file is never overwritten, and where a folder
cannot be written to, another one is found. It must not know where jobs come from.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import typer
from aki_runtime.errors import MediaError
from aki_runtime.events import in_words
from aki_runtime.terminal import one_line, readable

from .exits import CommandError, Exit
from .terminal import console, say, write, write_json

if TYPE_CHECKING:
    from aki_client import Event, Media, OutputModel
    from rich.progress import Progress

Form = Literal["text", "json", "quiet"]
FORMS: tuple[Form, ...] = get_args(Form)

Listing = Annotated[
    Literal["text", "json"], typer.Option("--output", "-o", help="What goes to stdout.")
]
"""The option of commands that list."""

LONGEST_FIGURE = 40
"""Characters of an output that the line of figures shows."""


def _forms(ctx: typer.Context, args: list[str], incomplete: str) -> list[str]:
    return [*FORMS]


OUTPUT: dict[str, Any] = {
    "metavar": "|".join(FORMS),
    "help": "What goes to stdout (text).",
    "autocompletion": _forms,
    "show_default": False,
}
SAVE_TO: dict[str, Any] = {
    "metavar": "PLACE",
    "help": "Folder or file for images, audio and video (the current folder).",
    "show_default": False,
}
"""How the options look that say what goes to stdout, and where media go."""


def sink(form: str, save_to: str) -> "Sink":
    """Return where results go, checked while nothing has been paid.

    Raises:
        CommandError: There is no such form, or no such folder.
    """
    if form not in FORMS:
        raise CommandError(f"--output {form!r} must be one of {', '.join(FORMS)}", Exit.USAGE)
    target = Path(save_to)
    folder = target if target.is_dir() else target.parent
    if not save_to.endswith("/") and not folder.is_dir():
        raise CommandError(f"--save-to {save_to}: there is no folder {folder}", Exit.USAGE)
    return Sink(form, save_to)


class Watch:
    """Shows the events of one job.

    Args:
        text: Whether text is shown as it comes.
        bar: Whether a bar is shown where stderr is a terminal.
    """

    def __init__(self, *, text: bool = True, bar: bool = True) -> None:
        self._shows_text = text
        self._shows_bar = bar and sys.stderr.isatty()
        self._bar: Progress | None = None
        self._last = ""

    @property
    def streamed(self) -> bool:
        """Whether any text was shown."""
        return bool(self._last)

    def follow(self, events: "Iterable[Event[Any]]") -> None:
        """Show events until there are no more, and end the text with a line's end."""
        try:
            for event in events:
                if event.text_delta and self._shows_text:
                    self._write(event)
                elif self._shows_bar and not self.streamed:
                    self._draw(event)
        finally:
            # Also where the job fails midway: the sentence about it begins a line of its own.
            self._close()
            if self.streamed and self._last != "\n":
                write("\n")

    def _write(self, event: "Event[Any]") -> None:
        self._close()
        if event.rewritten and self.streamed:
            write("\n")
            say("the model starts over:")
        write(event.text_delta)
        self._last = event.text_delta[-1]

    def _draw(self, event: "Event[Any]") -> None:
        # Models of text count their tokens beyond any hundred; a bar that stands still would say less than none.
        done = event.progress if 0 < event.progress <= 100 else None
        words = in_words(event) + (f" {done:3.0f} %" if done is not None else "")
        if self._bar is None:
            self._bar = _new_bar()
            self._bar.start()
            self._bar.add_task(words, total=None)
        total = None if done is None else 100.0
        task = self._bar.task_ids[0]
        self._bar.update(task, description=words, total=total, completed=done or 0.0)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _new_bar() -> "Progress":
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TimeElapsedColumn(),
        console=console(sys.stderr),
        transient=True,
        expand=True,
    )


def say_cost(result: "OutputModel") -> None:
    """Say what a call used and costs, where there are prices that say so."""
    if result.cost is not None:
        from aki_runtime.fields.base import spent_in_words  # what help can do without

        say(", ".join(spent_in_words(result)))


@dataclass
class Sink:
    """Where results go.

    Attributes:
        form: How they are shown.
        save_to: A folder, which is made if it ends with a slash, or a file.
    """

    form: Form = "text"
    save_to: str = "."
    _paths: dict[str, list[str]] = field(default_factory=dict[str, list[str]], init=False)
    _faults: list[str] = field(default_factory=list[str], init=False)

    def watch(self) -> Watch:
        """Return what shows a job on its way here."""
        return Watch(text=self.form == "text", bar=self.form != "quiet")

    def deliver(self, result: "OutputModel", *, streamed: bool = False) -> None:
        """Save what is to be saved and show the rest.

        Args:
            result: The outputs.
            streamed: Whether the text has been shown already.

        Raises:
            CommandError: A medium cannot be decoded; all else has been delivered.
        """
        outputs = {name: value for name, value in result if name != "error" or value}
        plain = {name: self._plain(name, value) for name, value in outputs.items()}
        if self.form == "json":
            spent = {"usage": asdict(result.usage), "cost": result.cost and f"{result.cost:f}"}
            write_json({"outputs": plain, "meta": asdict(result.meta), **spent})
        elif self.form == "text":
            self._show(outputs, plain, streamed=streamed)
            say_cost(result)
        if self._faults:
            raise CommandError(f"{self._faults[0]}; it is not saved, all else is here", Exit.HUB)

    def _show(
        self, outputs: Mapping[str, Any], plain: Mapping[str, Any], *, streamed: bool
    ) -> None:
        rest: dict[str, Any] = {}
        for name, value in outputs.items():
            if name == "text" and isinstance(value, str):
                if not streamed and value:
                    write(value if value.endswith("\n") else f"{value}\n")
            elif name in self._paths and not isinstance(value, dict):
                write("".join(f"{path}\n" for path in self._paths[name]))
            elif value and isinstance(value, list | dict):
                write_json(plain[name])
            else:
                rest[name] = plain[name]
        if len(rest) == len(outputs):
            write("".join(f"{one_line(name)}: {value}\n" for name, value in rest.items()))
        elif sys.stderr.isatty() and sys.stdout.isatty():
            _show_figures(rest)

    def _plain(self, name: str, value: Any) -> Any:
        """Return an output as JSON has it; media are saved, and their paths stand for them."""
        # What help and completion can do without.
        from aki_runtime.fields.base import plain_fields, whole

        def keep(medium: "Media", _: str) -> str:
            paths = self._paths.setdefault(name, [])
            try:
                paths.append(str(self._save(medium)))
            except MediaError as error:
                self._faults.append(str(error))
                return medium.as_it_came()
            return paths[-1]

        return plain_fields({name: whole(value)}, keep).get(name)

    def _save(self, medium: "Media") -> Path:
        try:
            return _save(medium, self.save_to)
        except OSError as error:
            import tempfile

            shelter = Path(tempfile.mkdtemp(prefix="aki-"))
            say(f"{self.save_to} cannot be written ({error.strerror}); saved in {shelter} instead")
            return medium.save(shelter)


def _save(medium: "Media", place: str) -> Path:
    target = Path(place)
    if place.endswith("/") or target.is_dir():
        return medium.save(place if place.endswith("/") else target)
    number = 1
    while True:
        # Tried, not looked up: another command may be writing into the same folder.
        try:
            return medium.save(target)
        except FileExistsError:
            number += 1
            target = Path(place).with_stem(f"{Path(place).stem}-{number}")


def _show_figures(rest: Mapping[str, Any]) -> None:
    shown = [
        f"{one_line(name).replace('_', ' ')} {one_line(str(value))}"
        for name, value in rest.items()
        if value not in (None, "", [], {}) and len(str(value)) <= LONGEST_FIGURE
    ]
    if shown:
        console(sys.stderr).print(readable(" · ".join(shown)), style="dim")
