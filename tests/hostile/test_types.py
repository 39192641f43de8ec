"""Type checkers take what comes of the whole corpus: its endpoints, in one package, read by mypy and basedpyright."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from aki_codegen.generation.package import make_package
from hostile.corpus import HOSTILE, Case, all_cases
from hostile.trial import PACKAGE
from support.metadata import snapshot_of

MOST = 100
"""Documents of a case at most: thousands of harmless ones take long, and tell nothing."""

LARGEST = 100_000
"""Characters of a details document at most; what is larger is no other source, but more of it."""


def documents_of(case: Case) -> dict[str, object]:
    """Return the details of a case that are JSON, the usual endpoint under the case's name."""
    found: dict[str, object] = {}
    for path, body in case.answers.items():
        if isinstance(body, bytes) and path and len(body) <= LARGEST and b"@" not in body:
            name = path.removeprefix("/")
            try:
                found[f"at {case.name}" if name == HOSTILE else name] = json.loads(body)
            except (ValueError, RecursionError):
                continue
    return found


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    documents: dict[str, object] = {}
    for case in all_cases():
        if case.outcome != "refused" and len(case.answers) < MOST:
            documents |= documents_of(case)
    # The name of an endpoint's model, which a parameter of that endpoint has too.
    own = {"AtOwnModelInput": {"type": "string", "required": True}}
    documents["at own model"] = {"parameter_description": {"input": own, "output": {}}}
    made = make_package(snapshot_of(documents), PACKAGE)
    assert len(made.endpoints) > 250
    folder = tmp_path_factory.mktemp("typed")
    for path, content in made.files.items():
        target = folder / PACKAGE / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (folder / "pyrightconfig.json").write_text(
        json.dumps({"typeCheckingMode": "strict", "include": [PACKAGE], "pythonVersion": "3.11"})
    )
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "checker",
    [("mypy", "--strict", PACKAGE), ("basedpyright", "--pythonpath", sys.executable)],
    ids=lambda checker: checker[0],
)
def test_a_type_checker_takes_all_endpoints_of_the_corpus(
    package: Path, checker: tuple[str, ...]
) -> None:
    command = [str(Path(sys.executable).parent / checker[0]), *checker[1:]]
    run = subprocess.run(command, cwd=package, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-4000:]
