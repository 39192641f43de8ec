"""A running job before somebody's eyes: in place in a notebook, as growing text elsewhere.

IPython is used where it runs already, and never imported for this.
"""

import sys
from collections.abc import Mapping
from html import escape
from typing import Any, Protocol, TextIO

from ..events import Event, Queued, in_words
from ..fields.base import OutputModel
from ..media.display import fields_html, output_bundle


class View(Protocol):
    """Where a job is shown."""

    def update(self, event: Event[Any]) -> None:
        """Show what has happened."""
        ...

    def finish(self, output: OutputModel) -> None:
        """Show the result."""
        ...


def open_view() -> View:
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
        fields: Mapping[str, object] = {} if isinstance(event, Queued) else _fields(event.data)
        self._show(
            {
                "text/html": f"<div><em>{escape(words)}</em>{fields_html(fields)}</div>",
                "text/plain": words,
            }
        )

    def finish(self, output: OutputModel) -> None:
        self._show(output_bundle(_fields(output), repr(output)))

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


def _fields(model: OutputModel) -> Mapping[str, object]:
    return {**vars(model), **(model.model_extra or {})}


def _notebook_display() -> Any:
    """Return IPython's `display`, None where no notebook's kernel runs."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or getattr(shell, "kernel", None) is None:
        return None
    return getattr(sys.modules.get("IPython.display"), "display", None)
