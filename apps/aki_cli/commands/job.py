"""`aki jobs`, `aki job NAME ID` and `aki cancel NAME ID`: jobs that were submitted before."""

import time
from dataclasses import asdict
from typing import Annotated

import typer
from aki_runtime.errors import JobCanceledError
from aki_runtime.terminal import one_line

from ..calling import bound, new_note
from ..catalogue import find_endpoint
from ..exits import Exit, StoppedError
from ..job_notes import LAPSES, all_notes, find_note
from ..root import ENDPOINT
from ..settings import settings_of
from ..showing import OUTPUT, SAVE_TO, Listing, Sink, sink
from ..terminal import say, write, write_json


def _noted_ids(ctx: typer.Context) -> list[str]:
    return [note.job_id for note in all_notes() if note.endpoint == ctx.params.get("name")]


JOB_ID = typer.Argument(metavar="ID", help="The job's id.", autocompletion=_noted_ids)
WAIT_SECONDS = 5.0
"""How long `cancel` waits for the job's end; a hub may take its time, or ignore the wish."""


def jobs(output: Listing = "text") -> None:
    """List the jobs that this machine submitted and has not fetched. No hub is asked: that would fetch results."""
    from ..batch_view import duration

    notes = all_notes()
    if output == "json":
        write_json(
            [
                {**asdict(note), "seconds_left": max(note.seconds_left, 0), "fetch": note.command}
                for note in notes
            ]
        )
        return
    for note in notes:
        ago = duration(time.time() - note.submitted)
        kept = duration(note.seconds_left) if note.seconds_left > 0 else ""
        left = f"its result can be had for {kept} more at least" if kept else "it may have lapsed"
        place = one_line(f"{note.endpoint} on {note.server}")
        write(f"{place}, submitted {ago} ago; {left}\n  {note.command}\n")
    say(LAPSES if notes else "no job is left to be fetched")


def job(
    ctx: typer.Context,
    name: Annotated[str, ENDPOINT],
    job_id: Annotated[str, JOB_ID],
    output: Annotated[str, typer.Option("--output", "-o", **OUTPUT)] = "text",
    save_to: Annotated[str, typer.Option("--save-to", "-s", **SAVE_TO)] = ".",
    state: Annotated[
        bool, typer.Option("--state", help="Ask once and print the state, or the result that came.")
    ] = False,
) -> None:
    """Follow a job and fetch its result, which the hub hands out once. Ctrl-C leaves the job alone."""
    settings = settings_of(ctx)
    target = sink(output, save_to)
    found = find_endpoint(settings, name)
    watch = target.watch()
    with settings.client() as client:
        handle = bound(client, found).job(job_id)
        note = find_note(client.api_server, job_id) or new_note(settings, client, found, job_id)
        try:
            with note.until_ended(handle, is_cancelled=False):
                if state:
                    standing = handle.status()
                    if not handle.ended:
                        note.lives()
                        write(f"{standing}\n")
                        say(note.left("the job goes on"))
                        return
                watch.follow(note.watching(handle.events(settings.timeout)))
                result = handle.result()
        except KeyboardInterrupt as reason:
            if handle.ended:
                raise
            note.lives()
            raise StoppedError(
                note.left("stopped watching; the job goes on"), Exit.after(reason)
            ) from None
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
        note = find_note(client.api_server, job_id) or new_note(settings, client, found, job_id)
        if not handle.ended:
            note.lives()
            write("asked; the job has not ended yet\n")
            say(note.left("it may end as done all the same"))
            return
        note.forget()
        try:
            result = handle.result()
        except JobCanceledError:
            write("canceled\n")
            return
    # Asking how it ended has fetched the result, and the hub hands it out once.
    say("the job was done already; this is its result, which comes once:")
    Sink().deliver(result)
