"""How a command ends: exit statuses, what `aki` itself refuses, and signals that are heard as exceptions."""

from collections.abc import Collection, Generator
from contextlib import contextmanager
from difflib import get_close_matches
from enum import IntEnum
from importlib import import_module
from typing import Any, NoReturn

from aki_runtime.http.interruption import handling


class Exit(IntEnum):
    """Exit statuses."""

    OK = 0
    """It worked."""
    FAILED = 1
    """It failed for a reason that has no status of its own."""
    USAGE = 2
    """The command line or the rows of a file are wrong, or the endpoint refuses the parameters; nothing was paid."""
    INCOMPLETE = 3
    """`batch`: some rows have no result."""
    CONFIGURATION = 4
    """No key, an address that is none, a package or an extra that is not installed."""
    KEY = 5
    """The key is not good, or not good for this endpoint."""
    NO_ENDPOINT = 6
    """There is no such endpoint, or the hub has removed it."""
    BUSY = 7
    """The queue is full or there were too many requests; a later try is safe."""
    HUB = 8
    """The hub could not be reached, failed, or answered what nobody understands."""
    TIMEOUT = 9
    """The time allowed has passed."""
    HARMLESS = 10
    """`changes`: the worst change leaves every call as it was."""
    RISKY = 11
    """`changes`: the worst change leaves calls right, but may alter what they mean or what comes back."""
    BREAKING = 12
    """`changes`: a change makes calls fail that were right, or code that reads their results."""
    JOB = 13
    """The job ended without a result."""
    INTERRUPTED = 130
    """Ctrl-C; the hub was asked to cancel the job."""
    PIPE = 141
    """Whoever read the output went away; the hub was asked to cancel the job."""
    TERMINATED = 143
    """SIGTERM; the hub was asked to cancel the job."""

    @classmethod
    def after(cls, interruption: KeyboardInterrupt) -> "Exit":
        """Return the status of a command that Ctrl-C or a signal ended."""
        return cls.TERMINATED if isinstance(interruption, TerminatedError) else cls.INTERRUPTED


class CommandError(Exception):
    """The command cannot go on.

    Attributes:
        message: One sentence, or a line for each of several problems.
        status: The exit status.
    """

    def __init__(self, message: str, status: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class StoppedError(CommandError):
    """Somebody stopped the command, and everything that had to be done about it is done."""


def no_package(name: str) -> CommandError:
    """Make the failure for a package that is not there, or was not generated."""
    return CommandError(
        f"{name!r} is not a generated package that Python finds; "
        "make one with `aki-codegen generate`, or say --package NAME",
        Exit.CONFIGURATION,
    )


def of_extra(extra: str, module: str, what: str) -> Any:
    """Import a module, `what` to people, that needs an extra.

    Raises:
        CommandError: The extra is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        sentence = f"{what} needs an extra: pip install 'aki-client[{extra}]'"
        raise CommandError(sentence, Exit.CONFIGURATION) from None


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Ask for the known name that was probably meant, in whatever case and spelling; empty where none is like it."""
    by_form = {_form(one): one for one in known}
    close = get_close_matches(_form(name), by_form, n=1)
    return f"did you mean {by_form[close[0]]}?" if close and name not in known else ""


def _form(name: str) -> str:
    return name.casefold().replace("_", "-")


class TerminatedError(KeyboardInterrupt):
    """SIGTERM, or the terminal was closed; it ends a command as Ctrl-C does, and so cancels the job."""


@contextmanager
def signals_as_exceptions(end: type[BaseException] = TerminatedError) -> Generator[None]:
    """Let signals that end the process run through what has to be done before; those that are ignored stay so."""

    def terminate(number: int, _: object) -> NoReturn:
        raise end(128 + number)

    with handling(terminate, "SIGTERM", "SIGHUP"):
        yield
