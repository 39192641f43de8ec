"""CHANGES.md: what each refresh changed, newest first. Undated, because version control knows when."""

from pathlib import Path

from ..output.write import write_beside
from ..rendering.render import comment_for
from ..runtime.changes.compare import Change
from .diff import as_markdown, summary

CHANGES = "CHANGES.md"
MAX_CHARACTERS = 1_000_000
"""Length of the file at the most; what is older than fits is in version control."""


def note_changes(out: Path, package: str, changes: tuple[Change, ...]) -> None:
    """Put the changes of a refresh at the top; without any the file stays as it is.

    Raises:
        GenerationError: It can not be written.
    """
    if not changes:
        return
    path = out / CHANGES
    head = f"# Changes of `{package}`\n\n{comment_for(package)}\n"
    before = path.read_text("utf-8") if path.is_file() else ""
    older = before.removeprefix(head)[:MAX_CHARACTERS]
    _, _, body = as_markdown(changes).partition("\n")
    write_beside(path, f"{head}\n## {summary(changes)}\n{body}{older}")
