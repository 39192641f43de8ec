"""The goldens: folders with metadata in `spec/` beside the files that are made of it in `expected/`.

It renders a case, compares it with what is expected, and accepts it; it decides nothing about pass or fail.
"""

import difflib
import json
import shutil
from pathlib import Path, PurePosixPath

from aki_codegen.generation.package import REPORT, make_package
from support.metadata import snapshot_of

FOLDER = Path(__file__).parents[1] / "golden"
PACKAGE = "golden_client"
SKILL = ".agents/skills/golden-client"
SHARED_FILES = {
    "every_type": (f"{SKILL}/references/endpoints.md",),
    "text_to_image": (
        *("client.py", "models.py", "endpoints/__init__.py"),
        *("AGENTS.md", "llms.txt", f"{SKILL}/SKILL.md", f"{SKILL}/references/endpoints.md"),
    ),
}
"""Files beside the endpoints' modules that a case shows."""


def cases() -> list[str]:
    """Return the names of all cases."""
    return sorted(folder.parent.name for folder in FOLDER.glob("*/spec"))


def render(case: str) -> dict[str, str]:
    """Return the text of the files that a case shows, by their path within the package."""
    documents = [json.loads(path.read_text("utf-8")) for path in (FOLDER / case / "spec").iterdir()]
    package = make_package(snapshot_of({doc["name"]: doc for doc in documents}), PACKAGE)
    return {
        str(path): content.decode()
        for path, content in package.files.items()
        if path == REPORT or _is_endpoint(path) or str(path) in SHARED_FILES.get(case, ())
    }


def expected(case: str) -> dict[str, str]:
    """Return the text of the files that are expected of a case."""
    folder = FOLDER / case / "expected"
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def difference(case: str) -> str:
    """Return a unified diff from what is expected to what is made; empty where they agree."""
    before, after = expected(case), render(case)
    lines: list[str] = []
    for path in sorted(before.keys() | after.keys()):
        lines += difflib.unified_diff(
            before.get(path, "").splitlines(keepends=True),
            after.get(path, "").splitlines(keepends=True),
            f"expected/{path}" if path in before else "(no such file)",
            f"made/{path}" if path in after else "(no such file)",
        )
    return "".join(lines)


def accept(case: str) -> None:
    """Replace what is expected of a case by what is made."""
    made = render(case)
    folder = FOLDER / case / "expected"
    shutil.rmtree(folder, ignore_errors=True)
    for path, text in made.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8", newline="\n")


def _is_endpoint(path: PurePosixPath) -> bool:
    return path.match("endpoints/_*.py") and path.name != "__init__.py"
