"""The way in: rows to a file, rows to outcomes, or rows to a verdict on the rows."""

import asyncio
import signal
import tempfile
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, aclosing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from ..client.resolving import EndpointLike
from ..http.interruption import handling
from .engine import Engine
from .errors import UnreadableInputError
from .files import MediaFolder, require_writable
from .outcome import Outcome, Summary
from .outputs import OutputFile
from .prepare import prepared
from .readers import Rows
from .row_life import KeepForRow, keep_within
from .settings import SettingChanges, Settings, Stop, StrPath


def run(
    endpoint: EndpointLike, rows: Rows, output: StrPath, **settings: Unpack[SettingChanges]
) -> Summary:
    """Call an endpoint for every row and write the outcomes, from code that is not async; see `arun`.

    In the main thread, Ctrl-C once starts no further row and finishes those that run; twice, SIGTERM or a closed
    terminal leaves their jobs on the hub, where the next run picks them up.
    """

    async def main() -> Summary:
        chosen = Settings(**settings)
        stop = chosen.stop or Stop()
        with _interruptible(stop, chosen):
            return await _carry_out(endpoint, rows, Path(output), replace(chosen, stop=stop))

    return asyncio.run(main())


async def arun(
    endpoint: EndpointLike, rows: Rows, output: StrPath, **settings: Unpack[SettingChanges]
) -> Summary:
    """Call an endpoint for every row and write the outcomes. The same call goes on with what an earlier one left.

    All rows are checked before the first is sent, unless they come from an iterator, which can be read only once.

    Args:
        endpoint: The endpoint, as in `aki.z_image_turbo`, whose key, hub and options are taken over; or text that names
            it, as "package:name", or its Python name where one generated package is loaded.
        rows: A file (.jsonl, .csv, .tsv, .parquet), or an iterable or async iterable of mappings.
        output: The file to write, .jsonl or .parquet.
        settings: `Settings` has them all.

    Raises:
        InvalidRowsError: Rows have faults; nothing was sent.
        JournalError: The journal cannot be used, belongs to another run, or is in use.
        OutputError: The output cannot be written, and every outcome is in the journal; or it is the input, or
            somebody else's file, and nothing was sent.
        AkiError: The hub refuses every further row, or is not to be reached. The output holds what is done.
    """
    return await _carry_out(endpoint, rows, Path(output), Settings(**settings))


async def _carry_out(endpoint: EndpointLike, rows: Rows, path: Path, chosen: Settings) -> Summary:
    started = time.monotonic()
    file = OutputFile(path, "finished" if chosen.as_completed else "place")
    require_writable(path.parent)
    journal_path, folder = chosen.journal_of(path), chosen.media_of(path)
    async with prepared(endpoint, rows, chosen) as batch:
        journal, count = await batch.open_journal(journal_path, file, folder)
        with journal:
            media = MediaFolder(folder, path.parent, survives_power_loss=chosen.survives_power_loss)
            engine = Engine(batch.endpoint, journal, chosen, media.keep, started)
            tally, limiter = engine.tally, engine.limiter
            file.begin(journal, chosen.again)
            try:
                async with aclosing(engine.outcomes(batch.rows())) as outcomes:
                    async for outcome in outcomes:
                        file.add(outcome)
                        if chosen.on_progress is not None:
                            now = time.monotonic()
                            chosen.on_progress(
                                tally.progress(count, limiter.active, limiter.limit, now)
                            )
            finally:
                # Whatever ended the run: the output then holds all that the journal does.
                await asyncio.to_thread(file.write, journal)
        return tally.summary(
            count,
            time.monotonic(),
            picked_up=engine.picked_up,
            interrupted=engine.stop.is_asked,
            output=path,
            journal=journal_path,
        )


async def stream(
    endpoint: EndpointLike, rows: Rows, **settings: Unpack[SettingChanges]
) -> AsyncGenerator[Outcome, None]:
    """Call an endpoint for every row and yield the outcomes as rows end; nothing is written but a journal.

    With `journal=` the next call goes on where this one ended: rows with an outcome are not yielded again. Without
    it the journal is a temporary file. Media are data URIs, unless `media=` names a folder.

    Args:
        endpoint: As in `arun`.
        rows: As in `arun`.
        settings: `Settings` has them all.

    Raises:
        InvalidRowsError: Rows have faults; nothing was sent.
        AkiError: What ended the batch before its time.
    """
    chosen = Settings(**settings)
    folder = Path(chosen.media) if chosen.media is not None else None
    keep: KeepForRow = keep_within
    if folder is not None:
        keep = MediaFolder(folder, Path(), survives_power_loss=chosen.survives_power_loss).keep
    async with AsyncExitStack() as stack:
        if chosen.journal is None:
            scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="aki-batch-"))
            path = Path(scratch) / "journal"
        else:
            path = Path(chosen.journal)
        batch = await stack.enter_async_context(prepared(endpoint, rows, chosen))
        journal, _ = await batch.open_journal(path, media=folder)
        engine = Engine(
            batch.endpoint, stack.enter_context(journal), chosen, keep, time.monotonic()
        )
        async with aclosing(engine.outcomes(batch.rows())) as outcomes:
            async for outcome in outcomes:
                yield outcome


async def acheck(endpoint: EndpointLike, rows: Rows, **settings: Unpack[SettingChanges]) -> int:
    """Check all rows as `arun` would, and return how many there are; nothing is sent or written.

    Raises:
        InvalidRowsError: Rows have faults.
        UnreadableInputError: The input cannot be read, or comes once only.
    """
    async with prepared(endpoint, rows, Settings(**settings)) as batch:
        count = await batch.check()
    if count is None:
        raise UnreadableInputError("rows from an iterator can be read only once; give a list")
    return count


def check(endpoint: EndpointLike, rows: Rows, **settings: Unpack[SettingChanges]) -> int:
    """Check all rows as `run` would, from code that is not async; see `acheck`."""
    return asyncio.run(acheck(endpoint, rows, **settings))


@contextmanager
def _interruptible(stop: Stop, settings: Settings) -> Generator[None, None, None]:
    """Let signals ask the batch to stop instead of tearing it apart."""
    loop = asyncio.get_running_loop()

    # A handler may run between any two steps of the loop's own code: it only leaves a note there.
    def act(number: int) -> None:
        stop.signal = number
        if number == signal.SIGINT:
            stop.ask()
        else:
            stop.now()
        if settings.on_notice is not None:
            settings.on_notice(_LEAVING if stop.is_now else _FINISHING)

    numbers = "SIGINT", "SIGTERM", "SIGHUP"
    with handling(lambda number, _: loop.call_soon_threadsafe(act, number), *numbers):
        yield


_FINISHING = "no further row is started, those that run are finished; Ctrl-C once more leaves them on the hub"
_LEAVING = "stopping now: jobs that run stay on the hub, and the same command picks them up"
