"""The jobs of a sandbox hub, as tests look at them."""

import time

from aki_sandbox.hub.jobs import SandboxJob
from aki_sandbox.server import SandboxServer


def all_jobs(server: SandboxServer) -> list[SandboxJob]:
    """Return the jobs that a hub remembers as they stand now, oldest first."""
    book = server.hub.jobs
    known = [book.find(job_id, time.time()) for job_id in list(book._jobs)]
    return [job for job in known if job is not None]


def last_job(server: SandboxServer) -> SandboxJob:
    """Return the job that was submitted last as it stands now."""
    return all_jobs(server)[-1]
