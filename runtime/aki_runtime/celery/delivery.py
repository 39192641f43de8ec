"""One delivery of a task, from the message to its outcome. A broker may make several of one task, even at once.

Each step is noted before it is taken, so that the next delivery goes on from wherever this one is cut off.
"""

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from ..batch.rows import digest_of
from ..client.endpoint import Endpoint
from ..client.sync_client import SyncClient
from ..errors import AkiError, DeadlineExceededError, JobCanceledError
from ..events import Event
from ..http.interruption import defer_signals
from ..jobs.handle import canceled_too_late, giving_up, result_fields
from ..jobs.sync_job import Job
from ..logs import logger
from ..protocol.certainty import end_unknown, is_busy, made_no_job, result_lost
from ..shapes import is_object
from . import engine, results
from .claims import Claims, Lease, Record
from .engine import SteppedBackError, insist
from .results import TaskError, lost, task_error, uncertain_submit

_log = logger("celery")

_REVOKE_SECONDS = 2.0
"""Seconds in which a worker that was ended may still learn that its task was revoked."""

_CANCEL_WAIT = 10.0
"""Seconds that a job is given to end once the hub was asked to cancel it."""


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


@dataclass(frozen=True)
class Plan:
    """How the tasks of one endpoint are carried out: the arguments of `endpoint_task`.

    Attributes:
        endpoint: The endpoint's name in Python.
        client: Returns the client of this process.
        claims: Returns where claims are kept.
    """

    endpoint: str
    client: Callable[[], SyncClient]
    claims: Callable[[], Claims]
    store: results.Store | None
    timeout: float
    progress_interval: float
    lease: float
    resubmit_uncertain: bool


class Delivery:
    """One delivery: it holds the task's lease from `open` to `close`.

    Args:
        plan: How the task is carried out.
        task: Celery's task, whose request is the delivery's.
    """

    def __init__(self, plan: Plan, task: Any) -> None:
        self._plan = plan
        self._task = task
        self._id: str = task.request.id
        self._claims = plan.claims()
        self._lease = Lease(self._claims, self._id, plan.lease)
        self._reported: dict[str, Any] = {}
        self._next_report = 0.0

    @property
    def has_outcome(self) -> bool:
        """Whether the task's outcome is in the result backend."""
        return self._state()[0] in engine.READY

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do, even where the backend has forgotten the outcome."""
        return self._lease.record.phase == "ended" or self.has_outcome

    @property
    def has_job(self) -> bool:
        """Whether there is a job, or its result, that a later delivery can go on with."""
        return self._lease.record.phase in {"submitted", "got"}

    def open(self) -> bool:
        """Take the task; False where another delivery is at it, or may be."""
        about: dict[str, Any] = self._task.request.delivery_info or {}
        new = not about.get("redelivered")
        return insist("a task could not be taken", self._lease.take, new=new)

    def run(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Bring the task to its end from wherever earlier deliveries left it, and return its result.

        Raises:
            LaterError: It cannot be brought there now; what is noted of the task is enough to go on later.
            TaskError: There is no result.
            SteppedBackError: There is nothing left to do for this delivery.
            CanceledError: Somebody has asked to cancel the task.
        """
        endpoint: Endpoint[..., Any, Any] = getattr(self._plan.client(), self._plan.endpoint)
        endpoint = endpoint.with_options(
            progress_interval=self._plan.progress_interval,
            timeout=self._plan.timeout,
            allow_paths=False,
        )
        digest = digest_of({"": endpoint.info.name, **parameters})
        record = self._lease.record if self._lease.record.phase != "free" else self._reported_job()
        if record.phase in {"got", "ended"} and record.digest not in {"", digest}:
            raise TaskError(
                f"a task of the id {self._id!r} was sent before, with other parameters or for another endpoint; "
                "give each task an id of its own",
                "ConfigurationError",
            )
        match record.phase:
            case "ended":
                raise SteppedBackError
            case "submitting" if not self._plan.resubmit_uncertain:
                raise uncertain_submit(
                    endpoint.info.name, "a worker died while it submitted the job"
                )
            case "free" | "submitting":
                job = self._submit(endpoint, parameters, digest)
                self._follow(job)
            case "submitted":
                job = endpoint.job(record.job_id)
                self._follow(job)
            case "got":
                job = endpoint.job(record.job_id)
                job.settle(record.fields, None)
        try:
            return results.as_result(job.result(), self._id, self._plan.store)
        except Exception as error:  # the storage is the caller's own
            what = f"an output could not be stored: {type(error).__name__}: {error}"
            _log.warning("%s: %s", job.endpoint, what)
            raise LaterError(TaskError(what, "StoringFailedError")) from error

    def close(self) -> None:
        """Let go of the task, which has ended if its outcome is in the result backend."""
        record = self._lease.record
        try:
            if not self._lease.is_noted:  # a time limit has struck
                self._lease.note(record)
            # A result that could not be stored is kept: a task of the same id can still store it.
            if record.phase == "got":
                ended = self._state()[0] == "SUCCESS"
            else:
                ended = record.phase != "ended" and self.has_outcome
            if ended:
                self._lease.note(replace(record, phase="ended", fields={}))
        except SteppedBackError:
            pass
        finally:
            self._lease.close()

    def interrupted(self) -> None:
        """Cancel the job if the process is ended because somebody revoked the task; else leave it to be picked up."""
        if self._lease.record.phase != "submitted":
            return
        # The worker sends the signal first, and says why a moment later.
        deadline = time.monotonic() + _REVOKE_SECONDS
        try:
            while time.monotonic() < deadline:
                if engine.state(self._task)[0] == "REVOKED":
                    endpoint = getattr(self._plan.client(), self._plan.endpoint)
                    _cancel_quietly(endpoint.job(self._lease.record.job_id))
                    return
                time.sleep(0.05)
        except Exception as error:  # the process ends all the same
            _log.warning("could not look why a task is ended: %s", type(error).__name__)

    def _state(self) -> tuple[str, Any]:
        return insist("the state of a task could not be read", engine.state, self._task)

    def _is_unwanted(self) -> bool:
        """Whether somebody has asked to cancel the task, in one of the ways there are."""
        with _tolerating("could not look whether a task is cancelled"):
            return self._claims.cancel_asked(self._id) or (
                engine.state(self._task)[0] in {"ABORTED", "REVOKED"}
            )
        return False

    def _reported_job(self) -> Record:
        """Note the job that an earlier delivery has reported, though its record is gone."""
        state, meta = self._state()
        if state in {results.SUBMITTED, results.PROGRESS} and is_object(meta):
            self._lease.note(Record("submitted", str(meta.get("job_id")), time.time()))
        return self._lease.record

    def _submit(
        self, endpoint: Endpoint[..., Any, Any], parameters: Mapping[str, Any], digest: str
    ) -> Job[Any, Any]:
        """Submit the job and note it.

        Raises:
            LaterError: There is certainly no job, or it is to be submitted again all the same.
            TaskError: There is no job, or nobody knows.
        """
        if self._is_unwanted():
            raise CanceledError("cancelled before it was submitted")
        if self._lease.record.phase == "submitting":
            _log.warning("%s: a job that may have been made is submitted again", endpoint.info.name)
        record = Record("submitting", submitted_at=time.time(), digest=digest)
        self._lease.note(record)
        job: Job[Any, Any] | None = None
        try:
            with defer_signals("SIGTERM", "SIGUSR1"):  # revoking, soft time limits
                job = endpoint.submit(**parameters)
                self._lease.change(replace(record, phase="submitted", job_id=job.id))
                with suppress(Exception):  # it is noted below, where signals may interrupt
                    self._lease.hold()
            if not self._lease.is_noted:
                insist("a job could not be noted", self._lease.hold)
            return job
        except AkiError as error:
            failure = error
        except BaseException as error:
            if job is not None and not self._lease.is_noted:
                _cancel_quietly(job, error)  # nobody would ever find it
            raise
        certain = made_no_job(failure)
        if is_busy(failure) or (self._plan.resubmit_uncertain and not certain):
            self._lease.note(Record())
            raise LaterError(task_error(failure))
        if certain:
            raise task_error(failure)
        raise uncertain_submit(endpoint.info.name, failure.message)

    def _follow(self, job: Job[Any, Any]) -> None:
        """Wait for the job's result and note it, of which this is the only copy.

        Raises:
            LaterError: Its end is not known yet, or it is to be submitted again.
            TaskError: There is no result.
        """
        try:
            self._wait(job)
            return
        except AkiError as error:
            failure = error
        finally:
            # Whatever strikes, a time limit or the end of the process: the last answer may have held the result.
            self._keep(job)
        if end_unknown(failure) and not isinstance(failure, DeadlineExceededError):
            if self._seconds_left() > 0:
                raise LaterError(task_error(failure), keeps_trying=True)
            _cancel_quietly(job, failure)
            failure = canceled_too_late(job).with_hint(f"it could not be asked: {failure.message}")
        if not result_lost(failure):
            raise task_error(failure)
        # Whoever held the task before may have got it, and be about to say so.
        if self.has_outcome:
            raise SteppedBackError
        if not self._plan.resubmit_uncertain:
            raise lost(failure)
        _log.warning("%s: a job whose result is lost is submitted again", job.endpoint)
        self._lease.note(Record())
        raise LaterError(task_error(failure))

    def _wait(self, job: Job[Any, Any]) -> None:
        """Wait for the job's result, looking after each poll whether somebody wants it cancelled."""
        try:
            self._report(job, None)
            for event in job.events(timeout=self._seconds_left()):
                if job.ended:
                    break  # whatever else happens, the result is here
                self._lease.confirm()
                if self._is_unwanted():
                    return _cancel(job)
                self._report(job, event)
            job.result(timeout=0.0)
        except DeadlineExceededError as error:
            _cancel_quietly(job, error)
            # The answer to the cancelling may hold the result, which nobody could have again.
            if result_fields(job) is None:
                raise canceled_too_late(job) from None
        except (AkiError, SteppedBackError, CanceledError):
            raise
        except Exception as error:
            if not job.ended:
                _cancel_quietly(job, error)
            raise

    def _seconds_left(self) -> float:
        return max(self._lease.record.submitted_at + self._plan.timeout - time.time(), 0.0)

    def _keep(self, job: Job[Any, Any]) -> None:
        """Note the result, if there is one, whoever else holds the task by now."""
        fields = result_fields(job)
        if fields is None:
            return
        try:
            with _tolerating("a result could not be noted"):
                self._lease.note(replace(self._lease.record, phase="got", fields=fields))
        except SteppedBackError:
            _log.warning("%s: a task was taken over while its result came", job.endpoint)

    def _report(self, job: Job[Any, Any], event: Event[Any] | None) -> None:
        """Write a state: at most one in each interval, and none that says what the last one said."""
        meta = results.progress_meta(event) if event is not None else {}
        if event is not None and (meta == self._reported or time.monotonic() < self._next_report):
            return
        state = results.PROGRESS if event is not None else results.SUBMITTED
        with _tolerating("the state of a task could not be reported"):
            about = {"job_id": job.id, "endpoint": job.endpoint, **meta}
            self._task.update_state(task_id=self._id, state=state, meta=about)
        if event is not None:
            self._reported = meta
            self._next_report = time.monotonic() + self._plan.progress_interval


@contextmanager
def _tolerating(what: str) -> Generator[None]:
    """Let no failure of the block cost a job that is paid for, except what is meant to end the task."""
    try:
        yield
    except (SteppedBackError, engine.exceptions.SoftTimeLimitExceeded):
        raise
    except Exception as error:
        _log.warning("%s: %s", what, type(error).__name__)


def _cancel(job: Job[Any, Any]) -> None:
    """Cancel the job; return where it was done all the same, because it is paid for."""
    try:
        job.cancel(wait=_CANCEL_WAIT)
        if job.ended:
            job.result()
            return
    except JobCanceledError:
        raise CanceledError("cancelled on the hub") from None
    except AkiError as error:
        raise CanceledError(f"cancelled, and the job ended so: {error.message}") from None
    raise CanceledError("the hub was asked to cancel the job, and has not said that it did")


def _cancel_quietly(job: Job[Any, Any], reason: BaseException | None = None) -> None:
    """Ask the hub to cancel a job; that it cannot be asked is not what the caller has to report."""
    try:
        with giving_up(job, reason):
            job.cancel()
    except AkiError as error:
        _log.warning("%s: a job could not be cancelled: %s", job.endpoint, error)
