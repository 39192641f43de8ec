"""`aki doctor`: what is installed and set, and how the hub answers, fit for a report: no key, no id of a job."""

import os
import platform
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

import typer
from aki_runtime.errors import AkiError, ConnectionFailedError
from aki_runtime.terminal import one_line

from ..catalogue import Catalogue
from ..exits import CommandError, Exit
from ..failures import status_of
from ..job_notes import all_notes
from ..settings import PACKAGE, CliSettings, no_key, settings_of
from ..terminal import write

T = TypeVar("T")

LIBRARIES = ("httpx2", "httpx", "pydantic", "typer", "rich")
LAYOUTS = ("aki", "aime")
NO_JOB = "aki-doctor"
"""The id of no job: a hub that has the route for jobs says that it does not know it."""
ANSWER_SECONDS = 10.0
CLOSE_CLOCKS, WRONG_CLOCK = 5.0, 60.0
"""Seconds between clocks that are as good as none, and with which certificates and times are not what they seem."""
_CREDENTIALS = re.compile(r"^([a-z0-9+.-]+://)?.*@", re.IGNORECASE)


def doctor(ctx: typer.Context) -> int:
    """Show what is installed and set, and how the hub answers. It holds no key and can go into a report."""
    settings, report = settings_of(ctx), _Report()
    python = f"Python {platform.python_version()}, {platform.platform()}"
    report.line("aki", f"{_version('aki-client') or 'not installed'}, {python}")
    installed = {name: _version(name) for name in LIBRARIES}
    report.line("with", ", ".join(f"{name} {v}" for name, v in installed.items() if v))
    catalogue = report.check("package", lambda: Catalogue(settings.package))
    hub: dict[str, Any] = catalogue.hub if catalogue else {}
    layout = settings.layout or hub.get("layout")
    shown = {
        "server": settings.server or hub.get("server"),
        "layout": layout,
        "timeout": f"{3600 if settings.timeout is None else settings.timeout:g} s",
    }
    if catalogue:
        shown = {"package": f"{settings.package}, {len(catalogue.names)} endpoints", **shown}
    for name, value in shown.items():
        is_written = getattr(settings, name) not in (None, PACKAGE)
        at_hand = "default" if name == "timeout" else "as generated"
        origin = settings.sources.get(name) or (f"--{name}" if is_written else at_hand)
        report.line(name, f"{value}  ({origin})")
    report.line("key", _where_key_is(settings))
    for name, value in sorted(os.environ.items()):
        if name.lower().endswith("_proxy") or name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
            without_login = _CREDENTIALS.sub(r"\1***@", value)
            report.line("env", f"{name}={without_login}")
    if catalogue:
        report.check("hub", lambda: _ask(report, settings, layout))
    report.line("jobs", f"{len(all_notes())} left to be fetched")
    return report.status


class _Report:
    """Lines of what was found, and the exit status of the first thing that is wrong."""

    def __init__(self) -> None:
        self.status = Exit.OK

    def line(self, what: str, found: str) -> None:
        """Write a line, with a tilde for the user's folder, which says who it is."""
        write(f"{what:<8} {one_line(found).replace(str(Path.home()), '~')}\n")

    def wrong(self, what: str, found: str, status: Exit) -> None:
        """Write a line about what is wrong."""
        self.line(what, f"WRONG: {found}")
        self.status = self.status or status

    def check(self, what: str, ask: Callable[[], T]) -> T | None:
        """Return what is found; None where that fails, which becomes a line."""
        try:
            return ask()
        except CommandError as error:
            self.wrong(what, error.message, error.status)
        except AkiError as error:
            hint = "; is the network there, the address right, a proxy needed?"
            unheard = isinstance(error, ConnectionFailedError)
            self.wrong(what, error.message + (hint if unheard else ""), status_of(error))
        return None


def _where_key_is(settings: CliSettings) -> str:
    if settings.key_file is not None:
        origin = settings.sources.get("key_file", "--api-key-file")
        return f"in the file {settings.key_file}  ({origin})"
    return "in AKI_API_KEY" if os.environ.get("AKI_API_KEY", "").strip() else no_key()


def _ask(report: _Report, settings: CliSettings, layout: object) -> None:
    from aki_runtime.http.clients import make_client  # with the HTTP library, which takes a while

    with settings.client() as client:
        server = client.api_server
    skews: list[float] = []

    def note_date(answer: Any) -> None:
        with suppress(KeyError, ValueError):
            skews.append(parsedate_to_datetime(answer.headers["date"]).timestamp() - time.time())

    with make_client("Client", server, "aki-doctor") as http:
        http.event_hooks = {"response": [note_date]}
        with settings.client(http) as client:
            hub = client.with_options(timeout=ANSWER_SECONDS, max_retries=0)
            started = time.monotonic()
            # First, since any hub answers it, also to a bad key.
            check = hub.validate_key()
            report.line("hub", f"answers in {time.monotonic() - started:.2f} s")
            for skew in skews[:1]:
                _compare_clocks(report, skew)
            if not check and client.api_key is None:
                report.wrong("key", no_key(), Exit.CONFIGURATION)
            elif not check:
                report.wrong("key", f"the hub does not take it: {check.message}", Exit.KEY)
            else:
                report.line("key", "the hub takes it")
                listed = hub.endpoints()
                report.line("lists", f"{len(listed)} endpoints")
                for name in listed[:1]:
                    _compare_layout(report, settings, http, name, layout)


def _compare_clocks(report: _Report, skew: float) -> None:
    # The header counts in whole seconds, and was on its way for a while.
    words = f"the hub's is {abs(skew):.0f} s {'ahead' if skew > 0 else 'behind'}"
    if abs(skew) < WRONG_CLOCK:
        report.line("clock", words if abs(skew) > CLOSE_CLOCKS else "as the hub's")
    else:
        report.wrong("clock", f"{words}; one of the two is wrong", Exit.FAILED)


def _compare_layout(
    report: _Report, settings: CliSettings, http: Any, name: str, layout: object
) -> None:
    # Looking for a job that there is not costs nothing; a call would make one.
    has: list[str] = []
    for one in LAYOUTS:
        with replace(settings, layout=one).client(http) as client, suppress(AkiError):
            client.endpoint(name).job(NO_JOB).status(ANSWER_SECONDS)
            has.append(one)
    if layout in has:
        report.line("routes", f"those of {layout}")
    elif has:
        found = f"those of {has[0]}, not of {layout}; say --layout {has[0]}"
        report.wrong("routes", found, Exit.CONFIGURATION)
    else:
        report.wrong("routes", "none for jobs was found", Exit.HUB)


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
