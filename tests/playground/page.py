"""What a person does on the page and reads there, and what becomes of the code that is copied from it.

The page is built piece by piece, and pieces move while others arrive: whatever is done here waits until the page is
quiet, and is done again where it had no effect.
"""

import os
import re
import subprocess
import sys

from support.jobs import all_jobs
from support.patience import soon, until

LONG = "[[dur=600 steps=3000]]"
"""A prompt of a job that lasts longer than any test waits."""

QUIET = """() => new Promise((quiet) => {
    const rest = () => { observer.disconnect(); quiet(); };
    let timer = setTimeout(rest, 500);
    const observer = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(rest, 500); });
    observer.observe(document.body, { childList: true, subtree: true });
})"""
"""Comes back once nothing has been added to the page or taken from it for half a second."""


def settled(page):
    """Wait until the form stands there whole."""
    page.locator("#run:not([disabled])").wait_for()
    page.locator("#code .cm-content").wait_for()
    page.evaluate(QUIET)


def again(act, seen):
    """Act until it shows."""

    def acted():
        act()
        return soon(seen, 10)

    until(acted, act.__name__)


def visit(page, address):
    """Open the page, and wait for its first form."""
    page.goto(address)
    settled(page)


def pick(page, field, option, seen):
    """Choose from the list of a field, an option that this pattern finds."""
    options = page.get_by_role("option", name=re.compile(option))

    def picked():
        page.locator(f"#{field} input").click()
        if soon(options.first.is_visible, 10):
            options.first.click()

    again(picked, seen.is_visible)


def choose(page, endpoint):
    """Choose an endpoint, and wait for its form."""
    name = re.escape(endpoint)
    head = page.locator(".aki-name code", has_text=re.compile(f"^{name}$"))
    pick(page, "endpoint", f" · {name}$", head)
    settled(page)


def unfold(page, what="#more", within=".aki-field"):
    """Open what is folded away; the parameters that few need, if nothing else is named."""
    head = page.locator(f"{what} button").first

    def opened():
        # The same click closes them.
        if "open" not in head.get_attribute("class").split():
            head.click()

    again(opened, page.locator(f"{what} {within}").first.is_visible)


def write(page, field, text):
    """Write into a field."""
    page.locator(f"#{field} textarea").fill(text)


def upload(page, field, files):
    """Upload audio or a video in place of the example."""
    box = page.locator(f"#{field}")
    chooser = box.locator("input[type=file]")
    again(box.get_by_role("button", name="Clear").first.click, chooser.count)
    chooser.set_input_files(files)


def status(page, words):
    """Wait until the line of the status says so."""
    page.locator("#status", has_text=words).wait_for()


def shown_code(page, words):
    """Wait until the code says so, and copy it."""
    page.locator("#code .cm-content", has_text=words).wait_for()
    button = page.locator("#code").get_by_role("button", name=re.compile("copy", re.IGNORECASE))

    def clipboard():
        return page.evaluate("navigator.clipboard.readText()")

    again(button.click, lambda: words in clipboard())
    return clipboard()


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
        timeout=180,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def states_of(hub, endpoint):
    """Return the states of an endpoint's jobs on the hub."""
    return [job.state.value for job in all_jobs(hub) if job.endpoint.name == endpoint]
