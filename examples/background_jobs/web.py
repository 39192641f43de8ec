"""The web server: dispatch a job, ask how it is, cancel it, and a page that does all three.

It talks to the broker and the result backend, never to the hub, so it holds no key.
"""

from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import tasks
from aki_client import InvalidParametersError
from aki_client.endpoints import z_image_turbo
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

STATIC = Path(__file__).parent / "static"
SAFE = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

app = FastAPI(title="Background jobs")
app.mount("/static", StaticFiles(directory=STATIC))
app.mount("/pictures", StaticFiles(directory=tasks.PICTURES))


class Order(BaseModel):
    """What a visitor may choose; everything else is ours, because every job costs money."""

    prompt: str
    width: int = 768
    height: int = 768


class Status(BaseModel):
    """How a job is, for the page. The hub's job id is a secret, and stays here."""

    state: Literal["waiting", "queued", "running", "done", "failed", "cancelled"]
    position: int | None = None
    progress: float | None = None
    note: str = ""
    pictures: list[str] = []


@app.middleware("http")
async def with_safe_headers(request: Request, call_next: Any) -> Response:
    """Forbid the page everything that it does not need."""
    response: Response = await call_next(request)
    response.headers.update(SAFE)
    return response


@app.get("/")
def page() -> FileResponse:
    """Return the page."""
    return FileResponse(STATIC / "index.html")


@app.post("/jobs", status_code=202)
def dispatch(order: Order) -> dict[str, str]:
    """Hand a job to the workers, and return the id to ask with."""
    parameters = order.model_dump()
    z_image_turbo.info.check(parameters, True)  # what is refused now needs no worker
    return {"id": tasks.paint.delay(**parameters).id}


@app.get("/jobs/{job}")
def status(job: UUID) -> Status:
    """Tell how a job is."""
    kept = tasks.app.backend.get_task_meta(str(job))  # both at once, as they belong together
    state, info = kept["status"], kept["result"]
    if state == "SUCCESS":
        return Status(state="done", pictures=[f"/pictures/{n}" for n in info["outputs"]["images"]])
    if state == "REVOKED":
        return Status(state="cancelled")
    if state == "FAILURE":
        return Status(state="failed", note=str(info))
    if state == "PROGRESS" and info["state"] != "queued":
        note = info["data"].get("progress_message", "")
        return Status(state="running", progress=info["progress"], note=note)
    if state in {"SUBMITTED", "PROGRESS"}:
        return Status(state="queued", position=info.get("queue_position"))
    return Status(state="waiting")


@app.delete("/jobs/{job}", status_code=202)
def cancel(job: UUID) -> None:
    """Cancel a job, on the hub too where it is there already."""
    tasks.paint.abort(str(job))


@app.exception_handler(InvalidParametersError)
def refused(request: Request, error: InvalidParametersError) -> JSONResponse:
    """Tell all that is wrong with an order."""
    return JSONResponse({"problems": error.problems}, 422)
