"""`aki cancel NAME ID`: a job that nobody needs any more."""

from typing import Annotated

import typer
from aki_runtime.errors import JobCanceledError

from ..calling import bound
from ..catalogue import find_endpoint
from ..options import ENDPOINT, JOB_ID, delivery
from ..settings import settings_of
from ..style import new_app
from ..terminal import say, write

app = new_app()

WAIT_SECONDS = 5.0
"""How long the job's end is waited for; a hub may take its time, or ignore the wish."""


@app.command()
def cancel(
    ctx: typer.Context, name: Annotated[str, ENDPOINT], job_id: Annotated[str, JOB_ID]
) -> None:
    """Ask the hub to cancel a job, and say how it ended."""
    settings = settings_of(ctx)
    found = find_endpoint(settings, name)
    with settings.client() as client:
        handle = bound(client, found).job(job_id)
        handle.cancel(wait=WAIT_SECONDS)
        if not handle.ended:
            write("asked; the job has not ended yet\n")
            return
        try:
            result = handle.result()
        except JobCanceledError:
            write("canceled\n")
            return
    say("the job was done already; this is its result, which comes once:")
    delivery("text", ".").deliver(result)
