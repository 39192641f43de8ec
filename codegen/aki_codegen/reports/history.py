"""CHANGES.md: what each refresh changed, newest first. Undated, because version control knows when."""

from pathlib import Path

from ..output.write import write_beside
from ..problems import GenerationError
from ..rendering.render import comment_for
from ..runtime.changes.compare import Change
from .diff import as_markdown, summary

CHANGES = "CHANGES.md"
MAX_CHARACTERS = 1_000_000
"""Length of the file at the most; what is older than fits is in version control."""


def noted_changes(out: Path) -> str:
    """Return what is noted so far, to be read before anything is written.

    Raises:
        GenerationError: It can not be read.
    """
    path = out / CHANGES
    try:
        return path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "it is no text"
        raise GenerationError(
            f"{path} can not be read: {why}; move it away, or restore it from git"
        ) from None


def note_changes(out: Path, package: str, before: str, changes: tuple[Change, ...]) -> None:
    """Put the changes of a refresh at the top; without any the file stays as it is.

    Args:
        out: The output folder.
        package: What the package is imported as.
        before: What was noted so far.
        changes: What has changed since.

    Raises:
        GenerationError: It can not be written.
    """
    if not changes:
        return
    path = out / CHANGES
    head = f"# Changes of `{package}`\n\n{comment_for(package)}\n"
    older = before.removeprefix(head)[:MAX_CHARACTERS]
    _, _, body = as_markdown(changes).partition("\n")
    write_beside(path, f"{head}\n## {summary(changes)}\n{body}{older}")
