"""The rules of a hub: what it answers to each kind of request.

Owns the order of checks and the counters that tests read. Answers are values (`Reply`), so it must
not know about HTTP frameworks; time comes from the clock it is given.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aki_sandbox.catalogue import Catalogue, HubEndpoint, load_catalogue
from aki_sandbox.hub.billing import Bill
from aki_sandbox.hub.jobs import JobBook, PollLog, SandboxJob, WireState
from aki_sandbox.hub.replies import Reply, details, identity, lapsed, refusal, result, running
from aki_sandbox.jsontypes import Json
from aki_sandbox.settings import HubSettings
from aki_sandbox.validation.validate import validate_inputs
from aki_sandbox.workers.outputs import spoken
from aki_sandbox.workers.prompts import PrefixCache
from aki_sandbox.workers.work import AlterWork, plan_work

_KEY_NOT_VALID = "Key not valid"
_KEY_MISSING = "API Key missing and client session authentication key not registered in API Server"
REQUESTS_REMEMBERED = 1000
_TRANSPORT_PARAMETERS = frozenset({"key", "client_session_auth_key", "wait_for_result"})


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request that reached the hub."""

    method: str
    path: str


class SandboxHub:
    """A stand-in for AKI.IO with jobs, queues and a catalogue of its own.

    Attributes:
        catalogue: The endpoints, by name.
        settings: How the hub behaves.
        requests: The latest requests, oldest first.
        request_count: How many requests were seen in all.
        jobs: The jobs it remembers.
        jobs_by_endpoint: How many jobs each endpoint accepted.
        polls: How often each job was asked after, and whether ever twice at a time.
        is_closing: Whether callers who wait for a result shall be let go.
    """

    def __init__(
        self,
        catalogue: Catalogue | None = None,
        settings: HubSettings | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open a hub.

        Args:
            catalogue: What to offer; None takes the catalogue that comes with the package.
            settings: How to behave.
            clock: Returns the seconds since the epoch.
        """
        self.catalogue = load_catalogue() if catalogue is None else catalogue
        self.settings = settings or HubSettings()
        self.requests: deque[SeenRequest] = deque(maxlen=REQUESTS_REMEMBERED)
        self.request_count = 0
        self.jobs_by_endpoint: Counter[str] = Counter()
        self.polls = PollLog()
        self.is_closing = False
        self._clock = clock
        self._bill = Bill(self.settings)
        self.jobs = JobBook(self.settings, self._bill.add)
        self._cache = PrefixCache()

    @property
    def jobs_submitted(self) -> int:
        """How many jobs were accepted in all."""
        return self.jobs_by_endpoint.total()

    def saw(self, method: str, path: str) -> None:
        """Note a request."""
        self.requests.append(SeenRequest(method, path))
        self.request_count += 1

    def lapse(self, job_id: str) -> None:
        """Let a job lapse now, as when its worker is seen offline. A final state stays."""
        now = self._clock()
        job = self.jobs.find(job_id, now)
        if job:
            self.jobs.lapse(job, now)

    def endpoint_list(self, key: str | None = None) -> Reply:
        """Answer which endpoints there are. The key may be left out, but not be a bad one."""
        if key is not None and not self.settings.accepts(key):
            return Reply(401, {"error": _KEY_NOT_VALID})
        return Reply(200, {"endpoints": list(self.catalogue)})

    def details(self, name: str, key: str | None = None) -> Reply | None:
        """Answer the details document of an endpoint; None when there is no such endpoint."""
        endpoint = self.catalogue.get(name)
        if endpoint is None:
            return None
        if key is not None and not self.settings.accepts(key):
            return Reply(401, {"error": _KEY_NOT_VALID})
        return details(endpoint, self.jobs.queue(endpoint, self._clock()))

    def validate_key(self, key: str | None) -> Reply:
        """Answer whether a key is valid; a bad one is an answer, not an HTTP error."""
        valid = key is not None and self.settings.accepts(key)
        return Reply(200, {"success": valid, "error": None if valid else _KEY_NOT_VALID})

    def bill(self, key: str | None) -> Reply:
        """Answer what a key has used and owes, of the jobs that have ended; no real hub has such a route."""
        if key is None or not self.settings.accepts(key):
            return Reply(401, {"error": _KEY_NOT_VALID})
        self.jobs.advance_all(self._clock())
        return Reply(200, self._bill.of(key))

    def start(
        self, name: str, payload: Mapping[str, Json], alter: AlterWork | None = None
    ) -> SandboxJob | Reply:
        """Accept a call as a job, or say why not.

        Args:
            name: The endpoint.
            payload: What the caller sent.
            alter: Changes the work that the call leads to; None leaves it as it is.

        Raises:
            KeyError: There is no such endpoint.
        """
        endpoint = self.catalogue[name]
        queue = self.jobs.queue(endpoint, self._clock())
        if len(queue.waiting) >= queue.max_length:
            return refusal(endpoint, 400, f"Job queue reached max length {queue.max_length}!")
        # A full queue is said before a bad key, as the real server does.
        denied = self._denied(endpoint, payload)
        if denied:
            return denied
        # The parameters of the transport are let through where the document does not list them.
        undeclared = _TRANSPORT_PARAMETERS - endpoint.inputs.keys()
        inputs, refusals = validate_inputs(
            endpoint.inputs,
            {given: value for given, value in payload.items() if given not in undeclared},
            public_server_defects=self.settings.public_server_defects,
        )
        if refusals:
            return refusal(endpoint, 400, list(refusals))
        work = plan_work(endpoint, inputs, self.settings.job_seconds, self._cache)
        self.jobs_by_endpoint[name] += 1
        key = str(payload["key"])  # whose it is, was asked above
        return self.jobs.submit(endpoint, alter(work) if alter else work, key, self._clock())

    def submit(
        self, name: str, payload: Mapping[str, Json], alter: AlterWork | None = None
    ) -> Reply:
        """Answer a call that does not wait for its result; what is given is that of `start`."""
        job = self.start(name, payload, alter)
        return job if isinstance(job, Reply) else Reply(200, identity(job))

    def progress(self, name: str, payload: Mapping[str, Json]) -> Reply:
        """Answer how a job stands, handing out the result of an ended one once.

        Raises:
            KeyError: There is no such endpoint.
        """
        endpoint = self.catalogue[name]
        # No key is asked for: whoever knows a job's id can read the job.
        job_id = payload.get("job_id")
        if not isinstance(job_id, str) or not job_id:
            return refusal(endpoint, 402, ["No job_id given"])
        now = self._clock()
        job = self.jobs.find(job_id, now)
        # The id of another endpoint's job is as unknown as any.
        if job is None or job.endpoint is not endpoint:
            return refusal(
                endpoint, 402, [f"Client has no active request with this job id {job_id}"]
            )
        # The answer is from before the cancelling: it may hold the result, which is handed out once.
        reply = self._standing(job, now)
        if payload.get("cancel") is True and self.settings.honour_cancel:
            self.jobs.cancel(job, now)
        return reply

    def result(self, job: SandboxJob) -> Reply | None:
        """Answer a call that waits for its result; None while the job has not ended."""
        now = self._clock()
        if self.jobs.find(job.id, now) is None:
            return refusal(job.endpoint, 400, f"Job {job.id} on {job.endpoint.name} lapsed!")
        if not job.ended:
            return None
        if job.state is WireState.LAPSED:
            return lapsed(job, self.jobs, now)
        job.handed_out = True
        return Reply(200, result(job, now))

    def spoken_so_far(self, job: SandboxJob) -> tuple[str, str]:
        """Return the thoughts and the words of a text model that a job has reported."""
        now = self._clock()
        self.jobs.find(job.id, now)
        return spoken(job.work, job.steps_done(now))

    def _denied(self, endpoint: HubEndpoint, payload: Mapping[str, Json]) -> Reply | None:
        key = payload.get("key")
        if key is None:
            return refusal(endpoint, 401, [_KEY_MISSING])
        if not isinstance(key, str) or not self.settings.accepts(key):
            return refusal(endpoint, 401, [_KEY_NOT_VALID])
        if endpoint.name in self.settings.gated:
            return refusal(endpoint, 402, [f"Client not authorized for endpoint {endpoint.name}!"])
        return None

    def _standing(self, job: SandboxJob, now: float) -> Reply:
        if job.state is WireState.LAPSED:
            return lapsed(job, self.jobs, now)
        if not job.ended:
            return running(job, self.jobs, now)
        body = identity(job)
        # A job that was cancelled before its first step has nothing to hand out.
        if not job.handed_out and job.steps_done(now):
            body["job_result"] = result(job, now)
            job.handed_out = True
        body["job_state"] = job.state.value
        return Reply(200, body)
