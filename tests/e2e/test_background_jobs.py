"""The example application as a visitor sees it: one command starts it, and Chromium opens its page."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from background.stack import Redis, free_port, listens
from support.chromium import chromium
from support.patience import until

pytest.importorskip("celery", reason="Celery is not installed: make full")
pytest.importorskip("fastapi", reason="FastAPI is not installed: make full")

FOLDER = Path(__file__).parents[2] / "examples" / "background_jobs"
KEY = "sk-a-secret-key-4711"
SECONDS = 30_000

pytestmark = pytest.mark.slow


class Application:
    """The running example."""

    def __init__(self, log, **settings):
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AKI_", "BROKER"))}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, FOLDER / "run.py", "--port", str(self.port)],
                cwd=log.parent,
                env={**inherited, **settings},
                stdout=file,
                stderr=file,
            )
        until(lambda: listens(self.port) or self.process.poll() is not None, "it listens")
        assert self.process.poll() is None, log.read_text()

    def stop(self, with_signal=signal.SIGINT):
        self.process.send_signal(with_signal)
        return self.process.wait(120)


@pytest.fixture(scope="module")
def hub():
    with SandboxServer(settings=HubSettings(job_seconds=3)) as server:
        yield server


@pytest.fixture(scope="module", params=["files", "redis"])
def application(request, hub, tmp_path_factory):
    settings = {"AKI_API_SERVER": hub.url, "AKI_API_KEY": KEY}
    folder = tmp_path_factory.mktemp("application")
    if request.param == "redis":
        if not Redis.program:
            pytest.skip("redis-server is not installed: apt-get install redis-server")
        with Redis(folder / "redis") as redis:
            started = Application(folder / "log", BROKER_URL=redis.url, **settings)
            yield started
            started.stop()
    else:
        started = Application(folder / "log", **settings)
        yield started
        assert started.stop() == 0
    assert KEY not in started.log.read_text()


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture
def page(browser, application):
    page = browser.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(application.url)
    yield page
    page.close()
    assert complaints == []


def order(page, prompt):
    """Order a picture, and return its card."""
    page.get_by_label("What shall be painted?").fill(prompt)
    page.get_by_role("button", name="Paint").click()
    return page.locator(".job", has_text=prompt)


def in_state(card, state):
    card.and_(card.page.locator(f"[data-state={state}]")).wait_for(timeout=SECONDS)


def job_of(hub, prompt):
    """Return the hub's job for a prompt, as it stands now."""
    (job,) = [job for job in hub.hub.jobs if prompt.startswith(job.work.prompt)]
    return hub.hub.jobs.find(job.id, time.time())


def test_an_order_shows_its_progress_and_then_the_picture(page, hub, application):
    prompt = f"A lighthouse {application.port}"
    card = order(page, prompt)
    in_state(card, "running")
    assert card.locator("progress").is_visible()
    in_state(card, "done")
    picture = card.get_by_role("img", name=prompt)
    picture.wait_for(timeout=SECONDS)
    until(lambda: picture.evaluate("image => image.naturalWidth") == 768, "it is loaded")
    assert job_of(hub, prompt).handed_out


def test_cancelling_an_order_cancels_the_job_on_the_hub(page, hub, application):
    prompt = f"Too slow {application.port} [[dur=60 steps=600]]"
    card = order(page, prompt)
    in_state(card, "running")
    card.get_by_role("button", name="Cancel").click()
    in_state(card, "cancelled")
    assert job_of(hub, prompt).state.value == "canceled"


def test_a_job_that_fails_says_why(page):
    card = order(page, "It fails [[error=out_of_memory]]")
    in_state(card, "failed")
    assert card.locator(".status").inner_text() == "z_image_turbo: the job failed: out of memory"


def test_what_a_visitor_writes_stays_text(page):
    card = order(page, "<img src=x onerror=alert(1)>")
    in_state(card, "done")
    assert card.locator(".prompt").inner_text() == "<img src=x onerror=alert(1)>"
    assert card.locator(".prompt img").count() == 0


def test_a_job_is_still_there_when_the_page_is_opened_again(page):
    order(page, "Still here")
    page.locator(".job").wait_for()
    page.reload()
    in_state(page.locator(".job", has_text="Still here"), "done")


def test_a_bad_order_is_refused_with_all_reasons_and_no_task(page, hub, application):
    before = hub.hub.jobs_submitted
    refused = page.request.post(f"{application.url}/jobs", data={"prompt": "p", "width": 250})
    assert refused.status == 422
    assert refused.json()["problems"] == [
        "width=250 must be a multiple of 32 (nearest allowed: 224, 256)"
    ]
    assert hub.hub.jobs_submitted == before


def test_the_page_takes_nothing_from_elsewhere(browser, application):
    asked = []
    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    answer = page.goto(application.url)
    page.close()
    assert all(url.startswith(application.url) for url in asked)
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")


def test_the_browser_learns_neither_the_key_nor_the_hubs_job_id(page, hub, application):
    prompt = f"Secret {application.port}"
    told = []
    page.on("response", lambda response: told.append(response))
    in_state(order(page, prompt), "done")
    texts = [response.text() for response in told if "json" in response.headers["content-type"]]
    assert texts
    assert not [text for text in texts if KEY in text or job_of(hub, prompt).id in text]


def test_without_a_key_the_sandbox_is_started_and_everything_ends_with_the_command(tmp_path):
    before = processes_in(FOLDER)
    application = Application(tmp_path / "log")
    assert application.stop(signal.SIGTERM) == 0
    assert "No AKI_API_KEY: the sandbox at http://127.0.0.1:" in application.log.read_text()
    assert not listens(application.port)
    assert processes_in(FOLDER) <= before


def processes_in(folder):
    """Return the processes that work in a folder, as the worker does."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if link.readlink() == folder:
                found.add(link)
    return found
