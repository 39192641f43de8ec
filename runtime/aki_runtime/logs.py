"""The loggers of this library, and `AKI_LOG`, which shows them on stderr; docs/guide/settings.md names them.

A program's own set-up of logging is left as it is: nothing is shown here that another handler gets.
"""

import logging
import os
import sys
from contextlib import suppress

from .terminal import one_line

NAME = "aki_client"
"""The logger above all others of this library, whatever the generated packages are called."""

_LEVELS = ("debug", "info", "warning", "error")


def logger(part: str = "") -> logging.Logger:
    """Return a logger of this library, in whose lines a hub's text is one line without what a terminal obeys."""
    made = logging.getLogger(f"{NAME}.{part}" if part else NAME)
    made.addFilter(_make_harmless)
    return made


def _make_harmless(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        plain = (int, float)
        record.args = tuple(
            arg if isinstance(arg, plain) else one_line(str(arg)) for arg in record.args
        )
    return True


class _Stderr(logging.Handler):
    """Writes what no other handler gets to whatever stderr is then: tests and servers replace it."""

    def emit(self, record: logging.LogRecord) -> None:
        if self._has_another(record):
            return
        # It may be closed, or None, or gone; a log line never breaks a call.
        with suppress(Exception):
            letters = getattr(sys.stderr, "encoding", None) or "utf-8"
            line = self.format(record).encode(letters, "backslashreplace").decode(letters)
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    def _has_another(self, record: logging.LogRecord) -> bool:
        at: logging.Logger | None = logging.getLogger(record.name)
        while at is not None:
            if any(
                each is not self and not isinstance(each, logging.NullHandler)
                for each in at.handlers
            ):
                return True
            at = at.parent if at.propagate else None
        return False


def _show() -> None:
    wanted, log = os.environ.get("AKI_LOG", "").strip().lower(), logger()
    if wanted in _LEVELS:
        handler = _Stderr()
        # Worker processes write to the same stderr.
        handler.setFormatter(
            logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s")
        )
        log.addHandler(handler)
        if log.level == logging.NOTSET:  # otherwise the program has decided
            log.setLevel(wanted.upper())
    elif wanted:
        log.warning("AKI_LOG=%s must be one of %s; it is ignored", wanted, ", ".join(_LEVELS))


_show()
