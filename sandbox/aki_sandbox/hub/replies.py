"""The bodies of the hub's answers.

Owns which keys an answer has and where its figures come from. Must not decide which answer a
request gets.
"""

from dataclasses import dataclass

from aki_sandbox.catalogue import Endpoint
from aki_sandbox.hub.jobbook import JobBook
from aki_sandbox.hub.jobs import SandboxJob
from aki_sandbox.hub.queues import Occupancy
from aki_sandbox.hub.worker import figures, identification, online
from aki_sandbox.jsontypes import Json, JsonObject
from aki_sandbox.workers.outputs import outputs, progress_data, progress_figure


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: the HTTP status and the JSON body."""

    status: int
    body: JsonObject


def refusal(endpoint: Endpoint, status: int, error: Json) -> Reply:
    """Return a refusal: its error is a list of sentences, or a single one where servers do so."""
    return Reply(status, {"success": False, "error": error, "ep_version": endpoint.version})


def identity(job: SandboxJob) -> JsonObject:
    """Return what every answer about a job begins with."""
    return {"success": True, "job_id": job.id, "ep_version": job.endpoint.version}


def result(job: SandboxJob, now: float) -> JsonObject:
    """Return the result of an ended job."""
    return identity(job) | outputs(job.work, job.steps_done(now)) | figures(job)


def running(job: SandboxJob, jobs: JobBook, slots: int, now: float) -> Reply:
    """Return the answer about a job that waits or is processed."""
    state: JsonObject = {
        "job_state": job.state.value,
        "progress": _progress(job, jobs, slots, now),
    }
    return Reply(200, identity(job) | state)


def lapsed(job: SandboxJob, jobs: JobBook, slots: int, now: float) -> Reply:
    """Return the answer about a job that lapsed: an error, with the progress there was."""
    reply = refusal(job.endpoint, 400, f"Job {job.id} on {job.endpoint.name} lapsed!")
    reply.body["job_state"] = job.state.value
    reply.body["progress"] = _progress(job, jobs, slots, now)
    return reply


def details(endpoint: Endpoint, occupancy: Occupancy, slots: int) -> Reply:
    """Return the details document, with the figures of this moment in their usual places."""
    document: JsonObject = dict(endpoint.document)
    description = document.pop("parameter_description")
    category = document.pop("category", None)
    workers = online(endpoint, slots, occupancy.processed)
    figures_of_the_moment: JsonObject = {
        "max_queue_length": occupancy.max_waiting,
        "free_queue_slots": occupancy.max_waiting - occupancy.waiting,
        "category": category,
        "num_active_workers": len(workers),
        "num_workers": len(workers),
        "workers": workers,
        "parameter_description": description,
    }
    return Reply(200, document | figures_of_the_moment)


def _progress(job: SandboxJob, jobs: JobBook, slots: int, now: float) -> JsonObject:
    queue: JsonObject = {
        "queue_position": jobs.position(job),
        "estimate": jobs.estimate(job, now),
        "num_workers_online": 1 if slots else 0,
    }
    step = job.steps_done(now)
    if not step:
        return {**queue, "progress": 0, "progress_data": {}}
    return {
        "job_id": job.id,
        "progress": progress_figure(job.work, step),
        "progress_data": progress_data(job.work, step),
        **identification(job.endpoint),
        **queue,
    }
