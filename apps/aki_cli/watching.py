"""A job shown while it runs: its text on stdout as it comes, queue and progress as a bar on stderr.

The bar goes away before the first text, because both may be on one terminal. Must not know where jobs come from.
"""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from aki_runtime.events import Queued

from .terminal import console, one_line, say, write

if TYPE_CHECKING:
    from aki_client import Event
    from rich.progress import Progress


class Watch:
    """Shows the events of one job.

    Args:
        text: Whether text is shown as it comes.
        bar: Whether a bar is shown where stderr is a terminal.
    """

    def __init__(self, *, text: bool = True, bar: bool = True) -> None:
        self._shows_text = text
        self._bar = _Bar() if bar and sys.stderr.isatty() else None
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
                    self._write(
                        event.text_delta, rewritten=bool(getattr(event, "rewritten", False))
                    )
                elif self._bar is not None and not self.streamed:
                    self._bar.show(event)
        finally:
            self._close()
            if self.streamed and self._last != "\n":
                write("\n")

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def _write(self, text: str, *, rewritten: bool) -> None:
        self._close()
        self._bar = None
        if rewritten and self.streamed:
            write("\n")
            say("the model has begun anew:")
        write(text)
        self._last = text[-1]


class _Bar:
    """Queue position, progress and time left on stderr."""

    def __init__(self) -> None:
        self._progress: Progress | None = None

    def show(self, event: "Event[Any]") -> None:
        words, done = _words(event)
        if self._progress is None:
            self._progress = _new_progress()
            self._progress.start()
            self._progress.add_task(words, total=None)
        task = self._progress.task_ids[0]
        total = None if done is None else 100.0
        self._progress.update(task, description=words, total=total, completed=done or 0.0)

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


def _new_progress() -> "Progress":
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TimeElapsedColumn(),
        console=console(sys.stderr),
        transient=True,
        expand=True,
    )


def _words(event: "Event[Any]") -> tuple[str, float | None]:
    """Say how a job is, and how much of it is done, 0 to 100; None where nobody knows."""
    estimate = event.estimate
    left = f", about {estimate:.0f} s left" if estimate is not None and estimate >= 1 else ""
    progress = event.progress
    if isinstance(event, Queued):
        place = event.position
        where = f"waiting, number {place} in the queue" if place else "waiting"
        return where + left, None
    message = getattr(getattr(event, "data", None), "progress_message", None)
    said = one_line(message)[:30] if isinstance(message, str) and message else "running"
    known = 0 < progress <= 100
    return (
        f"{said} {progress:3.0f} %{left}" if known else said + left
    ), progress if known else None
