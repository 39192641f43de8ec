"""The way in: rows to a file, rows to outcomes, or rows to a verdict on the rows; and all before the first submit.

The endpoint is found, the rows are checked, the journal is bound to them. `Engine` carries out the rest.
"""

import asyncio
import json
import signal
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Sequence
from contextlib import AsyncExitStack, ExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any, Unpack

from ..client.endpoint import AsyncEndpoint
from ..client.resolving import EndpointLike, Resolved, resolve
from ..errors import ConfigurationError, InvalidParametersError
from ..http.interruption import handling
from ..options import Options
from ..store.budget import Budget
from . import files
from .engine import Engine
from .errors import BatchStoppedError, Fault, FaultCounter, InvalidRowsError, UnreadableInputError
from .files import MediaFolder, OutputFile, require_writable
from .journal import Journal
from .outcome import Outcome, Summary, cut_off
from .row_life import AnyEndpoint, KeepForRow, keep_within
from .rows import Columns, Input, Row, Rows, input_of, unknown_columns
from .settings import SettingChanges, Settings, Stop, StrPath

ROWS_FACT = "rows"
"""The fact under which a journal holds how many rows were checked; without it they were not."""

_LONGEST_SHOWN = 60
_FINISHING = "no further row is started, those that run are finished; Ctrl-C once more leaves them on the hub"
_LEAVING = (
    "stopping now: jobs that run stay on the hub, and the same command picks them up; "
    "a finished result lapses about 6 minutes after the job's end"
)


def run(
    endpoint: EndpointLike, rows: Rows, output: StrPath, **settings: Unpack[SettingChanges]
) -> Summary:
    """Call an endpoint for every row and write the outcomes, from code that is not async; see `arun`.

    In the main thread, Ctrl-C once starts no further row and finishes those that run; twice, SIGTERM or a closed
    terminal leaves their jobs on the hub, where the next run picks them up.
    """

    async def main() -> Summary:
        settings["stop"] = stop = settings.get("stop") or Stop()
        with _interruptible(stop, settings.get("on_notice")):
            return await arun(endpoint, rows, output, **settings)

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
    chosen, path = Settings(**settings), Path(output)
    file = OutputFile(path, "finished" if chosen.as_completed else "place")
    require_writable(path.parent)
    places = chosen.journal_of(path), path.with_name(f"{path.name}.ledger"), chosen.media_of(path)
    async with (
        prepared(endpoint, rows, chosen) as batch,
        batch.opened(*places, file) as (engine, todo),
    ):
        file.begin(engine.journal, chosen.again)
        try:
            async with aclosing(engine.outcomes(todo)) as outcomes:
                async for outcome in outcomes:
                    file.add(outcome)
                    if chosen.on_progress is not None:
                        chosen.on_progress(engine.progress())
        finally:
            # Whatever ended the run: the output then holds all that the journal does.
            await asyncio.to_thread(file.write, engine.journal)
        return await asyncio.to_thread(engine.summary, path)


async def stream(
    endpoint: EndpointLike, rows: Rows, **settings: Unpack[SettingChanges]
) -> AsyncGenerator[Outcome, None]:
    """Call an endpoint for every row and yield the outcomes as rows end; nothing is written but a journal.

    With `journal=` the next call goes on where this one ended: rows with an outcome are not yielded again. Without
    it the journal is a temporary file. Media are data URIs, unless `media=` names a folder.

    Endpoint, rows and settings are as in `arun`.

    Raises:
        InvalidRowsError: Rows have faults; nothing was sent.
        AkiError: What ended the batch before its time.
    """
    chosen = Settings(**settings)
    with ExitStack() as stack:
        if chosen.journal is not None:
            path = Path(chosen.journal)
            ledger = path.with_name(f"{path.name}.ledger")
        else:
            scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="aki-batch-"))
            path, ledger = Path(scratch) / "journal", None
        media = Path(chosen.media) if chosen.media is not None else None
        async with (
            prepared(endpoint, rows, chosen) as batch,
            batch.opened(path, ledger, media) as (engine, todo),
            aclosing(engine.outcomes(todo)) as outcomes,
        ):
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
def _interruptible(
    stop: Stop, on_notice: Callable[[str], object] | None
) -> Generator[None, None, None]:
    """Let signals ask the batch to stop instead of tearing it apart."""
    loop = asyncio.get_running_loop()

    # A handler may run between any two steps of the loop's own code: it only leaves a note there.
    def act(number: int) -> None:
        stop.signal = number
        if number == signal.SIGINT:
            stop.ask()
        else:
            stop.now()
        if on_notice is not None:
            on_notice(_LEAVING if stop.is_now else _FINISHING)

    numbers = "SIGINT", "SIGTERM", "SIGHUP"
    with handling(lambda number, _: loop.call_soon_threadsafe(act, number), *numbers):
        yield


@dataclass(frozen=True)
class PreparedBatch:
    """A batch that could begin; its endpoint as it was found, with hub and options, and as what is called."""

    found: Resolved
    endpoint: AnyEndpoint
    source: Input
    columns: Columns
    settings: Settings

    @asynccontextmanager
    async def opened(
        self, journal: Path, ledger: Path | None, media: Path | None, file: OutputFile | None = None
    ) -> AsyncGenerator[tuple[Engine, AsyncIterator[Row]]]:
        """Give what carries the rows out, and the rows, with all of them checked and the journal open.

        Args:
            journal: The journal's file.
            ledger: Where a budget that is an amount is counted; None where that is not for further runs.
            media: The folder for media; None keeps them within the outputs.
            file: The output.
        """
        settings, endpoint, budget = self.settings, self.endpoint, self.settings.budget
        started = time.monotonic()
        opened, count = await self.open_journal(journal, file, media)
        with opened:
            keep: KeepForRow = keep_within
            if media is not None:
                base = file.path.parent if file is not None else Path()
                is_safe = settings.survives_power_loss
                keep = MediaFolder(media, base, survives_power_loss=is_safe).keep
            if budget is not None:
                budget = budget if isinstance(budget, Budget) else Budget(budget, ledger=ledger)
                endpoint = endpoint.with_options(budget=budget)
            engine = Engine(endpoint, opened, settings, keep, count, started)
            yield engine, self.source.rows(self.columns, settings.limit)

    async def check(self) -> int | None:
        """Check all rows, and return how many there are; None where they can be read only once.

        Raises:
            InvalidRowsError: Rows have faults.
            UnreadableInputError: The input cannot be read, or has columns that are for nothing.
            BatchStoppedError: It was asked to stop meanwhile.
        """
        is_over, stop = Event(), self.settings.stop or Stop()
        try:
            count = await asyncio.to_thread(self._check, is_over, stop)
        finally:
            is_over.set()  # for the thread, where this task was cancelled
        if stop.is_asked:
            raise BatchStoppedError("stopped while the rows were checked; nothing was sent")
        return count

    async def open_journal(
        self, path: Path, output: OutputFile | None = None, media: Path | None = None
    ) -> tuple[Journal, int | None]:
        """Open the journal, with all rows checked, and return it and how many they are.

        Args:
            path: The journal's file.
            output: The output, whose outcomes count whatever the journal says.
            media: The folder for media.

        Raises:
            InvalidRowsError: Rows have faults; a new journal is not made.
            JournalError: The journal cannot be used, or belongs to another run.
            OutputError: A file that would be written is somebody else's, or the input.
        """
        settings = self.settings
        written = {"output": output.path} if output is not None else {}
        written |= {"media folder": media} if media is not None else {}
        source = {"input": self.source.path} if self.source.path is not None else {}
        files.require_distinct({**source, "journal": path, **written})
        is_new = not path.exists()
        if is_new:
            files.require_own(written, path, None)
        fingerprint = await asyncio.to_thread(self.source.fingerprint)
        # Before there is a journal: a batch that is refused leaves nothing behind.
        rows = await self.check() if is_new else None
        journal = Journal.open(
            path, exclusive=True, survives_power_loss=settings.survives_power_loss
        )
        try:
            files.require_own(written, path, journal)
            with journal.together():
                journal.bind(self._identity(fingerprint))
                files.claim(journal, written.values())
            if output is not None:
                adopted = await asyncio.to_thread(files.adopt, journal, output.path, output.read())
                if adopted and settings.on_notice is not None:
                    settings.on_notice(_adopted(adopted, output.path, path))
            if not is_new:
                known: int | None = journal.fact(ROWS_FACT)
                rows = known if known is not None else await self.check()
            if rows is not None and settings.limit is None:
                journal.note_fact(ROWS_FACT, rows)
            how = f"{self.endpoint.info.name}: an earlier run ended while this row was submitted"
            # Nobody else has the journal, so whoever was submitting is gone.
            journal.note_uncertain(cut_off(how))
        except BaseException:
            journal.close()
            raise
        if rows is None or settings.limit is None:
            return journal, rows
        return journal, min(rows, settings.limit)

    def _identity(self, fingerprint: str) -> dict[str, str]:
        """Return what has to be the same in every run of this batch."""
        columns = self.columns
        return {
            "endpoint": self.endpoint.info.name,
            "hub": self.found.address.server if self.found.address is not None else "",
            "input": fingerprint,
            "columns": _shown(dict(columns.mapping)),
            "constants": _shown({name: str(v) for name, v in columns.constants.items()}),
            "kept columns": _shown(sorted(columns.keep)),
        }

    def _check(self, is_over: Event, stop: Stop) -> int | None:
        unknown = self.columns.unknown(self.source.header() or [])
        if unknown:
            reason = unknown_columns(unknown, self.columns.parameters)
            raise UnreadableInputError(f"{self.source.name}: {reason}")
        items = self.source.items()
        if items is None:
            return None
        count, found = 0, FaultCounter()
        options = self.found.options or Options()
        has_budget = self.settings.budget is not None or options.budget is not None
        prices = options.prices if has_budget else None
        for item in islice(items, self.settings.limit):
            if is_over.is_set() or stop.is_asked:
                break
            count += 1
            if isinstance(item, Fault):
                found.add(item.place, item.problem)
                continue
            row = self.columns.read(item)
            problems: Sequence[str] = row.problems
            if not problems:
                try:
                    sent = self.endpoint.info.check(row.parameters, options.allow_paths)
                    if prices is not None:  # which have to bound the row's cost
                        prices.worst_case(self.endpoint.info, sent)
                except InvalidParametersError as error:
                    problems = error.problems
                except ConfigurationError as error:
                    problems = [error.message]
            for problem in problems:
                found.add(item.where, problem)
        if found.total:
            raise InvalidRowsError(self.source.name, found.faults(), found.total, found.unlisted)
        return count


@asynccontextmanager
async def prepared(
    endpoint: EndpointLike, rows: Rows, settings: Settings
) -> AsyncGenerator[PreparedBatch, None]:
    """Find the endpoint and the rows; a client that was made for it is closed at the end.

    Raises:
        ConfigurationError: There is no such endpoint, or a setting does not fit it.
        UnreadableInputError: The input is missing, or its type is unsupported.
    """
    source = input_of(rows)
    found = resolve(endpoint, settings.client)
    async with AsyncExitStack() as stack:
        if settings.client is None and isinstance(found.bound, AsyncEndpoint):
            bound: AnyEndpoint = found.bound
        else:
            client = settings.client
            if client is None:
                client = await stack.enter_async_context(found.new_client("AsyncAki"))
            bound = getattr(client, found.name)
        options = found.options or replace(found, bound=bound).options or Options()
        if found.bound is None or options.timeout == Options.timeout:
            # No time limit for a row unless somebody set one: the hub has its own for jobs that wait or run too long.
            options = replace(options, timeout=None)
        if settings.budget is not None and options.prices is None:
            raise ConfigurationError("a budget needs prices: give the endpoint or client prices=")
        bound = bound.with_options(**vars(options))
        columns = Columns(
            parameters=bound.parameters,
            mapping=settings.columns,
            constants=settings.constants,
            keep=frozenset(settings.keep),
            ignore_extra=settings.ignore_extra,
            from_text=source.is_text,
            folder=source.path.parent if source.path is not None else None,
        )
        yield PreparedBatch(replace(found, bound=bound), bound, source, columns, settings)


def _adopted(count: int, output: Path, journal: Path) -> str:
    return (
        f"{count:,} outcomes of {output} were missing in {journal}, which is an older copy or has lost a part; they "
        "are taken from the output and not sent again, but rows whose jobs were under way may be paid once more"
    )


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    if len(text) <= _LONGEST_SHOWN:
        return text
    return f"{text[:_LONGEST_SHOWN]}… (sha256 {sha256(text.encode()).hexdigest()[:16]})"
