"""CHANGES.md: what each refresh changed, newest first. Undated, because version control knows when."""

from pathlib import Path

from aki_runtime.changes.compare import Change

from ..markup import code_span
from ..problems import GenerationError
from ..rendering.render import command_for
from ..snapshot.snapshot import Snapshot
from .diff import as_markdown, summary

CHANGES = "CHANGES.md"
MAX_CHARACTERS = 1_000_000
"""Length of the file at most; what is older than fits is in version control."""


def with_changes(
    out: Path, snapshot: Snapshot, package: str, changes: tuple[Change, ...]
) -> str | None:
    """Return the history with the changes of a refresh at its top; None where there are none.

    Raises:
        GenerationError: What is there cannot be read.
    """
    if not changes:
        return None
    path = out / CHANGES
    made_by = code_span(command_for(snapshot, package))
    head = (
        f"# Changes of {code_span(package)}\n\n"
        f"Made by aki-codegen from endpoint metadata. Do not edit: run {made_by}.\n"
    )
    try:
        before = path.read_text("utf-8") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise GenerationError(f"{path} cannot be read: {error}; restore it from git") from None
    # The command may have been another one.
    _, mark, older = before.partition("\n## ")
    older = f"{mark}{older}"[:MAX_CHARACTERS]
    _, _, body = as_markdown(changes).partition("\n")
    return f"{head}\n## {summary(changes)}\n{body}{older}"
