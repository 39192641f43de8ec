"""The bodies of the hub's answers, and how the worker behind an endpoint presents itself in them.

Owns which keys an answer has and where its figures come from. Must not decide which answer a request gets.
"""

from dataclasses import dataclass

from aki_sandbox.catalogue import HubEndpoint
from aki_sandbox.hub.jobs import JobBook, Queue, SandboxJob
from aki_sandbox.jsontypes import Json, JsonObject
from aki_sandbox.workers.outputs import outputs, progress_data, progress_figure


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: the HTTP status and the JSON body."""

    status: int
    body: JsonObject


def refusal(endpoint: HubEndpoint, status: int, error: Json) -> Reply:
    """Return a refusal: its error is a list of sentences, or a single one where servers do so."""
    return Reply(status, {"success": False, "error": error, "ep_version": endpoint.version})


def identity(job: SandboxJob) -> JsonObject:
    """Return what every answer about a job begins with."""
    return {"success": True, "job_id": job.id, "ep_version": job.endpoint.version}


def result(job: SandboxJob, now: float) -> JsonObject:
    """Return the result of an ended job."""
    made = identity(job) | outputs(job.work, job.steps_done(now)) | figures(job)
    # Live hubs add this figure to chats, and declare it nowhere.
    if "prompt_length" in made:
        made["num_cached_tokens"] = job.work.cached_tokens
    return made


def running(job: SandboxJob, jobs: JobBook, now: float) -> Reply:
    """Return the answer about a job that waits or is processed."""
    return Reply(200, identity(job) | _standing(job, jobs, now))


def lapsed(job: SandboxJob, jobs: JobBook, now: float) -> Reply:
    """Return the answer about a job that lapsed: an error, with the progress there was."""
    reply = refusal(job.endpoint, 400, f"Job {job.id} on {job.endpoint.name} lapsed!")
    return Reply(400, reply.body | _standing(job, jobs, now))


def details(endpoint: HubEndpoint, queue: Queue) -> Reply:
    """Return the details document, with the figures of this moment in their usual places."""
    document: JsonObject = dict(endpoint.document)
    description = document.pop("parameter_description")
    category = document.pop("category", None)
    workers = _online(endpoint, queue)
    figures_of_the_moment: JsonObject = {
        "max_queue_length": queue.max_length,
        "free_queue_slots": queue.max_length - len(queue.waiting),
        "category": category,
        "num_active_workers": len(workers),
        "num_workers": len(workers),
        "workers": workers,
        "parameter_description": description,
    }
    return Reply(200, document | figures_of_the_moment)


def _standing(job: SandboxJob, jobs: JobBook, now: float) -> JsonObject:
    queue, step = jobs.queue(job.endpoint, now), job.steps_done(now)
    progress: JsonObject = {
        "queue_position": queue.position(job),
        "estimate": queue.estimate(job, now),
        "num_workers_online": 1 if queue.slots else 0,
    }
    if step:
        reported: JsonObject = {
            "job_id": job.id,
            "progress": progress_figure(job.work, step),
            "progress_data": progress_data(job.work, step),
            "auth": _name(job.endpoint),
            "auth_key": AUTH_KEY,
            "job_type": job.endpoint.name,
        }
        progress = reported | progress
    else:  # only a worker that has reported is named
        progress |= {"progress": 0, "progress_data": {}}
    return {"job_state": job.state.value, "progress": progress}


AUTH_KEY = "sandbox-worker-auth-key"
"""What the worker authenticates with. Real servers leak it in progress answers, so this one does:
a client has to drop it."""


def _online(endpoint: HubEndpoint, queue: Queue) -> list[Json]:
    """Return the `workers` of a details document: one worker with all the slots, or none."""
    if not queue.slots:
        return []
    return [
        {
            "name": _name(endpoint),
            "state": "processing" if queue.busy else "waiting",
            "max_batch_size": queue.slots,
            "free_slots": queue.slots - queue.busy,
            "gpu_name": "SandboxGPU",
            "num_gpus": 1,
            "framework": "none",
            "framework_version": "0",
            "pytorch_version": "0",
            "model": {
                "label": f"sandbox-{endpoint.name}",
                "quantization": "fp8",
                "size": "8B",
                "family": "Sandbox",
                "type": endpoint.document.get("category"),
                "repo_name": f"sandbox/{endpoint.name}",
            },
        }
    ]


def figures(job: SandboxJob) -> JsonObject:
    """Return the times (epoch seconds) and durations (seconds) that come with a result."""
    if job.started_at is None:
        return {}
    return {
        "auth": _name(job.endpoint),
        "worker_interface_version": "sandbox",
        "start_time": job.started_at,
        "start_time_compute": job.started_at,
        "arrival_time": job.submitted_at,
        "finished_time": job.ends_at,
        "result_received_time": job.ends_at,
        "compute_duration": round(job.ends_at - job.started_at, 3),
        "total_duration": round(job.ends_at - job.submitted_at, 3),
    }


def _name(endpoint: HubEndpoint) -> str:
    return f"sandbox#0_1xSandboxGPU_{endpoint.name}"
