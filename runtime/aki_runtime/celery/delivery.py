"""One delivery of a task, from the message to its outcome. A broker may make several of one task, even at once."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..client.endpoint import Endpoint
from ..client.sync_client import SyncClient
from ..errors import AkiError, ResultGoneError
from ..jobs.sync_job import Job
from ..models.base import OutputModel
from . import engine, results
from .claims import Claims, Record
from .clients import ClientFactory, client_of
from .failures import SteppedBackError, StoringFailedError, task_error, uncertain
from .following import CanceledError, follow
from .lease import Lease
from .reports import Reporter
from .submitting import cancel_quietly, signals_later, submit

_log = logging.getLogger("aki_client")
_REVOKE_SECONDS = 2.0


@dataclass(frozen=True)
class Plan:
    """How the tasks of one endpoint are carried out.

    Attributes:
        endpoint: The endpoint's name in Python.
        client: Makes the client of a worker process.
        claims: Returns where claims are kept.
        store: Keeps media; None leaves them in the result as data URIs.
        timeout: Seconds from the submit after which the job is given up.
        progress_interval: Seconds between polls of a running job, at the most.
        lease: Seconds after which a task whose worker has fallen silent is taken over.
        resubmit_uncertain: Whether a job that may or may not have been made is submitted again.
    """

    endpoint: str
    client: ClientFactory
    claims: Callable[[], Claims]
    store: results.Store | None
    timeout: float
    progress_interval: float
    lease: float
    resubmit_uncertain: bool

    def open_endpoint(self) -> Endpoint[..., Any, Any]:
        """Return the endpoint of this process's client."""
        client: SyncClient = client_of(self.client)
        endpoint: Endpoint[..., Any, Any] = getattr(client, self.endpoint)
        return endpoint.with_options(progress_interval=self.progress_interval, timeout=self.timeout)


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
        return engine.status(self._task, self._id) in engine.READY

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do, even where the backend has forgotten the outcome."""
        return self._record.phase == "ended" or self.has_outcome

    def open(self) -> bool:
        """Take the task; False where another delivery is at it."""
        record = self._lease.take()
        self._record = record or self._record
        return record is not None

    def run(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Bring the task to its end from wherever earlier deliveries left it, and return its result.

        Raises:
            BusyError: There is no room now; the task may be tried again.
            StoringFailedError: The storage refused a medium; what is noted of the task holds the result.
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
            _log.warning("%s: an output could not be stored: %r", endpoint.info.name, error)
            raise StoringFailedError(error) from error

    def close(self) -> None:
        """Let go of the task, which has ended if its outcome is in the result backend."""
        try:
            # A result that could not be stored is kept: a task of the same id can still store it.
            if self._record.phase == "got":
                ended = engine.status(self._task, self._id) == "SUCCESS"
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
                    cancel_quietly(self._plan.open_endpoint().job(self._record.job_id))
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

    def _doubt(self, endpoint: str) -> None:
        if not self._plan.resubmit_uncertain:
            raise uncertain(endpoint, "a worker died while it submitted the job")
        _log.warning("%s: a job that may have been made is submitted again", endpoint)
        self._note(Record())

    def _submit(self, endpoint: Endpoint[..., Any, Any], parameters: Mapping[str, Any]) -> None:
        if self.cancel_wanted():
            raise CanceledError("cancelled before it was submitted")
        with signals_later():
            self._record = submit(
                endpoint,
                parameters,
                self._lease,
                resubmit_uncertain=self._plan.resubmit_uncertain,
            )

    def _follow(self, endpoint: Endpoint[..., Any, Any], job: Job[Any, Any]) -> None:
        identity = {"job_id": job.id, "endpoint": endpoint.info.name}
        reporter = Reporter(self._write_state, identity, self._plan.progress_interval)
        try:
            output = follow(
                job,
                self._lease,
                reporter,
                until=self._record.submitted_at + self._plan.timeout,
                cancel_wanted=self.cancel_wanted,
            )
        except ResultGoneError as error:
            # Whoever held the task before may have got it, and be about to say so.
            if self.has_outcome:
                raise SteppedBackError from None
            raise task_error(error) from None
        except AkiError as error:
            raise task_error(error) from None
        except BaseException:
            # The process is ended, or a time limit strikes; the last answer may have held the result.
            if job.ended and job.status() == "done":
                self._keep(endpoint, job, job.result())
            raise
        self._keep(endpoint, job, output)

    def _keep(
        self, endpoint: Endpoint[..., Any, Any], job: Job[Any, Any], output: OutputModel
    ) -> None:
        """Note a result, of which this is the only copy, whoever else holds the task by now."""
        fields = results.as_fields(output)
        self._record = Record("got", job.id, self._record.submitted_at, fields)
        try:
            self._lease.note(self._record)
        except SteppedBackError:
            _log.warning("%s: a task was taken over while its result came", endpoint.info.name)
        except Exception as error:
            engine.require_bearable(error)
            _log.warning("a result could not be noted: %s", type(error).__name__)

    def _note(self, record: Record) -> None:
        self._lease.note(record)
        self._record = record

    def _write_state(self, state: str, meta: dict[str, Any]) -> None:
        # What is noted of the task is enough to go on; a job that is paid for is not given up for a report.
        try:
            self._task.update_state(task_id=self._id, state=state, meta=meta)
        except Exception as error:
            engine.require_bearable(error)
            _log.warning("the state of a task could not be told: %s", type(error).__name__)
