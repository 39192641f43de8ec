"""A headless Chromium that may talk to this machine only, and says so when a page tries otherwise."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.chromium import chromium

LOCAL = {"127.0.0.1", "localhost", ""}
"""Hosts that a page may ask; a file and a data URI have none."""


@pytest.fixture(scope="module", name="chromium")
def running_chromium() -> Iterator[Any]:
    """The browser."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open pages: `open_page(width, scheme)`; at the end none may have asked anybody else or logged an error."""
    contexts: list[Any] = []
    foreign: list[str] = []
    errors: list[str] = []

    def note(request: Any) -> None:
        if (urlsplit(request.url).hostname or "") not in LOCAL:
            foreign.append(request.url)

    def open_page(width: int = 1280, scheme: str = "light") -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", note)
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert foreign == []
    assert errors == []
