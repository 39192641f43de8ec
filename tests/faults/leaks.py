"""Looks for secrets wherever a program may show them: logs, exceptions, tracebacks with locals, pickles.

Owns the looking. Must not know what makes the exceptions.
"""

import logging
import pickle
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from aki_sandbox.hub.replies import AUTH_KEY
from faults.modes import KEY

_SECRETS = (KEY, AUTH_KEY)
_LOGGERS = ("", "httpx", "httpx2", "httpcore", "httpcore2", "aki_client", "asyncio")


def shown_by(error: BaseException) -> list[str]:
    """Return every text that shows a secret, of an exception and all that it is chained to."""
    return [found for part in chain(error) for text in _texts(part) for found in secrets_in(text)]


def secrets_in(text: str) -> list[str]:
    """Return the surroundings of each secret in a text."""
    places = [(text.find(secret), secret) for secret in _SECRETS]
    return [text[max(0, at - 200) : at + len(secret)] for at, secret in places if at >= 0]


def chain(error: BaseException) -> list[BaseException]:
    """Return an exception and all others that it came from, suppressed ones included."""
    todo: list[BaseException | None] = [error]
    found: list[BaseException] = []
    while todo:
        current = todo.pop()
        if current is not None and not any(current is other for other in found):
            found.append(current)
            todo += [current.__cause__, current.__context__]
    return found


def _texts(error: BaseException) -> Iterator[str]:
    yield str(error)
    yield repr(error)
    yield repr(vars(error))
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    yield "".join(report.format())
    try:
        pickled = pickle.dumps(error)
    except Exception:  # an exception of another library need not be picklable
        return
    yield pickled.decode("latin-1")


class _Watch(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.count = 0
        self.leaks: list[str] = []
        self._counting = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.getMessage()} {record.args!r} {record.exc_info!r}"
        with self._counting:
            self.count += 1
            self.leaks += secrets_in(text)


@contextmanager
def watched_logs() -> Iterator[_Watch]:
    """Let every logger speak at DEBUG, and look through what they say."""
    watch = _Watch()
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [(logger, logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(watch)
        logger.propagate = False  # others who listen would take longer than the tests
    try:
        yield watch
    finally:
        for logger, level, propagate in before:
            logger.removeHandler(watch)
            logger.setLevel(level)
            logger.propagate = propagate
