"""What a person does on the page and reads there, and what becomes of the code that is copied from it."""

import os
import re
import subprocess
import sys

from support.jobs import all_jobs

LONG = "[[dur=60 steps=300]]"
"""A prompt of a job that lasts longer than any test waits."""


def choose(page, endpoint):
    """Choose an endpoint, and wait for its form."""
    page.locator("#endpoint input").click()
    page.get_by_role("option", name=re.compile(rf" · {re.escape(endpoint)}$")).click()
    page.locator(".aki-name code", has_text=re.compile(rf"^{re.escape(endpoint)}$")).wait_for()
    page.locator("#run:not([disabled])").wait_for()


def write(page, field, text):
    """Write into a field."""
    page.locator(f"#{field} textarea").fill(text)


def status(page, words):
    """Wait until the line of the status says so."""
    page.locator("#status", has_text=words).wait_for()


def shown_code(page, words):
    """Wait until the code says so, and copy it."""
    page.locator("#code .cm-content", has_text=words).wait_for()
    page.locator("#code").get_by_role("button", name=re.compile("copy", re.IGNORECASE)).click()
    return page.evaluate("navigator.clipboard.readText()")


def run_copied(source, folder):
    """Run code that was copied; return what it prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AKI_")}
    (folder / "copied.py").write_text(source, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "copied.py"],
        cwd=folder,
        env={**environment, "AKI_API_KEY": "any"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def states_of(hub, endpoint):
    """Return the states of an endpoint's jobs on the hub."""
    return [job.state.value for job in all_jobs(hub) if job.endpoint.name == endpoint]
