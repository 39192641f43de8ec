"""How the worker behind an endpoint presents itself.

Owns its name, its entry in a details document and the figures it adds to a result. Must not know
what it makes of a job.
"""

from aki_sandbox.catalogue import Endpoint
from aki_sandbox.hub.jobs import SandboxJob
from aki_sandbox.jsontypes import Json, JsonObject

AUTH_KEY = "sandbox-worker-auth-key"
"""What the worker authenticates with. Real servers leak it in progress answers, so this one does:
a client has to drop it."""


def online(endpoint: Endpoint, slots: int, busy: int) -> list[Json]:
    """Return the `workers` of a details document: one worker with all the slots, or none."""
    if not slots:
        return []
    return [
        {
            "name": _name(endpoint),
            "state": "processing" if busy else "waiting",
            "max_batch_size": slots,
            "free_slots": slots - busy,
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


def identification(endpoint: Endpoint) -> JsonObject:
    """Return what progress answers tell of the worker once it has reported."""
    return {"auth": _name(endpoint), "auth_key": AUTH_KEY, "job_type": endpoint.name}


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


def _name(endpoint: Endpoint) -> str:
    return f"sandbox#0_1xSandboxGPU_{endpoint.name}"
