"""Which module of a batch may know what: values and arithmetic perform nothing, nothing imports in a circle."""

import sys
from pathlib import Path

import aki_runtime.batch
import pytest
from support.layers import Layers

BATCH = Layers(Path(aki_runtime.batch.__file__).parent)
PURE = ["errors", "outcome"]
PERFORMING = {
    "asyncio",
    "os",
    "socket",
    "sqlite3",
    "threading",
    "time",
    "httpx",
    "httpx2",
    "tempfile",
}


@pytest.mark.parametrize("name", PURE)
def test_values_and_arithmetic_perform_nothing(name):
    assert BATCH.foreign(name) & PERFORMING == set()


def test_sqlite_is_known_where_the_journal_lies():
    assert {n for n in BATCH.trees if "sqlite3" in BATCH.foreign(n)} == {"store"}


def test_the_journal_knows_no_hub():
    assert BATCH.reached("journal") == {"journal", "errors", "store"}


def test_nothing_imports_in_a_circle():
    assert set(BATCH.in_order()) >= set(BATCH.trees)


@pytest.mark.parametrize("name", sorted(BATCH.trees))
def test_importing_needs_the_standard_library_and_pydantic_only(name):
    elsewhere = {m.partition(".")[0] for m in BATCH.foreign(name) if not m.startswith(".")}
    assert elsewhere - sys.stdlib_module_names <= {"pydantic"}
