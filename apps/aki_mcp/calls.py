"""The calls of an agent: each is noted before it is submitted, and followed to its end whoever waits for it.

The journal and the life of a call are those of a batch's row. It must not know the protocol by which agents ask.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from aki_runtime.batch.engine import JournalWriter
from aki_runtime.batch.files import file_stem
from aki_runtime.batch.limits import ConcurrencyLimiter, OutageTimer
from aki_runtime.batch.outcome import cut_off
from aki_runtime.batch.public import Entry, Journal, JournalInUseError, Outcome, RowState, Stop
from aki_runtime.batch.row_life import AnyEndpoint, KeepForRow, RowLife, Started
from aki_runtime.batch.rows import Row
from aki_runtime.errors import AkiError, ConfigurationError, MediaError
from aki_runtime.events import Event, in_words
from aki_runtime.media.objects import Media

if TYPE_CHECKING:
    from aki_client import AsyncAki

OUTAGE_SECONDS = 60.0
"""Seconds that the hub may be out of reach before a call is given up of which nothing was sent."""

KEPT_MINUTES = 6
"""Minutes for which a hub keeps a result that nobody has fetched, as measured at AKI.IO."""

MOST_JOBS = 100
"""Jobs that one server submits, so that an agent that loops comes to an end."""

_LONGEST_PROMPT = 120


@dataclass
class AgentCall:
    """One call of an endpoint.

    Attributes:
        call_id: What the agent knows it by; the job's own id on the hub stays here.
        endpoint: The endpoint's name in the package.
        prompt: The beginning of its main text, for a list of calls.
        since: When it was started, in seconds since the epoch.
        state: How far it has come.
        job_id: Its job, where there is one.
        noted: How it ended, as the journal has it; empty before that.
        failure: Why it came to nothing, where no job was made or its end is left to the next server.
        event: What the hub said last while it ran.
        text: The text that has grown so far.
        files: What was saved of it, by the outputs' names.
    """

    call_id: str
    endpoint: str
    prompt: str
    since: float
    state: RowState = RowState.SUBMITTING
    job_id: str | None = field(default=None, repr=False)
    noted: Mapping[str, Any] = field(default_factory=dict[str, Any])
    failure: AkiError | None = None
    event: Event[Any] | None = None
    text: str = ""
    files: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    _changed: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """Return the call that an entry of a journal is about."""
        call = cls(entry.row_id, **entry.kept)
        call.state, call.job_id, call.noted = entry.state, entry.job_id, entry.outcome or {}
        return call

    @property
    def is_over(self) -> bool:
        """Whether no more is to come of it here."""
        is_open = self.state in (RowState.SUBMITTING, RowState.SUBMITTED)
        return self.failure is not None or not is_open

    @property
    def progress(self) -> str:
        """How it runs, in a few words."""
        return "submitted" if self.event is None else in_words(self.event)

    async def changes(self, seconds: float) -> AsyncIterator[None]:
        """Go on with each change until it is over, for so many seconds at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.is_over:
                    await self._changed.wait()
                    yield

    def cancel(self) -> None:
        """Ask the hub to cancel its job, now or as soon as it has one. It may end as done all the same.

        Raises:
            ConfigurationError: Another server follows it.
        """
        if not self.is_over:
            # The answer to it may be the result, which the hub gives once: who follows the job has to ask.
            raise ConfigurationError(
                "another server of this machine follows this call; cancel it there"
            )


class _OwnCall(AgentCall):
    """A call that this server carries out, and whose steps it notes as `RowNotes` says."""

    _is_unwanted = False

    def begin(
        self,
        endpoint: AnyEndpoint,
        parameters: Mapping[str, Any],
        writer: JournalWriter,
        keep: KeepForRow,
        stop: Stop,
    ) -> None:
        """Submit it, or follow the job that it has, beside whoever has asked for it."""
        # Of its own: a call that waits for room on the hub is cancelled by closing it.
        self._limiter = ConcurrencyLimiter(1)
        life = RowLife(
            endpoint,
            self._limiter,
            OutageTimer(OUTAGE_SECONDS, endpoint=self.endpoint, resume="the same call"),
            keep=keep,
            cancels_overdue=True,
            on_no_room=lambda error: None,  # it goes on trying for ten minutes
        )
        stop.when(self._limiter.close, life.leave)
        self._bound, self._writer, self._stop = endpoint, writer, stop
        self.is_noted = asyncio.Event()
        self.end = asyncio.create_task(self._carry_out(life, dict(parameters)))

    def cancel(self) -> None:
        self._is_unwanted = True
        self._limiter.close()
        if self.job_id is not None and not self.is_over and self.is_live:
            self._cancelling = asyncio.create_task(self._ask_to_cancel(self.job_id))

    @property
    def is_live(self) -> bool:
        return not self._stop.is_now

    async def start(self) -> Started | None:
        if self.job_id is None:
            if self._is_unwanted or not self.is_live:
                return None
            kept = {"endpoint": self.endpoint, "prompt": self.prompt, "since": self.since}
            await self._writer.write(Journal.begin, self.call_id, kept=kept)
        self.is_noted.set()
        return Started(self.job_id)

    async def release(self) -> None:
        await self._writer.write(Journal.release, self.call_id)

    async def note_job(self, job_id: str) -> bool:
        await self._writer.write(Journal.note_job, self.call_id, job_id)
        self.job_id, self.state = job_id, RowState.SUBMITTED
        self._change()
        if self._is_unwanted:
            self.cancel()
        return True

    async def note_outcome(self, state: RowState, outcome: Outcome) -> Outcome:
        noted = {**outcome.to_note(), "files": [*self.files.values()]}
        await self._writer.write(Journal.note_outcome, self.call_id, state, noted)
        self.state, self.noted = state, noted
        return outcome

    async def _carry_out(self, life: RowLife, parameters: dict[str, Any]) -> None:
        try:
            await self._limiter.acquire()
            row = Row(0, self.call_id, parameters)
            if await life.carry_out(row, self, self._see) is None:
                self.failure = AkiError(self._left())
        except AkiError as error:
            self.failure = error
        except Exception as error:
            # Nobody awaits this task, and whoever waits for the call would wait for nothing.
            self.failure = AkiError(f"{type(error).__name__}: {error}")
        finally:
            self.is_noted.set()
            self._change()

    async def _ask_to_cancel(self, job_id: str) -> None:
        with suppress(AkiError):
            await self._bound.job(job_id).cancel()

    def _left(self) -> str:
        if self.job_id is not None:
            until = f"{KEPT_MINUTES} minutes of the job's end"
            return f"the server stops, and the job goes on; start it again within {until}"
        if self._is_unwanted:
            return "cancelled before anything was sent"
        return "the hub took no job, and nothing is to be paid"

    def _see(self, event: Event[Any]) -> None:
        self.event = event
        self.text = event.text_delta if event.rewritten else self.text + event.text_delta
        self._change()

    def _change(self) -> None:
        # All who wait look again, and wait for the next change.
        self._changed.set()
        self._changed = asyncio.Event()


class AgentCalls:
    """All calls of one hub that this machine knows. Use it in an `async with` block.

    Args:
        client: The client, which is closed with them.
        folder: Where the journals are; each server has one to itself, and takes over those of servers that are gone.
        save_to: Where media go.
        allowed: Folders whose files an agent may name as media; those in `save_to` may be named as well.
        most: How many jobs may be submitted before the server is started anew.

    Raises:
        JournalError: A journal cannot be used.
    """

    def __init__(
        self,
        client: "AsyncAki",
        folder: Path,
        save_to: Path,
        *,
        allowed: Sequence[Path] = (),
        most: int = MOST_JOBS,
    ) -> None:
        self._allowed = (*allowed, save_to)
        self._client = client.with_options(allow_paths=self._allowed)
        self._folder = folder
        # Here, where a journal that cannot be used is the error of whoever starts the server.
        self._journals = _take_journals(folder)
        self._save_to = save_to
        self._left = self._most = most
        self._calls: dict[str, AgentCall] = {}
        self._stop = Stop()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            for journal in self._journals:
                stack.callback(journal.close)
                self._writer = await stack.enter_async_context(JournalWriter(journal))
                journal.note_uncertain(cut_off("the server was stopped"))
                for entry in journal.entries():
                    self._take_up(entry)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *reason: object) -> None:
        """Leave the jobs on the hub; the next server takes them up."""
        self._stop.now()
        own = [call.end for call in self._calls.values() if isinstance(call, _OwnCall)]
        await asyncio.gather(*own)
        await self._stack.aclose()
        await self._client.aclose()

    async def start(self, endpoint: str, parameters: Mapping[str, Any]) -> AgentCall:
        """Check the arguments of an endpoint, and submit a call that goes on whatever becomes of the caller.

        Returns:
            The call, once it is noted.

        Raises:
            AkiError: It was refused, and nothing was sent.
        """
        bound: AnyEndpoint = getattr(self._client, endpoint)
        bound.info.check(dict(parameters), self._allowed)
        if not self._left:
            raise ConfigurationError(
                f"{self._most} jobs have been submitted, which is this server's limit; nothing was sent. "
                "Whoever runs it can start it anew, or raise --max-jobs"
            )
        self._left -= 1
        prompt = next((p for p in parameters.values() if isinstance(p, str) and " " in p), "")
        call = _OwnCall(uuid4().hex, endpoint, prompt[:_LONGEST_PROMPT], time.time())
        self._begin(call, parameters)
        # A client may ask for a call from the moment at which it is named, whatever becomes of this process.
        await call.is_noted.wait()
        return call

    def find(self, call_id: str) -> AgentCall | None:
        """Return a call by its id, of this server or another one of this machine; None where it is unknown."""
        elsewhere = (call for call in self._elsewhere() if call.call_id == call_id)
        return self._calls.get(call_id) or next(elsewhere, None)

    def all(self) -> list[AgentCall]:
        """Return all calls, the latest first."""
        known = chain(self._calls.values(), self._elsewhere())
        return sorted(known, key=lambda call: call.since, reverse=True)

    def keep(self, call: AgentCall, row: int, medium: Media, name: str) -> str:
        """Save a medium of a call, and return its path."""
        stem = file_stem(f"{call.endpoint}-{name}")
        path = self._save_to / f"{stem}-{call.call_id[:12]}{medium.suffix}"
        self._save_to.mkdir(parents=True, exist_ok=True)
        try:
            medium.save(path, overwrite=True)
        except MediaError:
            return medium.as_it_came()  # what cannot be decoded was paid for all the same
        call.files[name] = {"output": name, "path": str(path), "kind": medium.kind}
        return str(path)

    def _take_up(self, entry: Entry) -> None:
        """Follow the job of a server that is gone."""
        is_open = entry.state is RowState.SUBMITTED
        call = self._calls[entry.row_id] = AgentCall.of(entry)
        if is_open and hasattr(self._client, call.endpoint):
            self._begin(_OwnCall.of(entry), {})
        elif is_open:
            call.failure = ConfigurationError(
                f"the package has no endpoint {call.endpoint} any more, whose job is {call.job_id}"
            )

    def _begin(self, call: _OwnCall, parameters: Mapping[str, Any]) -> None:
        self._calls[call.call_id] = call
        bound: AnyEndpoint = getattr(self._client, call.endpoint)
        call.begin(bound, parameters, self._writer, partial(self.keep, call), self._stop)

    def _elsewhere(self) -> Iterator[AgentCall]:
        own = {journal.path for journal in self._journals}
        for path in set(self._folder.glob("*.journal")) - own:
            with Journal.open(path) as journal:
                yield from map(AgentCall.of, journal.entries())


def _take_journals(folder: Path) -> list[Journal]:
    """Open every journal that no living server has, and make one where there is none."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = sorted(folder.glob("*.journal"))
    further = (folder / f"calls-{number}.journal" for number in count(len(names) + 1))
    taken: list[Journal] = []
    for path in names:
        with suppress(JournalInUseError):
            taken.append(Journal.open(path, exclusive=True))
    while not taken:
        with suppress(JournalInUseError):
            taken.append(Journal.open(next(further), exclusive=True))
    return taken
