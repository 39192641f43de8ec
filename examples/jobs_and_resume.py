"""Submit a job, and get its result later from another process.

Run it twice: the first run submits a job, the second one waits for its result. Or give the second
one the argument `cancel`.
"""

import sys
from pathlib import Path
from typing import Any

from aki_client import Aki, Endpoint, JobError

NOTE = Path("job_id.txt")
AnyChat = Endpoint[..., Any, Any]


def submit(chat: AnyChat) -> None:
    """Submit a job and note its id."""
    job = chat.submit(
        chat_context=[{"role": "user", "content": "Write a fairy tale about a lazy dragon."}]
    )
    NOTE.touch(mode=0o600)  # whoever knows a job's id can read the job
    NOTE.write_text(job.id)
    print(f"submitted, its id is in {NOTE}; run me again for the result")


def pick_up(chat: AnyChat, *, cancel: bool) -> None:
    """Wait for the noted job, or cancel it."""
    job = chat.job(NOTE.read_text())
    if cancel:
        job.cancel(wait=10)
    try:
        print(job.result().text)
    except JobError as error:  # canceled, failed, or unknown to the hub by now
        print(error)
    NOTE.unlink()


with Aki() as aki:
    chosen = aki.llama3_chat  # or any other chat endpoint of your hub
    if NOTE.exists():
        pick_up(chosen, cancel="cancel" in sys.argv[1:])
    else:
        submit(chosen)
