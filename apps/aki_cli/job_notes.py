"""The jobs that this machine submitted and has not fetched: a file each, which only its owner can read.

A file of its own for each job needs no lock: processes that come and go at once cannot lose one another's.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from aki_runtime.errors import AkiError
from aki_runtime.files import replacing
from aki_runtime.shapes import is_object

from .catalogue import Catalogue
from .exits import CommandError
from .settings import PACKAGE, standing
from .terminal import say, shell_line

E = TypeVar("E")

FORMAT = 1
KEPT_SECONDS = 340.0
"""How long hubs keep a finished result for certain: a public one still had it then, and no longer after 366 s."""
LAPSES = "a finished result lapses about 6 minutes after the job's end"
FORGOTTEN_SECONDS = 24 * 3600.0
"""After this no hub has the job any more: what waits lapses after an hour, and what has ended is forgotten soon."""
_SECONDS_BETWEEN_WRITES = 30.0


@dataclass
class JobNote:
    """A job that is on a hub, and whose result nobody has fetched.

    Attributes:
        package: The generated package that it belongs to.
        server: The hub.
        layout: The hub's routes where they were named; None for those of the package.
        endpoint: What the command line calls the endpoint.
        job_id: The job. Whoever knows it can read the job: treat it as a secret.
        submitted: When, in seconds since 1970.
        alive: When it was last known not to have ended.
    """

    package: str
    server: str
    layout: str | None
    endpoint: str
    job_id: str
    submitted: float
    alive: float

    @property
    def seconds_left(self) -> float:
        """How long its result can be had for certain; 0 or less where it may have lapsed."""
        return self.alive + KEPT_SECONDS - time.time()

    def write(self) -> None:
        """Keep it, or say that this cannot be done: no call fails for it."""
        place = folder()
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Made with its mode: a file that is narrowed afterwards was open to others for a moment.
            with replacing(_file(self.server, self.job_id)) as part:
                part.touch(0o600, exist_ok=False)
                part.write_text(json.dumps({"format": FORMAT, **asdict(self)}), "utf-8")
        except OSError as error:
            say(f"`aki jobs` will not list this job: {place}: {error.strerror or error}")

    def forget(self) -> None:
        """Drop it: its result was fetched, or there will be none."""
        with suppress(OSError):
            _file(self.server, self.job_id).unlink()

    def lives(self) -> None:
        """Note that the job had not ended just now."""
        self.alive = time.time()
        self.write()

    def watching(self, events: Iterable[E]) -> Iterator[E]:
        """Pass events on, each of which says that the job has not ended."""
        for event in events:
            if time.time() - self.alive > _SECONDS_BETWEEN_WRITES:
                self.lives()
            yield event

    @contextmanager
    def until_ended(self, job: Any, *, is_cancelled: bool) -> Generator[None, None, None]:
        """Keep the note until the job has ended; where the block leaves a job, say so.

        Args:
            job: Its handle.
            is_cancelled: Whether whoever leaves the block before has the job cancelled; the hub may be deaf to it.
        """
        self.write()
        try:
            yield
        except AkiError as error:
            # A hub that fails may have been deaf to the cancelling too, and one that heard it may end the job as done.
            if not job.ended:
                raise error.with_hint(
                    self.left("the job may go on" if is_cancelled else "")
                ) from None
            raise
        except (KeyboardInterrupt, OSError):
            if is_cancelled:
                self.forget()
            raise
        finally:
            if job.ended:
                self.forget()

    def left(self, beginning: str) -> str:
        """Say that the job is left on the hub, for how long, and how to fetch its result."""
        said = f"{beginning}; " if beginning else ""
        return f"{said}{LAPSES}; this fetches it, once:\n  {self.command}"

    @property
    def command(self) -> str:
        """The line that fetches its result, with the options that neither variables nor pyproject.toml hold."""
        words = ["aki"]
        hub: Mapping[str, Any] = {}
        with suppress(CommandError):  # a package that is not here any more
            hub = Catalogue(self.package).hub
        if self.package != (standing("package") or PACKAGE):
            words += ["--package", self.package]
        # The address of a hub may be written in several ways; a note has the one that requests go to.
        server = standing("server") or hub.get("server")
        if str(server).rstrip("/").removesuffix("/api") != self.server:
            words += ["--server", self.server]
        if self.layout != standing("layout"):
            words += ["--layout", self.layout or str(hub.get("layout"))]
        return shell_line(*words, "job", self.endpoint, self.job_id)


def find_note(server: str, job_id: str) -> JobNote | None:
    """Return the note of a job; None where there is none."""
    note = _read(_file(server, job_id))
    return note if isinstance(note, JobNote) else None


def all_notes() -> list[JobNote]:
    """Return all notes, oldest first; say how many cannot be read, and drop what no hub has any more."""
    try:
        read = [_read(path) for path in folder().glob("*.json")]
    except OSError:
        read = []
    others = sorted({other for other in read if isinstance(other, str)})
    if others:
        say(
            f"{folder()} has jobs in another format ({', '.join(others)}), which another version of aki lists"
        )
    kept: list[JobNote] = []
    for note in read:
        if isinstance(note, JobNote):
            if time.time() - note.alive > FORGOTTEN_SECONDS:
                note.forget()
            else:
                kept.append(note)
    return sorted(kept, key=lambda note: note.submitted)


def folder() -> Path:
    """Return where notes are."""
    return state_folder() / "jobs"


def state_folder() -> Path:
    """Return the place that the system has for what programs remember."""
    named = os.environ.get("XDG_STATE_HOME", "")
    if Path(named).is_absolute():
        base = Path(named)
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path.home() / ".local" / "state"
    return base / "aki"


def _file(server: str, job_id: str) -> Path:
    # The name of a file is seen where its content is not, as in backups: it tells nothing of the id.
    return folder() / f"{hashlib.sha256(f'{server} {job_id}'.encode()).hexdigest()[:24]}.json"


def _read(path: Path) -> JobNote | str | None:
    """Read a note; its format where that is another one, None where there is none to be read."""
    try:
        document: object = json.loads(path.read_text("utf-8"))
        if not is_object(document):
            return None
        if (found := document.pop("format", None)) != FORMAT:
            return str(found)[:20]
        return JobNote(**document)
    except (OSError, ValueError, TypeError):
        return None
