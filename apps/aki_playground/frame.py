"""What outlives the page of one endpoint: which is open, what the forms hold, and the runs of this session."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from textwrap import shorten
from typing import Any

import gradio as gr
from aki_runtime.shapes import object_or_empty
from aki_runtime.terminal import one_line
from gradio.components import Component

from .package import EndpointCard
from .results import ResultParts
from .running import Call, Failed, Finished, RunState

ALL = "all"
"""The category that holds every endpoint."""

MOST_RUNS = 30
"""Runs of one session that are kept."""

_LONGEST_SUMMARY = 60


# Gradio compares states by their hashes: each of these is its own, whatever it holds.
@dataclass(frozen=True, eq=False)
class SeenRun:
    """A run of this session, as it was seen last.

    Attributes:
        card: The endpoint.
        call: What is carried out.
        state: How it stands.
        parts: What there is to see of its output.
        folder: Where the files of its result are.
        seen: When it was seen.
    """

    card: EndpointCard
    call: Call
    state: RunState
    parts: ResultParts
    folder: Path
    seen: datetime = field(default_factory=datetime.now)

    @property
    def words(self) -> str:
        """The run, once it has ended, in one line of plain text."""
        has_failed, is_done = isinstance(self.state, Failed), isinstance(self.state, Finished)
        end = "failed" if has_failed else "done" if is_done else "cancelled"
        asked = shorten(one_line(self.call.said), _LONGEST_SUMMARY, placeholder=" …")
        return " · ".join(filter(None, [f"{self.seen:%H:%M:%S}", self.card.title, asked, end]))


@dataclass(frozen=True, eq=False)
class Opened:
    """An endpoint that is opened.

    Attributes:
        name: Its name in Python.
        values: What its form is to hold.
        past: The run that is shown again.
    """

    name: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    past: SeenRun | None = None


class Frame:
    """The widgets that all pages share; made where the page is being built.

    Args:
        cards: The endpoints.

    Attributes:
        category: The kind of endpoints that can be chosen.
        endpoint: The endpoint that is chosen.
        opened: What is shown of it.
        forms: What each form holds, by endpoint; the browser keeps it across a reload.
        runs: The runs of this session.
    """

    def __init__(self, cards: Iterable[EndpointCard]) -> None:
        self._cards = sorted(cards, key=lambda card: card.title.casefold())
        kinds = sorted({card.category for card in self._cards})
        with gr.Row():
            self.category = gr.Dropdown(
                [ALL, *kinds],
                value=ALL,
                label="Category",
                scale=1,
                min_width=180,
                elem_id="category",
                interactive=True,
            )
            self.endpoint = gr.Dropdown(
                self.choices(ALL),
                value=None,
                label="Endpoint",
                scale=3,
                min_width=320,
                elem_id="endpoint",
                interactive=True,
            )
        self.opened = gr.State(None)
        # The key is not a secret: what lies there is what the forms show.
        self.forms = gr.BrowserState({}, storage_key="aki-playground", secret="forms")  # noqa: S106
        self.runs = gr.State([])

    def choices(self, category: str) -> list[tuple[str, str]]:
        """Return the endpoints of a category as they are listed, with the name of each."""
        return [
            (f"{card.title} · {card.info.name}", card.name)
            for card in self._cards
            if category in (ALL, card.category)
        ]

    @property
    def opening(self) -> list[Component]:
        """What `open` updates."""
        return [self.category, self.endpoint, self.forms, self.opened]

    def open(
        self, forms: Any, name: str, values: Mapping[str, Any], past: SeenRun | None = None
    ) -> dict[Component, Any]:
        """Return the updates that open an endpoint with a form that is filled in.

        Args:
            forms: What the browser has kept.
            name: The endpoint.
            values: What its form is to hold.
            past: The run that is shown again.
        """
        return {
            self.category: ALL,
            self.endpoint: gr.update(choices=self.choices(ALL), value=name),
            self.forms: {**object_or_empty(forms), name: dict(values)},
            self.opened: Opened(name, values, past),
        }


def values_of(forms: object, name: str) -> dict[str, Any]:
    """Return what the browser has kept of one form; it may have kept anything."""
    return object_or_empty(object_or_empty(forms).get(name))
