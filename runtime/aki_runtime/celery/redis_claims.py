"""Claims in Redis, for workers on any number of machines. Leases run by the clock of the Redis server."""

import importlib
import os
from typing import Any

from ..errors import ConfigurationError
from .claims import KEPT_SECONDS, Record

_IF_OWNER = "if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end "
_RENEW = _IF_OWNER + "return redis.call('pexpire', KEYS[1], ARGV[2])"
_NOTE = _IF_OWNER + "redis.call('set', KEYS[2], ARGV[2], 'PX', ARGV[3]) return 1"
_RELEASE = _IF_OWNER + "return redis.call('del', KEYS[1])"


class RedisClaims:
    """Claims in a Redis database; several apps may share one if their prefixes differ.

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

    def take(self, task_id: str, owner: str, seconds: float) -> Record | None:
        """Take a task's lease and return what is noted; None while somebody else holds it."""
        taken = self._client().set(self._lease(task_id), owner, nx=True, px=_ms(seconds))
        return Record.from_json(self._client().get(self._record(task_id))) if taken else None

    def renew(self, task_id: str, owner: str, seconds: float) -> bool:
        """Hold the lease for so many seconds from now; False where it is another's."""
        return bool(self._client().eval(_RENEW, 1, self._lease(task_id), owner, _ms(seconds)))

    def note(self, task_id: str, owner: str, record: Record) -> bool:
        """Note how far the task has come; False where the lease is another's."""
        keys = (self._lease(task_id), self._record(task_id))
        kept = _ms(KEPT_SECONDS)
        return bool(self._client().eval(_NOTE, 2, *keys, owner, record.to_json(), kept))

    def release(self, task_id: str, owner: str) -> None:
        """Give the lease back."""
        self._client().eval(_RELEASE, 1, self._lease(task_id), owner)

    def ask_to_cancel(self, task_id: str) -> None:
        """Note that nobody wants the task's result any more."""
        self._client().set(self._cancel(task_id), "1", px=_ms(KEPT_SECONDS))

    def cancel_asked(self, task_id: str) -> bool:
        """Whether somebody has asked to cancel the task."""
        return bool(self._client().exists(self._cancel(task_id)))

    def _client(self) -> Any:
        # A connection that a fork has copied would answer two processes at once.
        if self._connected[0] != os.getpid():
            self._connected = (os.getpid(), self._redis.Redis.from_url(self._url))
        return self._connected[1]

    def _lease(self, task_id: str) -> str:
        return f"{self._prefix}{task_id}:lease"

    def _record(self, task_id: str) -> str:
        return f"{self._prefix}{task_id}:record"

    def _cancel(self, task_id: str) -> str:
        return f"{self._prefix}{task_id}:cancel"

    def __repr__(self) -> str:
        return "<RedisClaims>"  # the address may hold a password


def _ms(seconds: float) -> int:
    return max(int(seconds * 1000), 1)
