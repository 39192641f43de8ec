"""Error statuses and pages, of the hub and of what stands in front of it."""

from typing import Any

from aki_sandbox.faults.effects import Redirect, Status
from faults.table.case import ALWAYS, DEAF, HOWS, LONG, STEADY, TRUTH, Case, on

_STATUSES = (500, 502, 503, 504)
_BODIES: tuple[Any, ...] = ("json", "html", "empty")

STATUSES = (
    Case(
        name="submit answered 429 twice",
        submits=3,
        check=TRUTH,
    ),
    *(
        Case(
            name=f"submit answered 429 ({body}) once",
            rules=(on("submit", Status(429, body=body)),),
            submits=2,
            hows=("call",),
            check=TRUTH,
        )
        for body in _BODIES
    ),
    Case(
        name="submit answered 429 with Retry-After 1",
        rules=(on("submit", Status(429, retry_after=1)),),
        submits=2,
        check=TRUTH,
        within=3.0,
    ),
    Case(
        name="submit answered 429 with a date that has passed",
        rules=(on("submit", Status(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT")),),
        submits=2,
        check=TRUTH,
    ),
    Case(
        name="submit answered 429 with an hour to wait",
        rules=(on("submit", Status(429, retry_after=3600)),),
        ends="RateLimitedError",
        jobs=0,
        timeout=5.0,
        hows=("call", "stream"),
    ),
    Case(
        name="every submit answered 429",
        ends="RateLimitedError",
        jobs=0,
        submits=3,
    ),
    Case(
        name="every submit answered 429, no retries",
        rules=(on("submit", Status(429), **ALWAYS),),
        ends="RateLimitedError",
        jobs=0,
        submits=1,
        max_retries=0,
    ),
    Case(name="queue full once", submits=2, check=TRUTH),
    Case(
        name="queue full for good",
        ends="QueueFullError",
        says="max length 7",
        jobs=0,
        submits=3,
    ),
    *(
        Case(
            name=f"submit answered {status} ({body}), {'' if reached else 'un'}read by the hub",
            rules=(on("submit", Status(status, body=body, reached=reached)),),
            ends="ServerError",
            says=f"{status}.*may or may not have been made",
            jobs=int(reached),
            hows=HOWS if body == "html" else ("call",),
        )
        for status in _STATUSES
        for body in _BODIES
        for reached in (False, True)
    ),
    Case(
        name="a poll answered 429 with Retry-After 1",
        rules=(on("poll", Status(429, retry_after=1)),),
        check=TRUTH,
        within=3.0,
    ),
    *(
        Case(
            name=f"two polls answered {status} ({body})",
            rules=(on("poll", Status(status, body=body), times=2),),
            hows=HOWS if body == "html" else ("call",),
            check=TRUTH,
        )
        for status in (429, *_STATUSES)
        for body in _BODIES
    ),
    Case(
        name="every poll answered 503",
        **DEAF,
    ),
    Case(
        name="a poll answered 401",
        rules=(on("poll", Status(401)),),
        ends="AuthenticationError",
        prompt=LONG,
        canceled=True,
    ),
    Case(
        name="a poll answered 404",
        rules=(on("poll", Status(404)),),
        ends="NotFoundError",
        prompt=LONG,
        canceled=True,
    ),
    Case(
        name="submit redirected",
        rules=(on("submit", Redirect()),),
        ends="StatusError",
        says="302",
        jobs=0,
    ),
    Case(
        name="a poll redirected",
        rules=(on("poll", Redirect(status=307)),),
        prompt=STEADY,
        within=3.0,
        check=TRUTH,
    ),
    Case(
        name="login page for the submit",
        ends="UnexpectedAnswerError",
        says="HTML page",
        jobs=0,
    ),
    Case(
        name="login page for a poll",
        prompt=STEADY,
        within=3.0,
        check=TRUTH,
    ),
)
