"""Claims: which delivery holds a task, and how far the task has come; what must survive a worker.

A broker may deliver a task twice, even while the first delivery is still at work. So a delivery first takes the task's
lease, which nobody else can take while it is renewed, and notes each step *before* taking it. A Redis may come back
without its data, or with older ones: whoever holds a task writes its lease and its record down again there, and whoever
finds nothing of a task that was delivered before waits for that.

The rules are written once; a file of SQLite or a Redis makes each of them one transaction. Nothing here knows what a
Celery task or a job is; of `engine` it uses what repeats a note until it is written.
"""

import importlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, TypeVar
from uuid import uuid4

from ..errors import ConfigurationError
from ..logs import logger
from ..shapes import is_object
from ..store.sqlite import BUSY_SECONDS, connect
from .engine import SteppedBackError, insist

T = TypeVar("T")

Phase: TypeAlias = Literal["free", "submitting", "submitted", "got", "ended"]

GIVE_WAY_SECONDS = 6.0
"""Seconds within which every living holder has said again what it holds."""

FORMAT = 1
"""The number of the format of records, and of files of claims: raised when older ones would be misread."""

_KEPT_SECONDS = 7 * 24 * 3600.0  # longer than any broker redelivers
_SILENT_SECONDS = 5.0

_log = logger("celery")


@dataclass(frozen=True)
class Record:
    """How far a task has come.

    Attributes:
        phase: "free" before the submit; "submitting" from just before it until the job's id is noted, so that
            whoever finds it does not know whether there is a job; "submitted" while the job is followed; "got"
            once the only copy of the result is noted here; "ended" once the outcome is in the result backend.
        job_id: The job on the hub. Whoever knows it can read the job: treat it as a secret.
        submitted_at: When it was submitted, seconds since the epoch.
        fields: The result as the hub's fields, while it is not in the result backend.
        turn: Counts the deliveries that have taken the task, this one included.
        digest: A fingerprint of the parameters; empty where it is not known.
    """

    phase: Phase = "free"
    job_id: str = ""
    submitted_at: float = 0.0
    fields: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)
    turn: int = 0
    digest: str = ""

    def to_json(self) -> str:
        """Return it as text."""
        return json.dumps({"format": FORMAT, **asdict(self)})

    @classmethod
    def from_json(cls, text: str | bytes | None, turn: int) -> "Record":
        """Read it from text, as the delivery of this turn finds it; no text is a task that nobody has worked at.

        Raises:
            ValueError: It is not a record, or has another format.
        """
        found: Any = json.loads(text) if text else {"format": FORMAT}
        number = found.pop("format", None) if is_object(found) else None
        if number != FORMAT:
            raise ValueError(
                f"its record has format {str(number)[:20]!r}, and this worker reads format {FORMAT}"
            )
        return replace(cls(**found), turn=turn)


class Claims(Protocol):
    """Where records and leases are kept. Every method is atomic, across processes and, where it says so, machines."""

    def take(self, task_id: str, owner: str, seconds: float, *, new: bool) -> Record | None:
        """Take a task's lease and return its record; None while another delivery holds the lease, or may.

        Args:
            task_id: The task.
            owner: Names one delivery, and no other.
            seconds: How long the lease lasts unless it is renewed.
            new: Whether nobody can have taken the task before; otherwise a task of which nothing is known is not
                taken, because its holder may be about to write it down again.
        """
        ...

    def hold(
        self, task_id: str, owner: str, turn: int, seconds: float, record: Record | None = None
    ) -> bool | None:
        """Hold the lease for so many seconds from now, and replace the record unless it is omitted.

        Returns:
            False, and nothing changed, where another delivery, of this turn or a later one, has taken the task.
            None, and nothing changed, where the hold is not known (any more) and there is no record to renew it with.
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

    Attributes:
        record: How far the task has come, as far as this delivery knows.
        is_noted: Whether that is noted.
    """

    def __init__(self, claims: Claims, task_id: str, seconds: float) -> None:
        self.record = Record()
        self._claims = claims
        self._task_id = task_id
        self._seconds = seconds
        self._owner = uuid4().hex
        self.is_noted = True
        self._until = 0.0
        self._over = threading.Event()
        self._lock = threading.Lock()

    def take(self, *, new: bool) -> bool:
        """Take the task; False while another delivery holds it, or may."""
        began = time.monotonic()
        record = self._claims.take(self._task_id, self._owner, self._seconds, new=new)
        if record is not None:
            self.record, self._until = record, began + self._seconds
            threading.Thread(target=self._renew, name="aki-lease", daemon=True).start()
        return record is not None

    def hold(self) -> None:
        """Hold the task on, and note its record where that has changed.

        Raises:
            SteppedBackError: Another delivery has taken the task over.
        """
        with self._lock:
            began = time.monotonic()
            record = None if self.is_noted else self.record
            place = (self._task_id, self._owner, self.record.turn, self._seconds)
            held = self._claims.hold(*place, record)
            if held is None:
                _log.warning("a task is not known any more where it was noted; it is noted again")
                held = self._claims.hold(*place, self.record)
            self._until = began + self._seconds if held else 0.0
            if not held:
                raise SteppedBackError
            self.is_noted = True

    def note(self, record: Record) -> None:
        """Note how far the task has come, however often that takes.

        Raises:
            SteppedBackError: Another delivery has taken the task over.
        """
        self.change(record)
        insist("how far a task has come could not be noted", self.hold)

    def change(self, record: Record) -> None:
        """Change the record; it is noted with the next hold, here or in the thread that renews it."""
        with self._lock:
            self.record, self.is_noted = replace(record, turn=self.record.turn), False

    def confirm(self) -> None:
        """Return once it is certain that nobody else has taken the task.

        Raises:
            SteppedBackError: Another delivery has.
        """
        if time.monotonic() >= self._until:
            insist("a task could not be held", self.hold)

    def close(self) -> None:
        """Let go of the task; where that fails, the hold ends by itself."""
        with self._lock:
            if self._over.is_set():
                return
            self._over.set()
            try:
                self._claims.release(self._task_id, self._owner)
            except Exception as error:
                _log.warning("a task could not be let go of: %s", type(error).__name__)

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
                # A Redis that comes back without its data has to hear of the hold soon.
                pause = usual / 4
                _log.warning("the hold on a task could not be renewed: %s", type(error).__name__)


_Changes: TypeAlias = Mapping[str, float | str]
_Rule: TypeAlias = Callable[[float, list[Any]], tuple[T, _Changes]]


class _Rules(Claims):
    """The rules, on what is kept of a task as values by name: text or numbers, None for what is missing."""

    def _change(self, task_id: str, names: Sequence[str], rule: _Rule[T]) -> T:
        """Give a rule the time and the values of these names, make its changes, and return its answer."""
        raise NotImplementedError

    def _is_young(self) -> bool:
        """Whether what is missing may have been lost a moment ago, and be about to come back."""
        return False

    def take(self, task_id: str, owner: str, seconds: float, *, new: bool) -> Record | None:
        def rule(now: float, found: list[Any]) -> tuple[Record | None, _Changes]:
            turn, until, record = int(found[0] or 0), float(found[1] or 0), found[2]
            if until > now or not (turn or (new and not self._is_young())):
                return None, {}
            try:
                known = Record.from_json(record, turn + 1)
            except ValueError as error:
                # Workers of two versions share a queue while an upgrade is under way.
                _log.warning(
                    "task %s is left to workers of the version that began it: %s", task_id, error
                )
                return None, {}
            return known, {"owner": owner, "turn": turn + 1, "until": now + seconds}

        return self._change(task_id, ("turn", "until", "record"), rule)

    def hold(
        self, task_id: str, owner: str, turn: int, seconds: float, record: Record | None = None
    ) -> bool | None:
        def rule(now: float, found: list[Any]) -> tuple[bool | None, _Changes]:
            if found[0] != owner and int(found[1] or 0) >= turn:
                return False, {}
            if found[0] != owner and record is None:
                return None, {}
            noted = {} if record is None else {"record": record.to_json()}
            return True, {"owner": owner, "turn": turn, "until": now + seconds, **noted}

        return self._change(task_id, ("owner", "turn"), rule)

    def release(self, task_id: str, owner: str) -> None:
        self._change(
            task_id, ("owner",), lambda _, by: (None, {"until": 0} if by == [owner] else {})
        )

    def ask_to_cancel(self, task_id: str) -> None:
        self._change(task_id, (), lambda _, __: (None, {"cancel": 1}))

    def cancel_asked(self, task_id: str) -> bool:
        return self._change(task_id, ("cancel",), lambda _, asked: (asked != [None], {}))


_APPLICATION = 0x616B6963  # "akic", so that other files are not taken for one of claims
_TABLE = f"""
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {FORMAT};
CREATE TABLE IF NOT EXISTS claims (
    task_id TEXT PRIMARY KEY, forget_at REAL, owner TEXT, turn INTEGER, until REAL, cancel INTEGER, record TEXT
);
CREATE INDEX IF NOT EXISTS claims_by_age ON claims (forget_at);
"""


class SqliteClaims(_Rules):
    """Claims in one file of the machine, for workers there; it is made where it is missing, for its owner's eyes alone.

    Args:
        path: The file. It must not lie on a network drive.

    Its methods raise ConfigurationError where the file is another one, or of another format; it is left as it is.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def _change(self, task_id: str, names: Sequence[str], rule: _Rule[T]) -> T:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # A connection each time: none is shared by threads, and none is copied by a fork.
        with closing(connect(self._path, BUSY_SECONDS)) as database:
            is_new = self._is_new(database)
            database.executescript(f"BEGIN IMMEDIATE; {_TABLE if is_new else ''}")
            query = f"SELECT {', '.join(('task_id', *names))} FROM claims WHERE task_id = ?"  # noqa: S608 no values
            found = database.execute(query, (task_id,)).fetchone() or [None] * (len(names) + 1)
            now = time.time()
            answer, changes = rule(now, list(found[1:]))
            if changes:
                row = {"task_id": task_id, "forget_at": now + _KEPT_SECONDS, **changes}
                places, new = ", ".join(f":{n}" for n in row), ", ".join(f"{n} = :{n}" for n in row)
                database.execute("DELETE FROM claims WHERE forget_at < ?", (now,))
                database.execute(
                    f"INSERT INTO claims ({', '.join(row)}) VALUES ({places}) "  # noqa: S608 no values
                    f"ON CONFLICT (task_id) DO UPDATE SET {new}",
                    row,
                )
            database.execute("COMMIT")
        return answer

    def _is_new(self, database: sqlite3.Connection) -> bool:
        """Whether the file holds nothing yet; another one than one of claims is refused."""
        try:
            ((tables,),) = database.execute("SELECT count(*) FROM sqlite_schema")
            ((application,),) = database.execute("PRAGMA application_id")
            ((number,),) = database.execute("PRAGMA user_version")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_NOTADB:
                raise
            tables, application, number = 1, 0, 0
        if tables and application != _APPLICATION:
            raise ConfigurationError(
                f"{self._path} is not a file of claims; give SqliteClaims another path"
            )
        if tables and number != FORMAT:
            raise ConfigurationError(
                f"the claims in {self._path} have format {number}, and this aki-client reads format {FORMAT}: "
                "let workers of the version that made it finish their tasks, then give another path"
            )
        return not tables


class RedisClaims(_Rules):
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

    def _change(self, task_id: str, names: Sequence[str], rule: _Rule[T]) -> T:
        # One key for each task: the transaction begins anew where somebody else has changed it meanwhile.
        key = f"{self._prefix}{task_id}"

        def change(pipe: Any) -> T:
            seconds, microseconds = pipe.time()  # the one clock of all workers
            found: list[Any] = pipe.hmget(key, names) if names else []
            answer, changes = rule(seconds + microseconds / 1e6, found)
            if changes:
                pipe.multi()
                pipe.hset(key, mapping=changes)
                pipe.expire(key, int(_KEPT_SECONDS))
            return answer

        answer: T = self._client().transaction(change, key, value_from_callable=True)
        return answer

    def _is_young(self) -> bool:
        try:
            about: Mapping[str, Any] = self._client().info("server")
        except self._redis.exceptions.NoPermissionError:
            return False
        return float(about.get("uptime_in_seconds", GIVE_WAY_SECONDS)) < GIVE_WAY_SECONDS

    def _client(self) -> Any:
        # A connection that a fork has copied would answer two processes at once.
        if self._connected[0] != os.getpid():
            client = self._redis.Redis.from_url(
                self._url,
                decode_responses=True,
                socket_timeout=_SILENT_SECONDS,
                socket_connect_timeout=_SILENT_SECONDS,
            )
            self._connected = (os.getpid(), client)
        return self._connected[1]

    def __repr__(self) -> str:
        return "<RedisClaims>"  # the address may hold a password
