"""What the tests of the page share: prompts, hubs that answer oddly, and the mark of what a test proves."""

import io
import json
import os
import subprocess
import sys
import textwrap

import httpx
import pytest
from aki_client import JobCanceledError

GREETING = "Hello from the sandbox"
SLOW = "Hi [[dur=1.5]]"
ENDLESS = "Hi [[dur=60 steps=2000]]"


def covers(*rows):
    """Say which rows of the page's tables a test proves."""

    def mark(test):
        test.covers = rows
        return test

    return mark


def bodies(recorder, route):
    found = [request for request in recorder.sent if f"/api/{route}/" in request.url.path]
    return [json.loads(request.content) for request in found]


def hub_that_answers(status, error="no", **body):
    """A connection to a hub that gives the same answer to everything."""
    document = {"success": False, "error": error, **body}
    return httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(status, json=document))
    )


def ends_canceled(job):
    with pytest.raises(JobCanceledError):
        job.result(timeout=60)
    return job.status() == "canceled"


def run_script(code):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=os.environ,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def picture():
    image = pytest.importorskip("PIL.Image")
    buffer = io.BytesIO()
    image.new("RGB", (64, 64), "red").save(buffer, "PNG")
    return buffer.getvalue()
