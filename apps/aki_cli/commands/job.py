"""`aki job NAME ID`: a job that was submitted before, followed to its end."""

from typing import Annotated

import typer

from ..calling import bound
from ..catalogue import find_endpoint
from ..exits import Exit
from ..interruption import TerminatedError
from ..options import ENDPOINT, JOB_ID, OUTPUT, SAVE_TO, delivery
from ..problems import StoppedError
from ..settings import settings_of
from ..style import new_app
from ..terminal import write
from ..watching import Watch

app = new_app()


@app.command()
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
    target = delivery(output, save_to)
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
            is_terminated = isinstance(reason, TerminatedError)
            raise StoppedError(
                "stopped watching; the job goes on",
                Exit.TERMINATED if is_terminated else Exit.INTERRUPTED,
            ) from None
    target.deliver(result, streamed=watch.streamed)
