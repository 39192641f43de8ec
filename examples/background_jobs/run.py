"""Start everything on this machine: `python examples/background_jobs/run.py`, and Ctrl-C ends it.

The hub is the sandbox where neither AKI_API_KEY nor AKI_API_SERVER is set. Messages go through files, or through
Redis with BROKER_URL=redis://localhost:6379/0.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import uvicorn
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings

HERE = Path(__file__).parent
CONCURRENCY = 8
PATIENCE = 3.0


@contextmanager
def worker(environment: Mapping[str, str]) -> Iterator[None]:
    """Run a Celery worker. Its tasks mostly wait, so that threads do."""
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "tasks", "worker"]
    options = ["--pool=threads", f"--concurrency={CONCURRENCY}", "--loglevel=WARNING"]
    process = subprocess.Popen(  # noqa: S603 all of it is written here
        [*command, *options],
        cwd=HERE,
        env={**os.environ, **environment},
        start_new_session=True,  # Ctrl-C is for us, who then end the worker
    )
    try:
        yield
    finally:
        for last_word in (signal.SIGTERM, signal.SIGKILL):
            process.send_signal(last_word)
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
                break


def main() -> None:
    """Start the hub where it is needed, the worker and the web server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="where to listen (8000)")
    port = parser.parse_args().port
    # Whoever ends this process ends all that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with ExitStack() as stack:
        stack.enter_context(suppress(KeyboardInterrupt))
        for_worker: dict[str, str] = {}
        if not os.environ.get("AKI_API_KEY") and not os.environ.get("AKI_API_SERVER"):
            hub = stack.enter_context(SandboxServer(settings=HubSettings(job_seconds=6)))
            for_worker = {"AKI_API_SERVER": hub.url, "AKI_API_KEY": "any"}
            print(f"No AKI_API_KEY: the sandbox at {hub.url} paints the pictures.")
        if "JOBS_FOLDER" not in os.environ:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="background-jobs-"))
            os.environ["JOBS_FOLDER"] = folder
        stack.enter_context(worker(for_worker))
        os.environ.pop("AKI_API_KEY", None)  # the web server does without it
        sys.path.insert(0, str(HERE))
        print(f"Open http://127.0.0.1:{port} (Ctrl-C ends it).", flush=True)
        uvicorn.run("web:app", host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
