"""What this process does while a case runs, told by the interpreter itself: files, connections, programs.

An audit hook cannot be taken away again, so there is one, which is off but for the length of a case.
"""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PATHS = {"os.mkdir": (0,), "os.rename": (0, 1), "os.remove": (0,), "os.rmdir": (0,)}
_FORBIDDEN = frozenset(
    {"os.system", "os.exec", "os.posix_spawn", "ctypes.dlopen", "webbrowser.open"}
)
_seen: list[tuple[str, tuple[object, ...]]] | None = None


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if _seen is not None and (
        event in _PATHS
        or event in _FORBIDDEN
        or event in ("open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen")
    ):
        _seen.append((event, arguments))


sys.addaudithook(_hook)


@contextmanager
def watched() -> Generator[list[tuple[str, tuple[object, ...]]], None, None]:
    """Collect what is done within the block."""
    global _seen
    events: list[tuple[str, tuple[object, ...]]] = []
    _seen = events
    try:
        yield events
    finally:
        _seen = None


def trespasses(events: list[tuple[str, tuple[object, ...]]], sandbox: Path, port: int) -> list[str]:
    """Return what was done that a generation has no business to do."""
    return [
        f"{event} {arguments}"
        for event, arguments in events
        if not _is_right(event, arguments, sandbox, port)
    ]


def _is_right(event: str, arguments: tuple[object, ...], sandbox: Path, port: int) -> bool:
    match event:
        case "open":
            flags = arguments[2] if isinstance(arguments[2], int) else 0
            return not flags & _WRITING or _is_inside(arguments[0], sandbox)
        case "socket.connect":
            return arguments[1] == ("127.0.0.1", port)
        case "socket.getaddrinfo":
            return arguments[0] in ("127.0.0.1", b"127.0.0.1") and arguments[1] == port
        case "subprocess.Popen":
            command = arguments[1]
            return isinstance(command, list) and Path(command[0]).name in ("ruff", "ruff.exe")
        case _ if event in _PATHS:
            return all(_is_inside(arguments[place], sandbox) for place in _PATHS[event])
        case _:
            return False


def _is_inside(path: object, sandbox: Path) -> bool:
    if isinstance(path, int):
        return True  # a descriptor that was opened before, and seen then
    text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
    # Relative paths are those of a removal by folder descriptor, whose folder was seen when it was opened.
    return (
        not Path(text).is_absolute()
        or text == os.devnull
        or Path(os.path.normpath(text)).is_relative_to(sandbox)
    )
