"""What a call may cost, as flows see it: reserved before the submit, settled at the end of the job. Sans-IO.

Here alone is decided when a reservation is given back, settled or kept; where it is written down is another's matter.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ..errors import AkiError
from .certainty import made_no_job
from .effects import Flow, Note, T, Work

if TYPE_CHECKING:
    from ..store.budget import Reservation


def reserved(reservation: "Reservation", submit: Flow[T]) -> Flow[T]:
    """Reserve what a call may cost and submit it; where no job was made for certain, it is given back.

    Args:
        reservation: What it may cost.
        submit: Submits it, and says in `reservation.is_sent` whether that was interrupted.

    Raises:
        AkiError: Nothing is left for it, and nothing was sent; or what the submit raises.
    """
    try:
        yield Work(reservation.take)
        return (yield from submit)
    except GeneratorExit:
        raise
    except BaseException as error:
        if made_no_job(error) if isinstance(error, AkiError) else not reservation.is_sent:
            yield from written(reservation.release)
        else:
            why = "interrupted; the job may or may not have been made"
            yield from written(partial(reservation.keep, str(error) or why))
        raise


def written(write: Callable[[], None]) -> Flow[None]:
    """Write what becomes of a reservation. What was paid counts more: a ledger that fails leaves it reserved."""
    try:
        try:
            yield Work(write)
        except (GeneratorExit, AkiError):
            raise
        except BaseException:
            # A task may be cancelled before the thread that writes has started; written twice is written once.
            yield Work(write)
            raise
    except AkiError as error:
        yield Note(f"what a call has cost was not written, so it stays reserved: {error}")
