"""How a task fails, as exceptions that survive the way through a result backend."""

from collections.abc import Sequence

from ..errors import AkiError, InvalidParametersError
from ..protocol.certainty import UNCERTAIN


class TaskError(AkiError):
    """A task that ended without a result; `str()` is a sentence for people.

    Attributes:
        kind: The name of the client's exception, such as "InvalidParametersError" or "JobFailedError".
        problems: One sentence per refused parameter, where parameters were refused.
    """

    # A backend makes the exception anew of its arguments alone, and these must be JSON.
    def __init__(self, message: str, kind: str = "AkiError", problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.problems = tuple(problems)
        self.args = (message, kind, list(problems))

    def __str__(self) -> str:
        return self.message


class UncertainSubmitError(TaskError):
    """The job may or may not have been made, and may be billed; it was not sent again."""


class SteppedBackError(Exception):
    """Another delivery of the same task owns it now; this one must not touch it any more."""


class StoringFailedError(Exception):
    """The caller's storage did not take a medium; the result is noted, and storing can be tried again.

    Attributes:
        reason: What the storage raised.
    """

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason

    def as_task_error(self) -> TaskError:
        """Return what to fail with once no further try is made."""
        what = f"{type(self.reason).__name__}: {self.reason}"
        return TaskError(f"an output could not be stored: {what}", "StoringFailedError")


def task_error(error: AkiError) -> TaskError:
    """Make of the client's exception one that a result backend can keep."""
    problems = error.problems if isinstance(error, InvalidParametersError) else ()
    return TaskError(error.message, type(error).__name__, problems)


def uncertain(endpoint: str, what: str) -> UncertainSubmitError:
    """Make the exception for a submit of which nobody knows whether it arrived."""
    return UncertainSubmitError(
        f"{endpoint}: {what}; {UNCERTAIN}: "
        "decide yourself by sending a new task, or let endpoint_task(resubmit_uncertain=True) decide",
        "UncertainSubmitError",
    )
