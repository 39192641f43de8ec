"""Jobs of a hub as a caller asks for them."""

from typing import Any

from aki_sandbox.hub.hub import SandboxHub

KEY = {"key": "any"}


def submit(
    hub: SandboxHub, prompt: str = "hi", endpoint: str = "llama3_8b_chat", **inputs: Any
) -> str:
    """Submit a job that must be taken; return its id."""
    name = "prompt_input" if endpoint.endswith("chat") else "prompt"
    reply = hub.submit(endpoint, {**KEY, name: prompt, **inputs})
    assert reply.status == 200
    return reply.body["job_id"]


def poll(hub: SandboxHub, job_id: str, endpoint: str = "llama3_8b_chat", **extra: object) -> Any:
    """Ask how a job is; return the whole reply."""
    return hub.progress(endpoint, {**KEY, "job_id": job_id, **extra})


def state(hub: SandboxHub, job_id: str) -> str | None:
    """Return the state of a job as the hub tells it."""
    return poll(hub, job_id).body.get("job_state")
