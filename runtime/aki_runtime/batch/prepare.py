"""Everything before the first submit: the endpoint found, the rows checked, the journal bound to them."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any

from ..client.endpoint import AsyncEndpoint
from ..client.resolving import EndpointLike, Resolved, resolve
from ..errors import InvalidParametersError
from ..options import Options
from ..protocol.certainty import UNCERTAIN
from . import files
from .errors import BatchStoppedError, Fault, InvalidRowsError, UnreadableInputError
from .journal import Journal
from .outcome import Outcome, RowError
from .outputs import OutputFile
from .readers import Input, Item, Rows, input_of
from .row_life import AnyEndpoint
from .rows import Columns, Row, unknown_columns
from .settings import Settings

ROWS_FACT = "rows"
"""The fact under which a journal holds how many rows were checked; without it they were not."""

MAX_FAULTS = 20
"""Different faults that are listed; of the rest there is a count."""

MAX_PLACES = 5
"""Places that are listed of one fault; of the rest there is a count."""

_LONGEST_SHOWN = 60


@dataclass(frozen=True)
class PreparedBatch:
    """A batch that could begin.

    Attributes:
        found: The endpoint, with its hub and options.
        endpoint: The same, as what is called.
        source: Where the rows come from.
        columns: What becomes of each column.
        settings: How it is carried out.
    """

    found: Resolved
    endpoint: AnyEndpoint
    source: Input
    columns: Columns
    settings: Settings

    def rows(self) -> AsyncIterator[Row]:
        """Read the rows to carry them out."""
        return self.source.rows(self.columns, self.settings.limit)

    async def check(self) -> int | None:
        """Check all rows, and return how many there are; None where they can be read only once.

        Raises:
            InvalidRowsError: Rows have faults.
            UnreadableInputError: The input cannot be read, or has columns that are for nothing.
            BatchStoppedError: It was asked to stop meanwhile.
        """
        is_over = Event()
        if self.settings.stop is not None:
            self.settings.stop.when(asked=is_over.set)
        try:
            count = await asyncio.to_thread(self._check, is_over)
            if is_over.is_set():
                raise BatchStoppedError("stopped while the rows were checked; nothing was sent")
            return count
        finally:
            is_over.set()  # for the thread, where this task was cancelled

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
            known: int | None = journal.fact(ROWS_FACT)
            if known is None:
                rows = rows if is_new else await self.check()
                if rows is not None and settings.limit is None:
                    journal.note_fact(ROWS_FACT, rows)
            else:
                rows = known
            interrupted = (
                f"{self.endpoint.info.name}: an earlier run ended while this row was submitted"
            )
            error = RowError("InterruptedError", f"{interrupted}; {UNCERTAIN}")
            # Nobody else has the journal, so whoever was submitting is gone.
            journal.note_uncertain(Outcome(0, "uncertain", error=error).to_note())
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

    def _check(self, is_over: Event) -> int | None:
        unknown = self.columns.unknown(self.source.header() or [])
        if unknown:
            reason = unknown_columns(unknown, self.columns.parameters)
            raise UnreadableInputError(f"{self.source.name}: {reason}")
        items = self.source.items()
        if items is None:
            return None
        count, faults = 0, _Faults()
        allow_paths = (self.found.options or Options()).allow_paths
        for item in islice(items, self.settings.limit):
            if is_over.is_set():
                break
            count += 1
            for problem in self._problems(item, allow_paths=allow_paths):
                faults.add(item.place if isinstance(item, Fault) else item.where, problem)
        faults.require_none(self.source.name)
        return count

    def _problems(self, item: Item, *, allow_paths: bool) -> Iterable[str]:
        if isinstance(item, Fault):
            return [item.problem]
        row = self.columns.read(item)
        if row.problems:
            return row.problems
        try:
            self.endpoint.info.inputs((), row.parameters, allow_paths=allow_paths)
        except InvalidParametersError as error:
            return error.problems
        return []


class _Faults:
    """What is wrong with rows: faults that are alike together, and all of them counted."""

    def __init__(self) -> None:
        self._count = 0
        self._places: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def add(self, place: str, problem: str) -> None:
        self._count += 1
        if problem in self._counts or len(self._counts) < MAX_FAULTS:
            self._counts[problem] = self._counts.get(problem, 0) + 1
            places = self._places.setdefault(problem, [])
            if len(places) < MAX_PLACES:
                places.append(place)

    def require_none(self, source: str) -> None:
        if not self._count:
            return
        faults: list[Fault] = []
        for problem, places in self._places.items():
            rest = self._counts[problem] - len(places)
            more = f" and {rest:,} more" if rest else ""
            faults.append(Fault(", ".join(places) + more, problem))
        rest = self._count - sum(self._counts.values())
        raise InvalidRowsError(source, faults, self._count, rest)


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
