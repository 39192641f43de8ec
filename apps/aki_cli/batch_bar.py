"""The bar of a batch on a terminal. It imports Rich, so it is imported only where a terminal is."""

from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from .batch_view import duration

if TYPE_CHECKING:
    from aki_client.batch import Progress as Batch


class Bar:
    """A bar that moves, and a line of figures behind it.

    Args:
        stream: The terminal.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._console = Console(file=stream, highlight=False, markup=False, emoji=False)
        self._bar = Progress(
            BarColumn(bar_width=24),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            transient=True,
        )
        self._task = self._bar.add_task("checking the rows", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def show(self, progress: "Batch") -> None:
        """Move the bar."""
        self._bar.update(
            self._task,
            total=progress.rows,
            completed=progress.ended,
            description=" · ".join(short(progress)),
        )

    def say(self, sentence: str) -> None:
        """Write a line above the bar."""
        self._console.print(Text(f"aki: {sentence}"))


def short(progress: "Batch") -> list[str]:
    """Say in a few words each how far a batch is; a line of a terminal has to do."""
    rows = f"/{progress.rows:,}" if progress.rows is not None else ""
    words = [f"{progress.ended:,}{rows}"]
    words += [f"{progress.failed:,} failed"] if progress.failed else []
    words += [f"{progress.uncertain:,} uncertain"] if progress.uncertain else []
    words += [f"{progress.rate:.1f}/s"] if progress.rate is not None else []
    words += [f"{duration(progress.left)} left"] if progress.left is not None else []
    words += [f"{progress.tokens:,} tokens"] if progress.tokens else []
    words += [f"{progress.compute_seconds:,.0f} s computed"] if progress.compute_seconds else []
    words += [f"{progress.running}/{progress.limit} at a time"]
    return words
