"""A progress bar for calls, drawn by tqdm or Rich, whichever is installed."""

import warnings
from importlib import import_module
from types import TracebackType
from typing import Any, Protocol, Self

from ..errors import ConfigurationError
from ..events import Event, Queued, Running, in_words
from ..fields.base import ProgressModel
from .live import printable

_WHOLE = 100.0


class _Gauge(Protocol):
    """What draws the bar."""

    def show(self, done: float, total: float | None, words: str) -> None:
        """Draw the bar; a total of None means that nobody knows it."""
        ...

    def close(self) -> None:
        """Leave the bar as it is."""
        ...


class ProgressBar:
    """A bar for one job after the other, to be given as `on_progress`; made by `progress_bar`."""

    def __init__(self, label: str, gauge: _Gauge) -> None:
        self._label = label
        self._gauge = gauge
        self._done = 0.0
        self._total: float | None = _WHOLE

    def __call__(self, event: Event[Any]) -> None:
        """Draw what has happened."""
        self._done = 0.0
        if not isinstance(event, Queued):
            self._done = max(0.0, event.progress)
            # Models of text count their tokens, and nobody knows how many there will be.
            is_text = self._done > _WHOLE or _has_text(event)
            self._total = None if is_text else _WHOLE
        self._gauge.show(self._done, self._total, printable(self._words(in_words(event))))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self._gauge.show(self._total or self._done, self._total, self._words("done"))
        self.close()

    def close(self) -> None:
        """Leave the bar as it is and go to the next line."""
        self._gauge.close()

    def _words(self, words: str) -> str:
        return f"{self._label}: {words}" if self._label else words


def progress_bar(label: str = "") -> ProgressBar:
    """Return a progress bar for one call at a time, in a terminal or a notebook.

        with progress_bar("Painting") as bar:
            image = aki.flux_dev.with_options(on_progress=bar)(prompt="A lighthouse")

    It shows the place in the queue, how far the job is, and the seconds left; for text the tokens so far.

    Args:
        label: What is in front of the bar.

    Raises:
        ConfigurationError: Neither tqdm nor Rich is installed.
    """
    for make in (_Tqdm, _Rich):
        try:
            return ProgressBar(label, make())
        except ImportError:
            continue
    raise ConfigurationError(
        "a progress bar needs tqdm or Rich: pip install tqdm, or pip install 'aki-client[cli]'"
    )


def _has_text(event: Running[ProgressModel]) -> bool:
    return "text" in type(event.data).model_fields


class _Tqdm:
    def __init__(self) -> None:
        with warnings.catch_warnings():
            # In a notebook without widgets it says so, and draws the bar with letters.
            warnings.simplefilter("ignore")
            self._make = import_module("tqdm.auto").tqdm
        self._bar: Any = None

    def show(self, done: float, total: float | None, words: str) -> None:
        look = "{desc} {bar} {percentage:3.0f} %" if total else "{desc}, {n:.0f} tokens"
        if self._bar is None:
            self._bar = self._make(total=total, desc=words, bar_format=look, dynamic_ncols=True)
        self._bar.total, self._bar.bar_format = total, look
        self._bar.set_description_str(words, refresh=False)
        self._bar.n = min(done, total) if total else done
        self._bar.refresh()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class _Rich:
    def __init__(self) -> None:
        rich = import_module("rich.progress")
        console = import_module("rich.console").Console(stderr=True)
        self._bar: Any = rich.Progress(
            rich.TextColumn("{task.description}", markup=False),
            rich.BarColumn(),
            rich.TextColumn("{task.fields[figure]}", markup=False),
            console=console,
        )
        self._task: Any = None

    def show(self, done: float, total: float | None, words: str) -> None:
        figure = f"{min(done, total) / total:4.0%}" if total else f"{done:.0f} tokens"
        if self._task is None:
            self._bar.start()
            self._task = self._bar.add_task(words, total=total, figure=figure)
        if total is None:
            self._bar.tasks[0].total = None  # `update` takes None for no change
        self._bar.update(
            self._task, completed=done, total=total, description=words, figure=figure, refresh=True
        )

    def close(self) -> None:
        if self._task is not None:
            self._bar.stop()
