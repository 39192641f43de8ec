"""The block within which jobs are recorded, or replayed. It knows no file and no flow."""

import threading
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from ..http import drive
from ..hub import is_set
from .files import HOW_TO_RECORD, CassetteError, write
from .recording import Recorder
from .replaying import Player

_taking = threading.Lock()


class CassetteWarning(UserWarning):
    """A cassette was recorded of an endpoint that the package describes otherwise by now."""


@contextmanager
def cassette(path: str | PathLike[str], *, record: bool | None = None) -> Generator[None]:
    """Replay what was recorded, for all clients, threads and tasks of this process, within a `with` block.

        with cassette("summary.json"):
            assert summary(Aki(), "A long story") != ""

    A replay opens no connection, needs no key and waits for nothing. Calls find their recording by endpoint and
    parameters; the same call twice gets two recordings in turn. What would go through `aki.openai()` or
    `aki.anthropic()` is refused; what other processes do is neither recorded nor replayed.

    Args:
        path: The file, JSON; larger media are in a folder beside it. It holds no key, whatever the hub repeats.
        record: Whether to record anew, which pays for the jobs; defaults to AKI_RECORD (`pytest --aki-record` sets it).

    Raises:
        CassetteError: The cassette cannot be read, or something was called that is not in it; raised at the end of the
            block once more where the code within has taken it for a failure of its own.
    """
    file = Path(path)
    tape = Recorder() if (is_set("AKI_RECORD") if record is None else record) else Player(file)
    with _taking:
        if drive.tape is not None:
            raise CassetteError(f"{file} cannot be used within the block of another cassette")
        drive.tape = tape
    try:
        yield
    finally:
        drive.tape = None
        if isinstance(tape, Recorder) and tape.calls:
            write(file, tape.calls, tape.keys)
    if tape.misfit is not None:
        raise tape.misfit
    if isinstance(tape, Player) and tape.moved:
        warnings.warn(
            f"the cassette {file} is older than the package's description of "
            f"{', '.join(sorted(tape.moved))}; {HOW_TO_RECORD}",
            CassetteWarning,
            stacklevel=3,
        )
