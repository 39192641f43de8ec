"""The calls of an agent: each is noted before it is submitted, and followed to its end whoever waits for it.

The journal and the life of a call are those of a batch's row. It must not know the protocol by which agents ask.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from aki_runtime.batch.engine import JournalWriter
from aki_runtime.batch.errors import JournalInUseError
from aki_runtime.batch.journal import FINAL, Entry, Journal, RowState
from aki_runtime.batch.limits import ConcurrencyLimiter, OutageTimer
from aki_runtime.batch.outcome import Outcome
from aki_runtime.batch.row_life import RowLife, Started
from aki_runtime.batch.rows import Row
from aki_runtime.errors import AkiError, ConfigurationError, MediaError
from aki_runtime.events import Event
from aki_runtime.media.objects import Media
from aki_runtime.protocol.certainty import UNCERTAIN

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
        event: What the hub said last while it ran.
        text: The text that has grown so far.
        noted: How it ended, as the journal has it.
        failure: Why it came to nothing, where no job was made or its end is left to the next server.
    """

    call_id: str
    endpoint: str
    prompt: str
    since: float
    state: RowState = RowState.SUBMITTING
    event: Event[Any] | None = None
    text: str = ""
    noted: Mapping[str, Any] | None = None
    failure: AkiError | None = None
    job_id: str | None = field(default=None, repr=False)
    is_unwanted: bool = False
    files: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    _changed: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def is_over(self) -> bool:
        """Whether no more is to come of it here."""
        return self.state in FINAL or self.failure is not None

    async def changes(self, seconds: float) -> AsyncIterator[None]:
        """Go on with each change until it is over, for so many seconds at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.is_over:
                    changed = self._changed
                    await changed.wait()
                    yield

    def change(self) -> None:
        """Let all who wait look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    def see(self, event: Event[Any]) -> None:
        """Take an event in."""
        self.event = event
        self.text = event.text_delta if event.rewritten else self.text + event.text_delta
        self.change()


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
        self._most = most
        self._submitted = 0
        self._is_closing = False
        self._calls: dict[str, AgentCall] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._lives: dict[str, tuple[RowLife, ConcurrencyLimiter]] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "AgentCalls":
        async with AsyncExitStack() as stack:
            writers: list[JournalWriter] = []
            for journal in self._journals:
                stack.callback(journal.close)
                writers.append(await stack.enter_async_context(JournalWriter(journal)))
                self._take_up(journal, writers[-1])
            self._writer = writers[0]
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *reason: object) -> None:
        """Leave the jobs on the hub; the next server takes them up."""
        self._is_closing = True
        for life, limiter in self._lives.values():
            limiter.close()
            life.leave()
        if self._tasks:
            await asyncio.wait(self._tasks.values())
        await self._stack.aclose()
        await self._client.aclose()

    async def start(self, endpoint: str, parameters: Mapping[str, Any]) -> AgentCall:
        """Check the arguments, note the call and submit it; it goes on whatever becomes of the caller.

        Args:
            endpoint: The endpoint's name in the package.
            parameters: Its arguments.

        Returns:
            The call, once it is noted.

        Raises:
            AkiError: It was refused, and nothing was sent.
        """
        bound: Any = getattr(self._client, endpoint)
        bound.info.check(dict(parameters), self._allowed)
        if self._submitted >= self._most:
            raise ConfigurationError(
                f"{self._most} jobs have been submitted, which is this server's limit; nothing was sent. "
                "Whoever runs it can start it anew, or raise --max-jobs"
            )
        self._submitted += 1
        prompt = next((p for p in parameters.values() if isinstance(p, str) and " " in p), "")
        call = AgentCall(uuid4().hex, endpoint, prompt[:_LONGEST_PROMPT], time.time())
        notes = _Notes(self, self._writer, call)
        self._run(call, notes, parameters)
        # A client may ask for a call from the moment at which it is named, whatever becomes of this process.
        await notes.is_noted.wait()
        return call

    async def cancel(self, call: AgentCall) -> None:
        """Ask the hub to cancel a call's job, now or as soon as it has one. It may end as done all the same.

        Raises:
            ConfigurationError: Another server follows it.
        """
        if call.call_id not in self._calls and not call.is_over:
            # The answer to it may be the result, which the hub gives once: who follows the job has to ask.
            raise ConfigurationError(
                "another server of this machine follows this call; cancel it there"
            )
        call.is_unwanted = True
        if call.job_id is not None and not call.is_over:
            job: Any = getattr(self._client, call.endpoint).job(call.job_id)
            with suppress(AkiError):
                await job.cancel()
        elif call.call_id in self._lives:
            self._lives[call.call_id][1].close()

    def find(self, call_id: str) -> AgentCall | None:
        """Return a call by its id, of this server or another one of this machine; None where it is unknown."""
        return self._calls.get(call_id) or next(
            (call for call in self._elsewhere() if call.call_id == call_id), None
        )

    def all(self) -> list[AgentCall]:
        """Return all calls, the latest first."""
        known = {call.call_id: call for call in (*self._elsewhere(), *self._calls.values())}
        return sorted(known.values(), key=lambda call: call.since, reverse=True)

    def keep(self, call: AgentCall, row: int, medium: Media, name: str) -> str:
        """Save a medium of a call, and return its path."""
        # By its number, which stays where a full disk has it tried again: names of a hub may be long, and alike.
        number = [*call.files, name].index(name) + 1
        stem = "".join(c if c.isalnum() else "_" for c in f"{call.endpoint}-{name}")[:60]
        path = self._save_to / f"{stem}-{call.call_id[:12]}-{number}{medium.suffix}"
        self._save_to.mkdir(parents=True, exist_ok=True)
        try:
            medium.save(path, overwrite=True)
        except MediaError:
            return medium.as_it_came()  # what cannot be decoded was paid for all the same
        call.files[name] = {"output": name, "path": str(path), "kind": medium.kind}
        return str(path)

    @property
    def is_closing(self) -> bool:
        """Whether no job is followed any more."""
        return self._is_closing

    def _take_up(self, journal: Journal, writer: JournalWriter) -> None:
        journal.note_uncertain(
            {"error": {"type": "AkiError", "message": f"the server was stopped; {UNCERTAIN}"}}
        )
        for entry in journal.entries():
            call = _call_of(entry)
            self._calls[call.call_id] = call
            if entry.state is RowState.SUBMITTED and not hasattr(self._client, call.endpoint):
                call.failure = ConfigurationError(
                    f"the package has no endpoint {call.endpoint} any more, whose job is {call.job_id}"
                )
            elif entry.state is RowState.SUBMITTED:
                self._run(call, _Notes(self, writer, call, entry.job_id), {})

    def _elsewhere(self) -> list[AgentCall]:
        found: list[AgentCall] = []
        own = {journal.path for journal in self._journals}
        for path in set(self._folder.glob("*.journal")) - own:
            with Journal.open(path) as journal:
                found += map(_call_of, journal.entries())
        return found

    def _run(self, call: AgentCall, notes: "_Notes", parameters: Mapping[str, Any]) -> None:
        # Of its own: a call that waits for room on the hub is cancelled by closing it.
        limiter = ConcurrencyLimiter(1)
        life = RowLife(
            getattr(self._client, call.endpoint),
            limiter,
            OutageTimer(OUTAGE_SECONDS, endpoint=call.endpoint, resume="the same call"),
            keep=lambda row, medium, name: self.keep(call, row, medium, name),
            cancels_overdue=True,
            on_no_room=lambda error: None,  # it goes on trying for ten minutes
        )
        self._calls[call.call_id] = call
        self._lives[call.call_id] = life, limiter
        task = asyncio.create_task(self._carry_out(call, notes, parameters, life, limiter))
        self._tasks[call.call_id] = task

    async def _carry_out(
        self,
        call: AgentCall,
        notes: "_Notes",
        parameters: Mapping[str, Any],
        life: RowLife,
        limiter: ConcurrencyLimiter,
    ) -> None:
        row = Row(0, call.call_id, dict(parameters))
        try:
            await limiter.acquire()
            if await life.carry_out(row, notes, call.see) is None:
                call.failure = _left(call, is_closing=self._is_closing)
        except AkiError as error:
            call.failure = error
        except Exception as error:
            # Nobody awaits this task, and whoever waits for the call would wait for nothing.
            call.failure = AkiError(f"{type(error).__name__}: {error}")
        finally:
            notes.is_noted.set()
            del self._tasks[call.call_id], self._lives[call.call_id]
            call.change()


class _Notes:
    """The steps of one call, noted in the journal, as `RowNotes` says."""

    def __init__(
        self, calls: AgentCalls, writer: JournalWriter, call: AgentCall, job_id: str | None = None
    ) -> None:
        self._calls = calls
        self._writer = writer
        self._call = call
        self._job_id = job_id
        self._cancelling: asyncio.Task[None] | None = None
        self.is_noted = asyncio.Event()

    @property
    def is_live(self) -> bool:
        return not self._calls.is_closing

    async def start(self) -> Started | None:
        call = self._call
        if self._job_id is None:
            if call.is_unwanted or self._calls.is_closing:
                return None
            kept = {"endpoint": call.endpoint, "prompt": call.prompt, "since": call.since}
            await self._writer.write(Journal.begin, call.call_id, kept=kept)
        self.is_noted.set()
        return Started(self._job_id)

    async def release(self) -> None:
        await self._writer.write(Journal.release, self._call.call_id)

    async def note_job(self, job_id: str) -> bool:
        call = self._call
        await self._writer.write(Journal.note_job, call.call_id, job_id)
        call.job_id, call.state = job_id, RowState.SUBMITTED
        call.change()
        if call.is_unwanted:
            # Not awaited: the note has to be whole before anything else.
            self._cancelling = asyncio.create_task(self._calls.cancel(call))
        return True

    async def note_outcome(self, state: RowState, outcome: Outcome) -> Outcome:
        call = self._call
        note = {**outcome.to_note(), "files": [*call.files.values()]}
        await self._writer.write(Journal.note_outcome, call.call_id, state, note)
        call.state, call.noted = state, note
        return outcome


def _take_journals(folder: Path) -> list[Journal]:
    """Open every journal that no living server has, and make one where there is none; the first is this one's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    taken: list[Journal] = []
    names = sorted(folder.glob("*.journal"))
    number = len(names)
    for path in names:
        with suppress(JournalInUseError):
            taken.append(Journal.open(path, exclusive=True))
    while not taken:
        number += 1
        with suppress(JournalInUseError):
            taken.append(Journal.open(folder / f"calls-{number}.journal", exclusive=True))
    return taken


def _call_of(entry: Entry) -> AgentCall:
    kept, noted = entry.kept, entry.outcome
    call = AgentCall(
        entry.row_id,
        str(kept.get("endpoint", "")),
        str(kept.get("prompt", "")),
        float(kept.get("since", entry.since)),
        entry.state,
        noted=noted,
    )
    call.job_id = entry.job_id
    return call


def _left(call: AgentCall, *, is_closing: bool) -> AkiError:
    if call.is_unwanted and call.job_id is None:
        return AkiError("cancelled before anything was sent")
    if is_closing:
        return AkiError(
            f"the server stops, and the job goes on; start it again within {KEPT_MINUTES} minutes of the job's end"
        )
    return AkiError("the hub took no job, and nothing is to be paid")
