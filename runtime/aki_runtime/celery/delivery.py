"""One delivery of a task, from the message to its outcome. A broker may make several of one task, even at once."""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..client.endpoint import Endpoint
from ..client.sync_client import SyncClient
from ..errors import AkiError, DeadlineExceededError, JobCanceledError
from ..fields.base import OutputModel
from ..http.signals import defer_signals
from ..jobs.sync_job import Job
from ..protocol.certainty import end_unknown, is_busy, made_no_job, result_lost
from . import engine, results
from .claims import Claims, Lease, Record
from .errors import (
    CanceledError,
    LaterError,
    SteppedBackError,
    TaskError,
    lost,
    task_error,
    uncertain_submit,
)

_log = logging.getLogger("aki_client")

_REVOKE_SECONDS = 2.0
_CANCEL_SECONDS = 10.0


@dataclass(frozen=True)
class Plan:
    """How the tasks of one endpoint are carried out.

    Attributes:
        endpoint: The endpoint's name in Python.
        client: Returns the client of this process.
        claims: Returns where claims are kept.
        store: Keeps media; None leaves them in the result as data URIs.
        timeout: Seconds from the submit after which the job is given up.
        progress_interval: Longest pause between polls of a running job, in seconds.
        lease: Seconds after which a task whose worker has fallen silent is taken over.
        resubmit_uncertain: Whether a job that may have been made, or whose result is lost, is submitted again.
    """

    endpoint: str
    client: Callable[[], SyncClient]
    claims: Callable[[], Claims]
    store: results.Store | None
    timeout: float
    progress_interval: float
    lease: float
    resubmit_uncertain: bool

    def open_endpoint(self) -> Endpoint[..., Any, Any]:
        """Return the endpoint of this process's client."""
        endpoint: Endpoint[..., Any, Any] = getattr(self.client(), self.endpoint)
        return endpoint.with_options(
            progress_interval=self.progress_interval, timeout=self.timeout, allow_paths=False
        )


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
        self._record = Record()

    @property
    def has_outcome(self) -> bool:
        """Whether the task's outcome is in the result backend."""
        return self._status() in engine.READY

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do, even where the backend has forgotten the outcome."""
        return self._record.phase == "ended" or self.has_outcome

    def open(self) -> bool:
        """Take the task; False where another delivery is at it, or may be."""
        new = not engine.came_again(self._task)
        record = engine.insist(lambda: self._lease.take(new=new), "a task could not be taken")
        self._record = record or self._record
        return record is not None

    def run(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Bring the task to its end from wherever earlier deliveries left it, and return its result.

        Raises:
            LaterError: It cannot be brought there now; what is noted of the task is enough to go on later.
            TaskError: There is no result.
            SteppedBackError: There is nothing left to do for this delivery.
            CanceledError: Somebody has asked to cancel the task.
        """
        endpoint = self._plan.open_endpoint()
        if self._record.phase == "ended":
            raise SteppedBackError
        if self._record.phase == "submitting":
            self._doubt(endpoint.info.name)
        if self._record.phase == "free":
            self._submit(endpoint, parameters)
        if self._record.phase == "submitted":
            self._follow(endpoint, endpoint.job(self._record.job_id))
        try:
            return results.as_result(
                endpoint.info.reading, self._record, self._id, self._plan.store
            )
        except Exception as error:  # the storage is the caller's own
            what = f"an output could not be stored: {type(error).__name__}: {error}"
            _log.warning("%s: %s", endpoint.info.name, what)
            raise LaterError(TaskError(what, "StoringFailedError")) from error

    def close(self) -> None:
        """Let go of the task, which has ended if its outcome is in the result backend."""
        try:
            # A result that could not be stored is kept: a task of the same id can still store it.
            if self._record.phase == "got":
                ended = self._status() == "SUCCESS"
            else:
                ended = self._record.phase != "ended" and self.has_outcome
            if ended:
                self._note(Record("ended", self._record.job_id, self._record.submitted_at))
        except SteppedBackError:
            pass
        finally:
            self._lease.close()

    def interrupted(self) -> None:
        """Cancel the job if the process is ended because somebody revoked the task; else leave it to be picked up."""
        if self._record.phase != "submitted":
            return
        # The worker sends the signal first, and says why a moment later.
        deadline = time.monotonic() + _REVOKE_SECONDS
        try:
            while time.monotonic() < deadline:
                if engine.status(self._task, self._id) == "REVOKED":
                    _cancel_quietly(self._plan.open_endpoint().job(self._record.job_id))
                    return
                time.sleep(0.05)
        except Exception as error:  # the process ends all the same
            _log.warning("could not look why a task is ended: %s", type(error).__name__)

    def cancel_wanted(self) -> bool:
        """Whether somebody has asked to cancel the task, in one of the ways there are."""
        try:
            if self._claims.cancel_asked(self._id):
                return True
            return engine.status(self._task, self._id) in {"ABORTED", "REVOKED"}
        except Exception as error:
            engine.require_bearable(error)
            _log.warning("could not look whether a task is cancelled: %s", type(error).__name__)
            return False

    def _status(self) -> str:
        look = "the state of a task could not be read"
        return engine.insist(lambda: engine.status(self._task, self._id), look)

    def _note(self, record: Record) -> None:
        self._record = record
        self._lease.note(record)

    def _doubt(self, endpoint: str) -> None:
        if not self._plan.resubmit_uncertain:
            raise uncertain_submit(endpoint, "a worker died while it submitted the job")
        _log.warning("%s: a job that may have been made is submitted again", endpoint)
        self._note(Record())

    def _submit(self, endpoint: Endpoint[..., Any, Any], parameters: Mapping[str, Any]) -> None:
        if self.cancel_wanted():
            raise CanceledError("cancelled before it was submitted")
        self._lease.note(Record("submitting", submitted_at=time.time()))
        unnoted: list[Job[Any, Any]] = []
        try:
            with defer_signals("SIGTERM", "SIGUSR1"):  # revoking, soft time limits
                unnoted.append(endpoint.submit(**parameters))
                self._record = Record("submitted", unnoted[0].id, time.time())
                with suppress(Exception):  # it is noted below, where signals may interrupt
                    self._lease.hold(self._record)
                    unnoted.clear()
            if unnoted:
                self._lease.note(self._record)
        except AkiError as error:
            failure = error
        except BaseException:
            for job in unnoted:
                _cancel_quietly(job)  # nobody would ever find it
            raise
        else:
            return
        certain = made_no_job(failure)
        if is_busy(failure) or (self._plan.resubmit_uncertain and not certain):
            self._note(Record())
            raise LaterError(task_error(failure))
        if certain:
            raise task_error(failure)
        raise uncertain_submit(endpoint.info.name, failure.message)

    def _follow(self, endpoint: Endpoint[..., Any, Any], job: Job[Any, Any]) -> None:
        try:
            output = self._result_of(job)
        except AkiError as error:
            failure = error
        except BaseException:
            # The process is ended, or a time limit strikes; the last answer may have held the result.
            if job.ended and job.status() == "done":
                self._keep(endpoint, job, job.result())
            raise
        else:
            self._keep(endpoint, job, output)
            return
        if end_unknown(failure) and not isinstance(failure, DeadlineExceededError):
            raise LaterError(task_error(failure), keeps_trying=True)
        if not result_lost(failure):
            raise task_error(failure)
        # Whoever held the task before may have got it, and be about to say so.
        if self.has_outcome:
            raise SteppedBackError
        if not self._plan.resubmit_uncertain:
            raise lost(failure)
        _log.warning("%s: a job whose result is lost is submitted again", endpoint.info.name)
        self._note(Record())
        raise LaterError(task_error(failure))

    def _result_of(self, job: Job[Any, Any]) -> OutputModel:
        """Wait for the job's result, looking after each poll whether somebody wants it cancelled."""
        identity = {"job_id": job.id, "endpoint": job.endpoint}
        reporter = results.Reporter(self._write_state, identity, self._plan.progress_interval)
        until = self._record.submitted_at + self._plan.timeout
        try:
            reporter.submitted()
            for event in job.events(timeout=max(until - time.time(), 0.0)):
                if job.ended:
                    break  # whatever else happens, the result is here
                self._lease.confirm()
                if self.cancel_wanted():
                    return _canceled(job)
                reporter.progress(event)
            output: OutputModel = job.result(timeout=0.0)
            return output
        except DeadlineExceededError as error:
            _cancel_quietly(job)
            # The answer to the cancelling may hold the result, which nobody could have again.
            if not job.ended:
                raise error from None
            late: OutputModel = job.result()
            return late
        except (AkiError, SteppedBackError, CanceledError):
            raise
        except Exception:
            if not job.ended:
                _cancel_quietly(job)
            raise

    def _keep(
        self, endpoint: Endpoint[..., Any, Any], job: Job[Any, Any], output: OutputModel
    ) -> None:
        """Note a result, of which this is the only copy, whoever else holds the task by now."""
        fields = results.as_fields(output)
        try:
            self._note(Record("got", job.id, self._record.submitted_at, fields))
        except SteppedBackError:
            _log.warning("%s: a task was taken over while its result came", endpoint.info.name)
        except Exception as error:
            engine.require_bearable(error)
            _log.warning("a result could not be noted: %s", type(error).__name__)

    def _write_state(self, state: str, meta: dict[str, Any]) -> None:
        # What is noted of the task is enough to go on; a job that is paid for is not given up for a report.
        try:
            self._task.update_state(task_id=self._id, state=state, meta=meta)
        except Exception as error:
            engine.require_bearable(error)
            _log.warning("the state of a task could not be reported: %s", type(error).__name__)


def _canceled(job: Job[Any, Any]) -> OutputModel:
    """Cancel the job; the result where it was done all the same, because it is paid for."""
    try:
        job.cancel(wait=_CANCEL_SECONDS)
        if job.ended:
            output: OutputModel = job.result()
            return output
    except JobCanceledError:
        raise CanceledError("cancelled on the hub") from None
    except AkiError as error:
        raise CanceledError(f"cancelled, and the job ended so: {error.message}") from None
    raise CanceledError("the hub was asked to cancel the job, and has not said that it did")


def _cancel_quietly(job: Job[Any, Any]) -> None:
    """Ask the hub to cancel a job; that it cannot be asked is not what the caller has to report."""
    try:
        job.cancel()
    except AkiError as error:
        _log.warning("%s: a job could not be cancelled: %s", job.endpoint, error)
