"""The media of a batch as files in one folder, each written whole or not at all."""

import os
import re
from pathlib import Path

from ..errors import MediaError
from ..files import replacing
from ..media.objects import Media
from .errors import OutputError

_OTHER = re.compile(r"[^A-Za-z0-9_-]+")
_DIGITS = 6


class MediaFolder:
    """The folder; it is made when the first medium comes.

    Args:
        folder: Where it is.
        base: What the paths in the outputs begin at: the output's folder.
        survives_power_loss: Whether each file is on the disk before it counts as written.
    """

    def __init__(self, folder: Path, base: Path, *, survives_power_loss: bool) -> None:
        self._folder = folder
        self._base = base
        self._sync = survives_power_loss

    def keep(self, row: int, medium: Media, name: str) -> str:
        """Write a medium of a row, in place of one that an earlier try left, and return its path for the outputs.

        Raises:
            OSError: It cannot be written.
        """
        try:
            data = medium.bytes
        except MediaError:
            # It was paid for, whatever it is: the outputs hold it as it came.
            return medium.as_it_came()
        # The name of an output is the hub's, and no path is made of what a hub says.
        told = _OTHER.sub("_", name)[:60]
        path = self._folder / f"{row:0{_DIGITS}d}-{told}{medium.suffix}"
        self._folder.mkdir(parents=True, exist_ok=True)
        with replacing(path, sync=self._sync, mark="part") as part:
            part.write_bytes(data)
        return self._told(path)

    def _told(self, path: Path) -> str:
        try:
            return path.relative_to(self._base).as_posix()
        except ValueError:
            return str(path.absolute())


def require_writable(folder: Path) -> None:
    """See whether files can be made in a folder, before anything is paid for.

    Raises:
        OutputError: They cannot.
    """
    probe = folder / f".aki-batch-{os.getpid()}"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OutputError(f"{folder} cannot be written to: {error.strerror or error}") from None
