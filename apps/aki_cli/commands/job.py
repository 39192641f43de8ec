"""`aki job NAME ID` and `aki cancel NAME ID`: a job that was submitted before, followed to its end or ended."""

from typing import Annotated

import typer
from aki_runtime.errors import JobCanceledError

from ..calling import bound
from ..catalogue import find_endpoint
from ..exits import Exit, StoppedError
from ..root import ENDPOINT
from ..settings import settings_of
from ..showing import OUTPUT, SAVE_TO, Sink, Watch, sink
from ..terminal import say, write

JOB_ID = typer.Argument(metavar="ID", help="The job's id.")
WAIT_SECONDS = 5.0
"""How long `cancel` waits for the job's end; a hub may take its time, or ignore the wish."""


def job(
    ctx: typer.Context,
    name: Annotated[str, ENDPOINT],
    job_id: Annotated[str, JOB_ID],
    output: Annotated[str, OUTPUT] = "text",
    save_to: Annotated[str, SAVE_TO] = ".",
    state: Annotated[
        bool, typer.Option("--state", help="Ask once and print the state, or the result that came.")
    ] = False,
) -> None:
    """Follow a job and fetch its result, which the hub hands out once. Ctrl-C leaves the job alone."""
    settings = settings_of(ctx)
    target = sink(output, save_to)
    found = find_endpoint(settings, name)
    watch = Watch(text=target.form == "text", bar=target.form != "quiet")
    with settings.client() as client:
        handle = bound(client, found).job(job_id)
        if state:
            standing = handle.status()
            if not handle.ended:
                write(f"{standing}\n")
                return
        try:
            watch.follow(handle.events(settings.timeout))
            result = handle.result()
        except KeyboardInterrupt as reason:
            raise StoppedError("stopped watching; the job goes on", Exit.after(reason)) from None
    target.deliver(result, streamed=watch.streamed)


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
    # Asking how it ended has fetched the result, and the hub hands it out once.
    say("the job was done already; this is its result, which comes once:")
    Sink().deliver(result)
