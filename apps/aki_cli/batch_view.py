"""What people see of a batch: a bar on a terminal, lines elsewhere, and what came of it at its end."""

import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aki_runtime.terminal import one_line, readable
from aki_runtime.usage import amount_in_words

from .terminal import console, say

if TYPE_CHECKING:
    from aki_client.batch import Progress, Summary

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def batch_view() -> "Generator[Lines | Bar]":
    """Give what shows a batch on stderr: a bar on a terminal, else lines."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (BarColumn(bar_width=24), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console(sys.stderr), transient=True) as progress:
        yield Bar(progress, progress.add_task("waiting for the first outcome", total=None))


class Lines:
    """A line every ten seconds, for logs."""

    def __init__(self) -> None:
        # The first line comes after ten seconds: a quick batch needs none.
        self._last = time.monotonic()

    def show(self, progress: "Progress") -> None:
        """Write a line, unless one was written just before."""
        now = time.monotonic()
        if now - self._last >= SECONDS_BETWEEN_LINES:
            self._last = now
            self.say(", ".join(progress_clauses(progress)))

    def say(self, sentence: str) -> None:
        """Write a line."""
        say(sentence)


@dataclass
class Bar:
    """A bar of Rich that moves, and a line of figures behind it."""

    bar: Any
    task: Any

    def show(self, progress: "Progress") -> None:
        """Move the bar."""
        self.bar.update(
            self.task,
            total=progress.rows,
            completed=progress.ended,
            description=" · ".join(progress_clauses(progress)),
        )

    def say(self, sentence: str) -> None:
        """Write a line above the bar."""
        self.bar.console.print(f"aki: {readable(sentence)}")


def progress_clauses(progress: "Progress") -> Iterator[str]:
    """Say in a few words each how far a batch is; a line of a terminal has to do."""
    rows = f" of {progress.rows:,}" if progress.rows is not None else ""
    yield f"{progress.ended:,}{rows} rows"
    if progress.failed:
        yield f"{progress.failed:,} failed"
    if progress.uncertain:
        yield f"{progress.uncertain:,} uncertain"
    if progress.rate is not None:
        yield f"{progress.rate:.1f}/s"
    if progress.left is not None:
        yield f"{duration(progress.left)} left"
    yield from _figures(progress.tokens, progress.compute_seconds)
    yield f"{progress.running} of {progress.limit} at a time"


def summary_lines(summary: "Summary", currency: str = "") -> Iterator[str]:
    """Say in lines what came of a batch, with prices in which currency, and what can be done about the rest."""
    others = {"failed": summary.failed, "uncertain": summary.uncertain, "left": summary.left}
    counts = [f"{summary.done:,} done", *(f"{n:,} {what}" for what, n in others.items() if n)]
    earlier = f" ({summary.before:,} of them before)" if summary.before else ""
    figures = [duration(summary.seconds), *_figures(summary.tokens, summary.compute_seconds)]
    yield f"{number_of(summary.rows, 'row')}: {', '.join(counts)}{earlier}; {', '.join(figures)}"
    if currency:
        cost = amount_in_words(summary.cost, currency) if summary.cost is not None else "unknown"
        unknown = f", and unknown for {number_of(summary.cost_unknown, 'row')}"
        yield f"cost of this run: {cost}{unknown if summary.cost_unknown else ''}"
    for fault in summary.faults:
        yield f"  {number_of(fault.rows, 'row')}: {one_line(fault.problem)} ({fault.place})"
    unnamed = summary.failed + summary.uncertain - sum(fault.rows for fault in summary.faults)
    if unnamed > 0:
        yield f"  {number_of(unnamed, 'row')}: other reasons; the outcomes have them"
    if summary.picked_up:
        were = "was" if summary.picked_up == 1 else "were"
        yield f"{number_of(summary.picked_up, 'job')} of an earlier run {were} picked up"
    if summary.refused:
        yield f"no further row was started: {one_line(summary.refused)}"
    if summary.left:
        yield "the same command goes on with the rows that are left"
    if summary.failed:
        yield "--retry-failed sends the failed rows again"
    if summary.uncertain:
        yield (
            "uncertain rows may have been paid for; --resubmit-uncertain sends them again, "
            "and may pay twice"
        )
    yield f"outcomes: {summary.output}"
    yield f"journal:  {summary.journal} (keep it with the outcomes: it says what was paid)"


def number_of(count: int, what: str) -> str:
    """Say how many there are, as in "1 row" and "1,000 rows"."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def duration(seconds: float) -> str:
    """Say a duration, as in "3 min 20 s"."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _figures(tokens: int, compute_seconds: float) -> Iterator[str]:
    if tokens:
        yield f"{tokens:,} tokens"
    if compute_seconds:
        yield f"{compute_seconds:,.1f} s of computing"
