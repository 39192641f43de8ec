"""What a failure says, and its exit status: one sentence on stderr, with `--debug` the traceback, never the key."""

import logging
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

from aki_runtime import errors
from aki_runtime.batch.errors import (
    BatchStoppedError,
    InvalidRowsError,
    JournalMismatchError,
    UnreadableInputError,
)
from aki_runtime.secret import without_key

from .exits import CommandError, Exit
from .settings import CliSettings, no_key, settings_of
from .terminal import say

STATUS_OF: dict[type[BaseException], Exit] = {
    errors.InvalidParametersError: Exit.USAGE,
    errors.MediaError: Exit.USAGE,
    errors.TooLargeError: Exit.USAGE,
    errors.ConfigurationError: Exit.CONFIGURATION,
    errors.AuthenticationError: Exit.KEY,
    errors.NotEntitledError: Exit.KEY,
    errors.NotFoundError: Exit.NO_ENDPOINT,
    errors.EndpointRemovedError: Exit.NO_ENDPOINT,
    errors.QueueFullError: Exit.BUSY,
    errors.RateLimitedError: Exit.BUSY,
    errors.StatusError: Exit.HUB,
    errors.ConnectionFailedError: Exit.HUB,
    errors.UnexpectedAnswerError: Exit.HUB,
    errors.DeadlineExceededError: Exit.TIMEOUT,
    errors.JobError: Exit.JOB,
    # What stops a batch; a full disk and a journal in use have no status of their own.
    InvalidRowsError: Exit.USAGE,
    UnreadableInputError: Exit.USAGE,
    JournalMismatchError: Exit.USAGE,
    BatchStoppedError: Exit.HUB,
}
"""The status of each exception of a client; that of the nearest ancestor where it has none of its own."""


def status_of(error: BaseException) -> Exit:
    """Return the exit status of a client's exception."""
    return next((STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF), Exit.FAILED)


def report(error: Exception, context: Any) -> Exit:
    """Say what went wrong and return the exit status.

    Args:
        error: What was raised.
        context: The command's context; None where the global options could not be read.
    """
    settings = CliSettings() if context is None else settings_of(context)
    secrets = settings.secrets()
    sentence, status = _sentence(error)
    if isinstance(error, errors.AuthenticationError | errors.MissingKeyError) and not secrets:
        sentence = f"{error.endpoint}: {no_key()}" if error.endpoint else no_key()
    # Whoever reads stderr may be gone; the status is right all the same.
    with suppress(BrokenPipeError):
        if settings.debug:
            sys.stderr.write(_redacted("".join(traceback.format_exception(error)), secrets))
        say(_redacted(sentence, secrets))
    return status


def _redacted(text: str, secrets: tuple[str, ...]) -> str:
    content: bytes | bytearray = text.encode("utf-8", "backslashreplace")
    for secret in secrets:
        content = without_key(content, secret)
    return content.decode()


@contextmanager
def log_on_stderr() -> Generator[None]:
    """Show the client's log lines, which hold no key and only shortened job ids."""
    log = logging.getLogger("aki_client")
    before = log.level
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(before)


def _sentence(error: Exception) -> tuple[str, Exit]:
    if isinstance(error, CommandError):
        return error.message, error.status
    if isinstance(error, errors.AkiError):
        return error.message, status_of(error)
    # Typer's errors of usage have no public name; this is what they have in common.
    format_message = getattr(error, "format_message", None)
    if callable(format_message):
        meant = getattr(error, "possibilities", None)
        advice = _place_of_option(error) or (meant and f"did you mean {' or '.join(meant)}?")
        if advice:
            return f"{getattr(error, 'message', error)}; {advice}", Exit.USAGE
        words = str(format_message())
        quotes = "; a text with spaces stands in quotes" if "extra argument" in words else ""
        return f"{words}{quotes}{_help_for(error)}", Exit.USAGE
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}", Exit.FAILED
    kind = type(error).__name__
    return f"{kind}: {error} (this should not happen; --debug shows where)", Exit.FAILED


def _place_of_option(error: Exception) -> str:
    """Say where an option belongs that stands at the wrong place; empty where it is none, or unknown."""
    inner: Any = getattr(error, "ctx", None)
    option = getattr(error, "option_name", None)
    while inner is not None and (outer := inner.parent) is not None:
        if any(option in parameter.opts for parameter in outer.command.get_params(outer)):
            return f"it stands before `{inner.info_name}`: {outer.command_path} {option} … {inner.info_name}"
        inner = outer
    return ""


def _help_for(error: Exception) -> str:
    context: Any = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "aki"
    return f" (`{command} --help` helps)"
