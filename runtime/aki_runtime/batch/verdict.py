"""What a failed submit or poll means for the row, and for the batch. Pure: exceptions in, verdicts out."""

from enum import Enum

from ..errors import (
    AkiError,
    AuthenticationError,
    ConfigurationError,
    EndpointRemovedError,
    NotEntitledError,
    NotFoundError,
)
from ..protocol.certainty import is_busy, made_no_job, result_lost
from .journal import RowState


class Verdict(Enum):
    """What is to be done."""

    AGAIN = "no job was made, and a later try may succeed"
    ROW_FAILED = "this row will never succeed as it is"
    RUN_FAILED = "no row will succeed"
    UNCERTAIN = "a job may have been made or has run, and its result cannot be had"


ENDS = {Verdict.UNCERTAIN: RowState.UNCERTAIN, Verdict.ROW_FAILED: RowState.FAILED}
"""How a row has ended; the other verdicts are not its end."""

_NO_ROW_WILL_DO = (
    AuthenticationError,
    NotEntitledError,
    NotFoundError,
    EndpointRemovedError,
    ConfigurationError,
)


def of_submit(error: AkiError) -> Verdict:
    """Judge a submit that brought no job."""
    if is_busy(error):
        return Verdict.AGAIN
    return _without_result(error) if made_no_job(error) else Verdict.UNCERTAIN


def of_poll(error: AkiError) -> Verdict:
    """Judge a job whose end could not be learnt, or that ended without a result."""
    return Verdict.UNCERTAIN if result_lost(error) else _without_result(error)


def _without_result(error: AkiError) -> Verdict:
    return Verdict.RUN_FAILED if isinstance(error, _NO_ROW_WILL_DO) else Verdict.ROW_FAILED
