"""Which module of a batch may know what: values and arithmetic perform nothing, nothing imports in a circle."""

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import aki_codegen.runtime.batch
import pytest

FOLDER = Path(aki_codegen.runtime.batch.__file__).parent
MODULES = {path.stem: ast.parse(path.read_text("utf-8")) for path in FOLDER.glob("*.py")}
PURE = [
    "columns",
    "entry",
    "errors",
    "outcome",
    "plain",
    "progress",
    "rows",
    "speed",
    "stopping",
    "verdict",
]
PERFORMING = {"asyncio", "os", "socket", "sqlite3", "threading", "time", "httpx", "tempfile"}


def imports(name):
    """Return the modules that one imports: those of a batch, and the others."""
    ours, others = set(), set()
    for node in ast.walk(MODULES[name]):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            ours.add(node.module)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            others.add(node.module)
        elif isinstance(node, ast.Import):
            others |= {alias.name for alias in node.names}
    return ours, others


@pytest.mark.parametrize("name", PURE)
def test_values_and_arithmetic_perform_nothing(name):
    assert imports(name)[1] & PERFORMING == set()


def test_sqlite_is_known_where_the_journal_lies():
    assert {n for n in MODULES if "sqlite3" in imports(n)[1]} == {"store", "runlock"}


def test_the_journal_knows_no_hub():
    assert imports("journal")[0] == {"entry", "errors", "runlock", "store"}


def test_nothing_imports_in_a_circle():
    order = TopologicalSorter({name: imports(name)[0] for name in MODULES}).static_order()
    assert set(MODULES) <= set(order)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_importing_needs_the_standard_library_and_pydantic_only(name):
    roots = {module.partition(".")[0] for module in imports(name)[1]}
    assert roots - sys.stdlib_module_names <= {"pydantic"}
