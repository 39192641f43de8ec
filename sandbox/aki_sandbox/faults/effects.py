"""What can happen to a request in place of a plain answer, and to a job: refused, failed, lapsed, forgotten.

Owns one class per effect, each a value with its own settings. When and to which request it happens is decided in
`plan`; must not know that. What is changed inside a JSON answer is in `edits`.
"""

import gzip
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Literal

from starlette.responses import HTMLResponse, Response

from aki_sandbox.faults.exchange import PendingRequest, with_body
from aki_sandbox.faults.plan import Effect
from aki_sandbox.jsontypes import JsonObject
from aki_sandbox.web.http import json_response
from aki_sandbox.workers.work import WorkItem


@dataclass(frozen=True, slots=True)
class Reset(Effect):
    """The connection is broken with a RST once the request has been read, without an answer.

    Attributes:
        reached: Whether the hub got the request and did what it asks for: made the job, handed out
            the result. Else the hub knows nothing of it.
    """

    reached: bool = False

    async def apply(self, exchange: PendingRequest) -> None:
        """Break the connection."""
        if self.reached:
            await exchange.answer()
        await exchange.reset()


@dataclass(frozen=True, slots=True)
class Cut(Effect):
    """The connection is closed in the midst of the answer, whose headers announced all of it.

    Attributes:
        part: How much of the body arrives, from 0 to less than 1.
    """

    part: float = 0.5

    async def apply(self, exchange: PendingRequest) -> None:
        """Send a part, and close."""
        await exchange.send_part(await exchange.answer(), self.part)
        await exchange.close()


@dataclass(frozen=True, slots=True)
class Delay(Effect):
    """The answer is late. The hub does at once what the request asks for.

    Attributes:
        seconds: How long the caller waits for the first byte.
    """

    seconds: float

    async def apply(self, exchange: PendingRequest) -> None:
        """Wait, and answer."""
        # The job is made before the wait: a caller who gives up meanwhile has paid for it.
        await exchange.answer()
        await exchange.sleep(self.seconds)
        await exchange.forward()


@dataclass(frozen=True, slots=True)
class Stall(Effect):
    """The answer makes a pause in the midst of its body.

    Attributes:
        seconds: How long the pause is.
        part: How much of the body comes before it, from 0 to less than 1.
    """

    seconds: float
    part: float = 0.5

    async def apply(self, exchange: PendingRequest) -> None:
        """Send a part, wait, and send the rest."""
        rest = await exchange.send_part(await exchange.answer(), self.part)
        await exchange.sleep(self.seconds)
        await exchange.send_body(rest)


@dataclass(frozen=True, slots=True)
class Status(Effect):
    """An error of the server or of a proxy before it.

    Attributes:
        status: The HTTP status, such as 429, 500, 502, 503 or 504.
        body: What the body holds.
        retry_after: The value of `Retry-After`: seconds or a date; None leaves the header out.
        reached: Whether the hub got the request all the same.
    """

    status: int
    body: Literal["json", "html", "empty"] = "json"
    retry_after: float | str | None = None
    reached: bool = False

    async def apply(self, exchange: PendingRequest) -> None:
        """Answer with the error."""
        if self.reached:
            await exchange.answer()
        phrase = HTTPStatus(self.status).phrase
        match self.body:
            case "json":
                described: JsonObject = {"description": phrase, "status": self.status}
                answer = json_response(self.status, {**described, "message": f"{phrase}."})
            case "html":
                answer = _page(self.status, f"{self.status} {phrase}")
            case "empty":
                answer = Response(status_code=self.status)
        if self.retry_after is not None:
            answer.headers["retry-after"] = str(self.retry_after)
        await exchange.send(answer)


@dataclass(frozen=True, slots=True)
class Redirect(Effect):
    """The request is sent on to another host. The hub knows nothing of it.

    Attributes:
        to: The base URL of that host.
        status: The HTTP status.
    """

    to: str = "https://elsewhere.invalid"
    status: int = 302

    async def apply(self, exchange: PendingRequest) -> None:
        """Answer with the redirect."""
        location = f"{self.to}{exchange.request.scope['path']}"
        await exchange.send(Response(status_code=self.status, headers={"location": location}))


@dataclass(frozen=True, slots=True)
class LoginPage(Effect):
    """A proxy answers 200 with a page that asks to log in. The hub knows nothing of it."""

    async def apply(self, exchange: PendingRequest) -> None:
        """Answer with the page."""
        await exchange.send(_page(200, "Log in to the network"))


@dataclass(frozen=True, slots=True)
class Raw(Effect):
    """Bytes come in place of an answer, HTTP or not, and the connection is closed. The hub knows of nothing.

    Attributes:
        data: The bytes.
    """

    data: bytes

    async def apply(self, exchange: PendingRequest) -> None:
        """Send the bytes."""
        exchange.context.transport.write(self.data)
        await exchange.close()


@dataclass(frozen=True, slots=True)
class Compressed(Effect):
    """The answer comes compressed with gzip, whatever the request accepts."""

    async def apply(self, exchange: PendingRequest) -> None:
        """Answer, compressed."""
        answer = await exchange.answer()
        answer.headers["content-encoding"] = "gzip"
        await exchange.send(with_body(answer, gzip.compress(answer.body, mtime=0)))


@dataclass(frozen=True, slots=True)
class Oversized(Effect):
    """The answer is valid and far too long: blanks come before it.

    Attributes:
        size: Its length in bytes.
        announced: Whether its headers tell the length.
    """

    size: int
    announced: bool = True

    async def apply(self, exchange: PendingRequest) -> None:
        """Answer, with blanks in front."""
        answer = await exchange.answer()
        # JSON may begin with blanks, so the answer stays valid.
        with_body(answer, bytes(answer.body).rjust(self.size))
        if not self.announced:
            del answer.headers["content-length"]
        await exchange.send(answer)


def _page(status: int, title: str) -> Response:
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return HTMLResponse(page, status)


@dataclass(frozen=True, slots=True)
class QueueFull(Effect):
    """A call is refused because too many jobs wait. The hub knows nothing of it.

    Attributes:
        length: The length of the queue that the refusal tells.
    """

    only_on = frozenset({"submit"})
    length: int = 10

    async def apply(self, exchange: PendingRequest) -> None:
        """Refuse."""
        endpoint = exchange.hub.catalogue.get(exchange.context.endpoint or "")
        error = f"Job queue reached max length {self.length}!"
        version = endpoint.version if endpoint else None
        body: JsonObject = {"success": False, "error": error, "ep_version": version}
        await exchange.send(json_response(400, body))


@dataclass(frozen=True, slots=True)
class WorkerFails(Effect):
    """The call is taken, and its worker will fail. The directives in a prompt can do the same.

    Attributes:
        error: What it fails with.
        keeps_outputs: Whether it gives the outputs it has.
    """

    only_on = frozenset({"submit"})
    error: str = "CUDA out of memory"
    keeps_outputs: bool = False

    async def apply(self, exchange: PendingRequest) -> None:
        """Let the hub take the call, as work that fails."""
        exchange.context.alter_work = self._failing
        await exchange.forward()

    def _failing(self, work: WorkItem) -> WorkItem:
        return replace(work, error=self.error, keeps_outputs=self.keeps_outputs)


@dataclass(frozen=True, slots=True)
class Lapse(Effect):
    """The job of a poll lapses, as when its worker is seen offline. An ended job stays ended."""

    only_on = frozenset({"poll"})

    async def apply(self, exchange: PendingRequest) -> None:
        """Let the job lapse, and answer."""
        exchange.hub.lapse(exchange.context.job_id or "")
        await exchange.forward()


@dataclass(frozen=True, slots=True)
class Forget(Effect):
    """The hub forgets all jobs before it answers, as a restart makes it do."""

    async def apply(self, exchange: PendingRequest) -> None:
        """Forget, and answer."""
        exchange.hub.jobs.forget_all()
        await exchange.forward()
