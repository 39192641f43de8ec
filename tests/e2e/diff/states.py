"""Snapshots that differ in one bound or default, and packages that hold nothing else."""

import copy
import shutil

from aki_codegen.snapshot.snapshot import to_files
from support.metadata import details, snapshot_of

STEPS = {"type": "integer", "minimum": 1, "maximum": 50}
FIRST = {"painter": details({"steps": STEPS}), "singer": details({"text": {"required": True}})}


def changed(change):
    """Return the first state with one change to it."""
    documents = copy.deepcopy(FIRST)
    change(documents["painter"]["parameter_description"]["input"]["steps"])
    return documents


HARMLESS = changed(lambda steps: steps.update(maximum=60))
RISKY = changed(lambda steps: steps.update(default=8))
BREAKING = changed(lambda steps: steps.update(maximum=40))


def store(documents, package):
    """Write the snapshot of a package, and nothing else of it."""
    shutil.rmtree(package, ignore_errors=True)
    for path, content in to_files(snapshot_of(documents), "Made by a test.").items():
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        (package / path).write_bytes(content)
    return package
