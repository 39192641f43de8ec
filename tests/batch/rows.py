"""The endpoint that most of these batches are for, and files of rows for it."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

CHAT = "llama3_8b_chat"


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows as JSON lines; return the file."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
