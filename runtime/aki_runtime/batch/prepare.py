"""Everything before the first submit: the endpoint found, the rows checked, the journal bound to them."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any

from ..client.endpoint import AsyncEndpoint
from ..client.resolving import EndpointLike, Resolved, resolve
from ..options import Options
from ..protocol.certainty import UNCERTAIN
from . import files
from .check import Checked
from .columns import Columns, unknown_columns
from .errors import BatchStoppedError, UnreadableInputError
from .journal import Journal
from .outcome import Outcome, RowError
from .row_life import AnyEndpoint
from .settings import Settings
from .sources import Rows, RowSource, first, source_of
from .writers import OutputFile

ROWS_FACT = "rows"
"""The fact under which a journal holds how many rows were checked; without it they were not."""

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
    source: RowSource
    columns: Columns
    settings: Settings

    async def check(self) -> int | None:
        """Check all rows, and return how many there are; None where they come once only.

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
            is_over.set()

    def identity(self, fingerprint: str) -> dict[str, str]:
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
        written = {"output": output.path} if output is not None else {}
        written |= {"media folder": media} if media is not None else {}
        source = {"input": self.source.path} if self.source.path is not None else {}
        files.require_distinct({**source, "journal": path, **written})
        if not path.exists():
            files.require_own(written, path, None)
        fingerprint = await asyncio.to_thread(self.source.fingerprint)
        rows: int | None = None
        is_new = not path.exists()
        if is_new:
            rows = await self.check()
        journal = Journal.open(
            path, exclusive=True, survives_power_loss=self.settings.survives_power_loss
        )
        try:
            files.require_own(written, path, journal)
            with journal.together():
                journal.bind(self.identity(fingerprint))
                files.claim(journal, written.values())
            if output is not None:
                adopted = await asyncio.to_thread(files.adopt, journal, output.path, output.read())
                if adopted and self.settings.on_notice is not None:
                    self.settings.on_notice(_adopted(adopted, output.path, path))
            known = journal.fact(ROWS_FACT)
            if not is_new and known is None:
                rows = await self.check()
            if known is None and rows is not None and self.settings.limit is None:
                journal.note_fact(ROWS_FACT, rows)
            rows = rows if known is None else int(known)
            journal.note_uncertain(_left_submitting(self.endpoint.info.name).to_note())
        except BaseException:
            journal.close()
            raise
        limit = self.settings.limit
        return journal, min(rows, limit) if rows is not None and limit is not None else rows

    def _check(self, is_over: Event) -> int | None:
        header = self.source.header()
        unknown = self.columns.unknown(header or [])
        if unknown:
            told = unknown_columns(unknown, self.columns.parameters)
            raise UnreadableInputError(f"{self.source.name}: {told}")
        items = self.source.items()
        if items is None:
            return None
        options = self.found.options or Options()
        checked = Checked(self.columns, self.endpoint.info, allow_paths=options.allow_paths)
        return checked.check_all(self.source.name, first(items, self.settings.limit), is_over)


@asynccontextmanager
async def prepared(
    endpoint: EndpointLike, rows: Rows, settings: Settings
) -> AsyncGenerator[PreparedBatch, None]:
    """Find the endpoint and the rows; a client that was made for it is closed at the end.

    Raises:
        ConfigurationError: There is no such endpoint, or a setting does not fit it.
        UnreadableInputError: The input is not there, or of an unknown kind.
    """
    source = source_of(rows)
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
        found = replace(found, bound=bound)
        yield PreparedBatch(found, bound, source, _columns(bound, source, settings), settings)


def _columns(endpoint: AnyEndpoint, source: RowSource, settings: Settings) -> Columns:
    return Columns(
        parameters=endpoint.parameters,
        mapping=settings.columns,
        constants=settings.constants,
        keep=frozenset(settings.keep),
        ignore_extra=settings.ignore_extra,
        from_text=source.is_text,
        folder=source.path.parent if source.path is not None else None,
    )


def _adopted(count: int, output: Path, journal: Path) -> str:
    return (
        f"{count:,} outcomes of {output} were missing in {journal}, which is an older copy or has lost a part; they "
        "are taken from the output and not sent again, but rows whose jobs were under way may be paid once more"
    )


def _left_submitting(endpoint: str) -> Outcome:
    told = f"{endpoint}: an earlier run ended while this row was submitted; {UNCERTAIN}"
    return Outcome(0, "uncertain", error=RowError("InterruptedError", told))


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    if len(text) <= _LONGEST_SHOWN:
        return text
    return f"{text[:_LONGEST_SHOWN]}… (sha256 {sha256(text.encode()).hexdigest()[:16]})"
