"""The bar of a batch on a terminal. It imports Rich, so it is imported only where a terminal is."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from .batch_view import duration
from .terminal import console, readable

if TYPE_CHECKING:
    from aki_client.batch import Progress as Batch


class Bar:
    """A bar that moves, and a line of figures behind it.

    Args:
        progress: What Rich draws.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("checking the rows", total=None)

    def show(self, progress: "Batch") -> None:
        """Move the bar."""
        self._progress.update(
            self._task,
            total=progress.rows,
            completed=progress.ended,
            description=" · ".join(short(progress)),
        )

    def say(self, sentence: str) -> None:
        """Write a line above the bar."""
        self._progress.console.print(Text(f"aki: {readable(sentence)}"))


@contextmanager
def bar() -> Generator[Bar]:
    """Show a bar on stderr, and take it away at the end."""
    columns = (BarColumn(bar_width=24), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console(sys.stderr), transient=True) as progress:
        yield Bar(progress)


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
