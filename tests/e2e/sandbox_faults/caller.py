"""Somebody who calls a sandbox without our client, so that nothing is repaired on the way."""

import time

import httpx
from aki_sandbox.server import SandboxServer

ENDPOINT = "llama3_chat"
LONG = "hi [[dur=60 steps=6000]]"
RUNNING_FOR = 0.05


class Caller:
    """Somebody who calls a sandbox, over one connection unless it breaks."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        # There is nothing to verify, and loading certificates takes longer than most tests.
        self.http = httpx.Client(base_url=server.url, timeout=60, verify=False)  # noqa: S501

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *error: object) -> None:
        self.http.close()

    def list(self) -> httpx.Response:
        return self.http.get("/api/endpoints")

    def submit(self, prompt: str = "hi", endpoint: str = ENDPOINT) -> httpx.Response:
        payload = {"key": "any", "prompt_input": prompt, "wait_for_result": False}
        return self.http.post(f"/api/call/{endpoint}", json=payload)

    def job(self, prompt: str = "hi", endpoint: str = ENDPOINT) -> str:
        return self.submit(prompt, endpoint).json()["job_id"]

    def poll(self, job_id: str, endpoint: str = ENDPOINT, **extra: object) -> httpx.Response:
        payload = {"key": "any", "job_id": job_id, **extra}
        return self.http.post(f"/api/progress/{endpoint}", json=payload)

    def running_job(self) -> str:
        """Return a job that has reported some text and will not end during the test."""
        job_id = self.job(LONG)
        time.sleep(RUNNING_FOR)
        return job_id

    def ended_job(self, prompt: str = "hi [[dur=0.001]]") -> str:
        """Return a job whose result nobody has fetched."""
        job_id = self.job(prompt)
        time.sleep(0.01)
        return job_id
