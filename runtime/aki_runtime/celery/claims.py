"""Who works at a task, and how far it has come: what must survive a worker.

A broker may deliver a task twice, even while the first delivery is still at work. So a delivery first takes the task's
lease, which nobody else can take while it is renewed, and notes each step *before* taking it. A Redis may come back
without its data, or with older ones: whoever holds a task takes its lease and its record up again there, and whoever
finds nothing of a task that was delivered before leaves a moment for that.

It must not know Celery, nor what a job is.
"""

import importlib
import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, cast
from uuid import uuid4

from ..batch.store import BUSY_SECONDS, connect
from ..errors import ConfigurationError
from .engine import insist
from .errors import SteppedBackError

Phase: TypeAlias = Literal["free", "submitting", "submitted", "got", "ended"]

KEPT_SECONDS = 7 * 24 * 3600.0
"""Seconds for which what is noted of a task is kept after the last note: longer than any broker redelivers."""

GIVE_WAY_SECONDS = 6.0
"""Seconds within which every living holder has said again what it holds."""

_SILENT_SECONDS = 5.0

_log = logging.getLogger("aki_client")


@dataclass(frozen=True)
class Record:
    """What is known of a task.

    Attributes:
        phase: "free" before the submit; "submitting" from just before it until the job's id is noted, so that
            whoever finds it does not know whether there is a job; "submitted" while the job is followed; "got"
            once the only copy of the result is noted here; "ended" once the outcome is in the result backend.
        job_id: The job on the hub. Whoever knows it can read the job: treat it as a secret.
        submitted_at: When it was submitted, seconds since the epoch.
        fields: The result as the hub's fields, while it is not in the result backend.
        turn: Counts the deliveries that have taken the task, this one included.
    """

    phase: Phase = "free"
    job_id: str = ""
    submitted_at: float = 0.0
    fields: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)
    turn: int = 0

    def to_json(self) -> str:
        """Return it as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes | None, turn: int) -> "Record":
        """Read it from text, as the delivery of this turn finds it; nothing is a task that nobody has worked at."""
        record = cls(**cast("dict[str, Any]", json.loads(text))) if text else cls()
        return replace(record, turn=turn)


class Claims(Protocol):
    """Where records and leases are kept. Every method is atomic, across processes and, where it says so, machines."""

    def take(self, task_id: str, owner: str, seconds: float, *, new: bool) -> Record | None:
        """Take a task's lease and return what is noted; None while somebody else holds the lease, or may.

        Args:
            task_id: The task.
            owner: Names one delivery, and no other.
            seconds: How long the lease lasts unless it is renewed.
            new: Whether nobody can have taken the task before; where it is false, a task of which nothing is known is
                not taken, because who holds it may be about to say so.
        """
        ...

    def hold(
        self, task_id: str, owner: str, turn: int, seconds: float, record: Record | None = None
    ) -> bool | None:
        """Hold the lease for so many seconds from now, and note how far the task has come, where a record is given.

        Returns:
            False, and nothing changed, where another delivery, of this turn or a later one, has taken the task.
            None, and nothing changed, where the hold is not known (any more) and no record is given to take it up with.
        """
        ...

    def release(self, task_id: str, owner: str) -> None:
        """Give the lease back, so that the next delivery need not wait for its end."""
        ...

    def ask_to_cancel(self, task_id: str) -> None:
        """Note that nobody wants the task's result any more."""
        ...

    def cancel_asked(self, task_id: str) -> bool:
        """Whether somebody has asked to cancel the task."""
        ...


class Lease:
    """One delivery's hold on a task: a thread renews it while the delivery lives.

    Args:
        claims: Where it is kept.
        task_id: The task.
        seconds: How long the hold lasts after the last renewal.
    """

    def __init__(self, claims: Claims, task_id: str, seconds: float) -> None:
        self._claims = claims
        self._task_id = task_id
        self._seconds = seconds
        self._owner = uuid4().hex
        self._record = Record()
        self._is_noted = True
        self._until = 0.0
        self._over = threading.Event()
        self._lock = threading.Lock()

    def take(self, *, new: bool) -> Record | None:
        """Take the task and return what is noted of it; None while another delivery holds it, or may."""
        began = time.monotonic()
        record = self._claims.take(self._task_id, self._owner, self._seconds, new=new)
        if record is not None:
            self._record, self._until = record, began + self._seconds
            threading.Thread(target=self._renew, name="aki-lease", daemon=True).start()
        return record

    def hold(self, record: Record | None = None) -> None:
        """Hold the task on, and note how far it has come, where that is given; once.

        Raises:
            SteppedBackError: Another delivery has taken the task over.
            Exception: What the claims raise. The record is noted with the next renewal that they take.
        """
        with self._lock:
            if record is not None:
                self._record, self._is_noted = replace(record, turn=self._record.turn), False
            began = time.monotonic()
            held = self._hold(None if self._is_noted else self._record)
            if held is None:
                _log.warning("a task is not known any more where it was noted; it is noted again")
                held = self._hold(self._record)
            self._until = began + self._seconds if held else 0.0
            if not held:
                raise SteppedBackError
            self._is_noted = True

    def note(self, record: Record) -> None:
        """Note how far the task has come, however often that takes.

        Raises:
            SteppedBackError: Another delivery has taken the task over.
        """
        insist(lambda: self.hold(record), "how far a task has come could not be noted")

    def confirm(self) -> None:
        """Return once it is certain that nobody else has taken the task.

        Raises:
            SteppedBackError: Another delivery has.
        """
        if time.monotonic() >= self._until:
            insist(self.hold, "a task could not be held")

    def close(self) -> None:
        """Let go of the task."""
        with self._lock:
            if not self._over.is_set():
                self._over.set()
                self._claims.release(self._task_id, self._owner)

    def _hold(self, record: Record | None) -> bool | None:
        return self._claims.hold(
            self._task_id, self._owner, self._record.turn, self._seconds, record
        )

    def _renew(self) -> None:
        usual = min(self._seconds, GIVE_WAY_SECONDS) / 3
        pause = usual
        while not self._over.wait(pause):
            try:
                self.hold()
                pause = usual
            except SteppedBackError:
                return
            except Exception as error:  # whatever keeps it, the hold ends by itself
                pause = (
                    usual / 4
                )  # one that comes back without its data has to hear of the hold soon
                _log.warning("the hold on a task could not be renewed: %s", type(error).__name__)


_TABLE = """
CREATE TABLE IF NOT EXISTS claims (
    task_id TEXT PRIMARY KEY, owner TEXT NOT NULL DEFAULT '', turn INTEGER NOT NULL DEFAULT 0,
    leased_until REAL NOT NULL DEFAULT 0, record TEXT, cancel INTEGER NOT NULL DEFAULT 0, forget_at REAL NOT NULL
)"""


class SqliteClaims:
    """Claims in one file of the machine, for workers there; it is made where it is missing, for its owner's eyes alone.

    Args:
        path: The file. It must not lie on a network drive.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def take(self, task_id: str, owner: str, seconds: float, *, new: bool) -> Record | None:
        """Take a task's lease and return what is noted; None while somebody else holds it, or may."""
        now = time.time()
        with self._transaction() as database:
            database.execute("DELETE FROM claims WHERE forget_at < ?", (now,))
            turn, leased_until, record = database.execute(
                "SELECT turn, leased_until, record FROM claims WHERE task_id = ?", (task_id,)
            ).fetchone() or (0, 0.0, None)
            if leased_until > now or not (turn or new):
                return None
            self._write(database, task_id, owner=owner, turn=turn + 1, leased_until=now + seconds)
            return Record.from_json(record, turn + 1)

    def hold(
        self, task_id: str, owner: str, turn: int, seconds: float, record: Record | None = None
    ) -> bool | None:
        """Hold the lease for so many seconds from now; False where it is another's, None where it is not known."""
        with self._transaction() as database:
            holder, last = database.execute(
                "SELECT owner, turn FROM claims WHERE task_id = ?", (task_id,)
            ).fetchone() or ("", 0)
            if holder != owner and last >= turn:
                return False
            if holder != owner and record is None:
                return None
            noted = {} if record is None else {"record": record.to_json()}
            until = time.time() + seconds
            self._write(database, task_id, owner=owner, turn=turn, leased_until=until, **noted)
            return True

    def release(self, task_id: str, owner: str) -> None:
        """Give the lease back."""
        with self._transaction() as database:
            database.execute(
                "UPDATE claims SET leased_until = 0 WHERE task_id = ? AND owner = ?",
                (task_id, owner),
            )

    def ask_to_cancel(self, task_id: str) -> None:
        """Note that nobody wants the task's result any more."""
        with self._transaction() as database:
            self._write(database, task_id, cancel=1)

    def cancel_asked(self, task_id: str) -> bool:
        """Whether somebody has asked to cancel the task."""
        with self._transaction() as database:
            row = database.execute("SELECT cancel FROM claims WHERE task_id = ?", (task_id,))
            return (row.fetchone() or (0,))[0] == 1

    def _write(self, database: sqlite3.Connection, task_id: str, **values: float | str) -> None:
        values["forget_at"] = time.time() + KEPT_SECONDS
        places = ", ".join(f"{name} = :{name}" for name in values)
        given = {"task_id": task_id, **values}
        database.execute(
            "INSERT OR IGNORE INTO claims (task_id, forget_at) VALUES (:task_id, :forget_at)", given
        )
        database.execute(f"UPDATE claims SET {places} WHERE task_id = :task_id", given)  # noqa: S608 names of columns

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        # A connection each time: none is shared by threads, and none is copied by a fork.
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(connect(self._path, BUSY_SECONDS)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute(_TABLE)
            yield database
            database.execute("COMMIT")


# One key for each task, so that a cluster keeps it in one place. The clock is that of the server.
_NOW = "local now = redis.call('time') now = now[1] * 1000 + math.floor(now[2] / 1000) "
_TAKE = (
    _NOW
    + """
local task = redis.call('hmget', KEYS[1], 'turn', 'until', 'record')
if tonumber(task[2] or 0) > now then return false end
if not task[1] then
    if ARGV[4] == '0' then return false end
    local about = redis.pcall('info', 'server')
    local up = type(about) == 'string' and string.match(about, 'uptime_in_seconds:(%d+)')
    if up and tonumber(up) < tonumber(ARGV[5]) then return false end
end
local turn = redis.call('hincrby', KEYS[1], 'turn', 1)
redis.call('hset', KEYS[1], 'owner', ARGV[1], 'until', now + ARGV[2])
redis.call('pexpire', KEYS[1], ARGV[3])
return {turn, task[3]}
"""
)
_HOLD = (
    _NOW
    + """
local task = redis.call('hmget', KEYS[1], 'owner', 'turn')
if task[1] ~= ARGV[1] then
    if tonumber(task[2] or 0) >= tonumber(ARGV[2]) then return 0 end
    if ARGV[5] == '' then return false end
end
redis.call('hset', KEYS[1], 'owner', ARGV[1], 'turn', ARGV[2], 'until', now + ARGV[3])
if ARGV[5] ~= '' then redis.call('hset', KEYS[1], 'record', ARGV[5]) end
redis.call('pexpire', KEYS[1], ARGV[4])
return 1
"""
)
_RELEASE = (
    "if redis.call('hget', KEYS[1], 'owner') == ARGV[1] "
    "then redis.call('hset', KEYS[1], 'until', 0) end"
)
_CANCEL = "redis.call('hset', KEYS[1], 'cancel', 1) redis.call('pexpire', KEYS[1], ARGV[1])"


class RedisClaims:
    """Claims in a Redis database, for workers on any number of machines; apps may share one if their prefixes differ.

    A Redis that has just started may know less than it did: what is new to it is not taken in its first seconds.

    Args:
        url: The database, as in `redis://localhost:6379/0`; it may be the broker's.
        prefix: What the names of all keys begin with.

    Raises:
        ConfigurationError: The package redis is not installed.
    """

    def __init__(self, url: str, prefix: str = "aki-task:") -> None:
        try:
            self._redis: Any = importlib.import_module("redis")
        except ImportError:
            raise ConfigurationError(
                "claims in Redis need the package redis: pip install 'aki-client[celery]'"
            ) from None
        self._url = url
        self._prefix = prefix
        self._connected: tuple[int, Any] = (0, None)

    def take(self, task_id: str, owner: str, seconds: float, *, new: bool) -> Record | None:
        """Take a task's lease and return what is noted; None while somebody else holds it, or may."""
        young = min(seconds, GIVE_WAY_SECONDS)
        kept = _ms(KEPT_SECONDS)
        taken = self._eval(_TAKE, task_id, owner, _ms(seconds), kept, int(new), young)
        return Record.from_json(taken[1], taken[0]) if taken else None

    def hold(
        self, task_id: str, owner: str, turn: int, seconds: float, record: Record | None = None
    ) -> bool | None:
        """Hold the lease for so many seconds from now; False where it is another's, None where it is not known."""
        noted = record.to_json() if record is not None else ""
        held = self._eval(_HOLD, task_id, owner, turn, _ms(seconds), _ms(KEPT_SECONDS), noted)
        return None if held is None else bool(held)

    def release(self, task_id: str, owner: str) -> None:
        """Give the lease back."""
        self._eval(_RELEASE, task_id, owner)

    def ask_to_cancel(self, task_id: str) -> None:
        """Note that nobody wants the task's result any more."""
        self._eval(_CANCEL, task_id, _ms(KEPT_SECONDS))

    def cancel_asked(self, task_id: str) -> bool:
        """Whether somebody has asked to cancel the task."""
        return bool(self._client().hexists(self._key(task_id), "cancel"))

    def _eval(self, script: str, task_id: str, *arguments: str | float) -> Any:
        return self._client().eval(script, 1, self._key(task_id), *arguments)

    def _client(self) -> Any:
        # A connection that a fork has copied would answer two processes at once.
        if self._connected[0] != os.getpid():
            silent = {"socket_timeout": _SILENT_SECONDS, "socket_connect_timeout": _SILENT_SECONDS}
            self._connected = (os.getpid(), self._redis.Redis.from_url(self._url, **silent))
        return self._connected[1]

    def _key(self, task_id: str) -> str:
        return f"{self._prefix}{task_id}"

    def __repr__(self) -> str:
        return "<RedisClaims>"  # the address may hold a password


def _ms(seconds: float) -> int:
    return max(int(seconds * 1000), 1)
