"""A running job before somebody's eyes: in place in a notebook, as growing text elsewhere, or as a progress bar.

IPython is used where it runs already, and never imported for this; of tqdm and Rich, whichever is installed.
"""

import sys
import warnings
from collections.abc import Mapping
from html import escape
from importlib import import_module
from types import TracebackType
from typing import Any, Protocol, Self, TextIO

from ..errors import ConfigurationError
from ..events import Event, Queued, Running, in_words
from ..fields.base import OutputModel, ProgressModel, came
from ..media.display import fields_html, output_bundle

_WHOLE = 100.0


def open_view() -> "_NotebookView | _TextView":
    """Return a view that suits the place: the output of a notebook's cell, or the standard output."""
    show = _notebook_display()
    return _NotebookView(show) if show is not None else _TextView(sys.stdout)


class _NotebookView:
    """One output of a cell that changes in place."""

    def __init__(self, display: Any) -> None:
        self._display = display
        self._handle: Any = None

    def update(self, event: Event[Any]) -> None:
        words = in_words(event)
        fields: Mapping[str, object] = {} if isinstance(event, Queued) else came(event.data)
        self._show(
            {
                "text/html": f"<div><em>{escape(words)}</em>{fields_html(fields)}</div>",
                "text/plain": words,
            }
        )

    def finish(self, output: OutputModel) -> None:
        self._show(output_bundle(came(output), repr(output)))

    def _show(self, bundle: dict[str, Any]) -> None:
        if self._handle is None:
            self._handle = self._display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


class _TextView:
    """Text as it comes, and at the end what is not text."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._wrote = False

    def update(self, event: Event[Any]) -> None:
        # A worker that rewrites its text begins a new line: what is printed cannot be taken back.
        again = "\n" if not isinstance(event, Queued) and event.rewritten and self._wrote else ""
        if event.text_delta:
            self._file.write(again + printable(event.text_delta))
            self._file.flush()
            self._wrote = True

    def finish(self, output: OutputModel) -> None:
        if self._wrote:
            self._file.write("\n")
        else:
            self._file.write(printable(repr(output)) + "\n")


def printable(text: str) -> str:
    """Take from a hub's text whatever would command a terminal."""
    return "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text)


def _notebook_display() -> Any:
    """Return IPython's `display`, None where no notebook's kernel runs."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or getattr(shell, "kernel", None) is None:
        return None
    return getattr(sys.modules.get("IPython.display"), "display", None)


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
