"""A Redis server and Celery workers as real processes, for the length of a test.

Owns the processes and nothing of what they do. Every process is in a group of its own, and ends with its owner.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from support.patience import until

HERE = Path(__file__).parent


class Process:
    """A process in a group of its own, so that it and its children can be killed as one."""

    def __init__(self, command: list[str], log: Path, environment: Mapping[str, str]) -> None:
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=dict(environment),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process, which leads its group."""
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Kill it and its children, as a machine that loses its power."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self, seconds: float = 20.0) -> None:
        """Ask it to end; kill what is left."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        self.kill()


class Redis:
    """Debian's Redis on a free port, with a folder of its own.

    Args:
        folder: For its log and its data.
        durable: Whether it has its data again when it comes back; else they are in memory alone.
    """

    program = shutil.which("redis-server")

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        assert self.program
        self.port = free_port()
        self._log = folder / "redis.log"
        folder.mkdir(parents=True, exist_ok=True)
        kept = ["--appendonly", "yes" if durable else "no", "--appendfsync", "always"]
        place = ["--port", str(self.port), "--dir", str(folder), "--bind", "127.0.0.1"]
        self._command = [self.program, *place, "--save", "", *kept]
        self.start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, for the first time or again."""
        self._process = Process(self._command, self._log, os.environ)
        until(lambda: answers(self.port), "Redis answers")

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


class Worker(Process):
    """A Celery worker of `background.tasks`, with prefork processes.

    Args:
        settings: What `background.tasks` reads from its environment, the hub's address among it.
        log: Where its log lines go.
        concurrency: How many tasks it works at.
    """

    def __init__(self, settings: Mapping[str, str], log: Path, concurrency: int = 2) -> None:
        self.log = log
        self._told_before = log.read_text("utf-8").count(_READY) if log.exists() else 0
        path = os.pathsep.join([str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, **settings, "PYTHONPATH": path}
        command = [sys.executable, "-m", "celery", "-A", "background.tasks", "worker"]
        options = ["--loglevel=INFO", f"--concurrency={concurrency}", "--without-mingle"]
        names = ["--without-gossip", f"--hostname=w{time.monotonic_ns()}@test"]
        super().__init__([*command, *options, *names], log, environment)

    def until_ready(self) -> Self:
        """Wait until it takes tasks."""
        until(lambda: self.told().count(_READY) > self._told_before, "the worker is ready")
        return self

    @property
    def child(self) -> int:
        """The one process of its pool."""
        (pid,) = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text("utf-8").split()
        return int(pid)

    def told(self) -> str:
        """Return its log."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def __enter__(self) -> Self:
        return self.until_ready()

    def __exit__(self, *_: object) -> None:
        self.stop()


_READY = " ready."


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Whether somebody takes connections on a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), 5.0).close()
    except OSError:
        return False
    return True


def answers(port: int) -> bool:
    """Whether a Redis on a port of this machine has loaded its data."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5.0) as caller:
            caller.sendall(b"PING\r\n")
            return caller.recv(64).startswith(b"+PONG")
    except OSError:
        return False
