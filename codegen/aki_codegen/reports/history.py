"""CHANGES.md: what each refresh changed, newest first. Undated, because version control knows when."""

from pathlib import Path

from aki_runtime.changes.compare import Change

from ..problems import GenerationError
from ..rendering.render import comment_for
from .diff import as_markdown, summary

CHANGES = "CHANGES.md"
MAX_CHARACTERS = 1_000_000
"""Length of the file at the most; what is older than fits is in version control."""


def with_changes(out: Path, package: str, changes: tuple[Change, ...]) -> str | None:
    """Return the history with the changes of a refresh at its top; None where there are none.

    Raises:
        GenerationError: What is there can not be read.
    """
    if not changes:
        return None
    path = out / CHANGES
    head = f"# Changes of `{package}`\n\n{comment_for(package)}\n"
    try:
        before = path.read_text("utf-8") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise GenerationError(f"{path} can not be read: {error}; restore it from git") from None
    older = before.removeprefix(head)[:MAX_CHARACTERS]
    _, _, body = as_markdown(changes).partition("\n")
    return f"{head}\n## {summary(changes)}\n{body}{older}"
