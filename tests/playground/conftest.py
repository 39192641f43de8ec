"""A playground in a process of its own against a sandbox hub, and a browser that reports what it should not see."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from aki_sandbox.server import SandboxServer
from playground.page import visit
from support.chromium import chromium
from support.patience import until

KEY = "aki-key-of-the-playground-tests-81f3"


@contextmanager
def running_playground(*arguments, path=(), key=KEY):
    """Run a playground until the end of the block; yields the process, whose `address` is that of the page."""
    pytest.importorskip("gradio", reason="the playground needs Gradio (extra `playground`)")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AKI_")}
    folders = [*map(str, path), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**inherited, "AKI_API_KEY": key, "PYTHONPATH": os.pathsep.join(folders)}
    process = subprocess.Popen(
        [sys.executable, "-m", "aki_playground", "--no-browser", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found is None:
            process.kill()
            pytest.fail(f"the playground did not start: {line}{process.communicate()[1]}")
        process.address = found[0]
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        _, errors = process.communicate(timeout=120)
    assert "Traceback" not in errors
    assert KEY not in errors


@pytest.fixture
def hub() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture(scope="module")
def shared_hub() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture(scope="module")
def playground(shared_hub):
    with running_playground("--server", shared_hub.url) as process:
        yield process


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@dataclass
class Watch:
    """What a browser did that it should not have done."""

    elsewhere: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    streams: set = field(default_factory=set)

    def request(self, request):
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.hostname != "127.0.0.1":
            self.elsewhere.append(request.url)
        if address.path.endswith("/queue/data"):
            self.streams.add(request)

    def ended(self, request):
        self.streams.discard(request)

    def all_heard(self, page):
        """Wait until the page listens to nothing: one that is left earlier says that its stream was cut."""
        until(lambda: page.wait_for_timeout(50) or not self.streams, "no stream is open")

    def console(self, message):
        if message.type == "error":
            self.errors.append(message.text)


@pytest.fixture
def context(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(120_000)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context
    context.close()


@pytest.fixture
def watch():
    """What a browser does; at the end no request may have left, and no script may have failed."""
    watch = Watch()
    yield watch
    assert watch.elsewhere == []
    assert watch.errors == []


@pytest.fixture
def open_page(context, watch):
    """Open the page of a playground."""

    def open_at(address):
        page = context.new_page()
        page.on("request", watch.request)
        page.on("requestfinished", watch.ended)
        page.on("requestfailed", watch.ended)
        page.on("console", watch.console)
        page.on("pageerror", lambda error: watch.errors.append(str(error)))
        visit(page, address)
        return page

    return open_at


@pytest.fixture
def page(open_page, playground):
    return open_page(playground.address)
