"""How a task fails, as exceptions that survive the way through a result backend; and how a delivery ends otherwise."""

from collections.abc import Sequence

from ..errors import AkiError, InvalidParametersError
from ..protocol.certainty import RESULT_LOST, UNCERTAIN

_DECIDE = (
    "decide yourself by sending a new task, or let endpoint_task(resubmit_uncertain=True) decide"
)


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


class UncertainError(TaskError):
    """The job may have been made, or has run, and may be billed; there is no result, and nothing was sent again."""


class UncertainSubmitError(UncertainError):
    """The job may or may not have been made, and may be billed; it was not sent again."""


class SteppedBackError(Exception):
    """Another delivery of the same task owns it now; this one must not touch it any more."""


class CanceledError(Exception):
    """The job was cancelled because somebody asked for it; the text says how far that went."""


class LaterError(Exception):
    """The task cannot go on now, for a reason that may pass; another try goes on from what is noted.

    Attributes:
        reason: What to fail with once no further try is made.
        keeps_trying: Whether tries are not counted, because there is a job whose end is not known.
    """

    def __init__(self, reason: TaskError, *, keeps_trying: bool = False) -> None:
        super().__init__(reason.message)
        self.reason = reason
        self.keeps_trying = keeps_trying


def task_error(error: AkiError) -> TaskError:
    """Make of the client's exception one that a result backend can keep."""
    # As plain text: whoever reads the result backend may not have this package.
    problems = [*map(str, error.problems)] if isinstance(error, InvalidParametersError) else []
    return TaskError(error.message, type(error).__name__, problems)


def uncertain_submit(endpoint: str, what: str) -> UncertainSubmitError:
    """Make the exception for a submit of which nobody knows whether it arrived."""
    return UncertainSubmitError(
        f"{endpoint}: {what.removesuffix(f'; {UNCERTAIN}')}; {UNCERTAIN}: {_DECIDE}",
        "UncertainSubmitError",
    )


def lost(error: AkiError) -> UncertainError:
    """Make the exception for a job that ran, or may have run, and whose result cannot be had any more."""
    what = error.message.removesuffix(f"; {RESULT_LOST}")
    return UncertainError(f"{what}; {RESULT_LOST}: {_DECIDE}", type(error).__name__)
