"""Which module may know what: the sans-IO core performs nothing, and nothing imports in a circle."""

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import aki_codegen.runtime
import pytest

FOLDER = Path(aki_codegen.runtime.__file__).parent
MODULES = {path.stem: ast.parse(path.read_text("utf-8")) for path in FOLDER.glob("*.py")}

CLIENTS = {"client", "async_client"}
SHELLS = {
    *CLIENTS,
    "async_jobs",
    "async_transport",
    "slots",
    "default",
    "endpoint",
    "fast",
    "http",
    "http_async",
    "http_library",
    "http_requests",
    "http_sync",
    "jobref",
    "jobs",
    "public",
    "runner",
    "shield",
    "streams",
    "transport",
}
PERFORMING = {
    "asyncio",
    "concurrent",
    "httpcore",
    "httpx",
    "multiprocessing",
    "select",
    "selectors",
    "signal",
    "socket",
    "ssl",
    "subprocess",
    "threading",
    "time",
    "urllib.request",
}
INSTALLED = {"httpcore", "httpx", "pydantic", "pydantic_core"}


class Imports(ast.NodeVisitor):
    """What a module imports at run time: (module, whether it is one of ours, whether in a function)."""

    def __init__(self, tree):
        self.found = set()
        self._depth = 0
        self.visit(tree)

    def visit_If(self, node):
        if ast.unparse(node.test) != "TYPE_CHECKING":
            self.generic_visit(node)
        else:
            for other in node.orelse:
                self.visit(other)

    def visit_FunctionDef(self, node):
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1

    def visit_AsyncFunctionDef(self, node):
        self.visit_FunctionDef(node)

    def visit_Import(self, node):
        self.found |= {(alias.name, False, self._depth > 0) for alias in node.names}

    def visit_ImportFrom(self, node):
        assert node.level <= 1, "the runtime is one folder"
        names = [node.module] if node.module else [alias.name for alias in node.names]
        self.found |= {(name, node.level == 1, self._depth > 0) for name in names}


IMPORTS = {name: Imports(tree).found for name, tree in MODULES.items()}


def own(name):
    return {module for module, ours, _ in IMPORTS[name] if ours} - {name}


def foreign(name, *, on_import=False):
    return {
        module for module, ours, later in IMPORTS[name] if not ours and not (on_import and later)
    }


def reached(name):
    """Return every module of ours that a module needs, directly or not."""
    todo, seen = [name], set()
    while todo:
        current = todo.pop()
        if current not in seen:
            seen.add(current)
            todo.extend(own(current))
    return seen


CORE = sorted(set(MODULES) - SHELLS)


def test_the_core_is_what_it_is_meant_to_be():
    assert {
        "answers",
        "chat",
        "client_core",
        "errors",
        "events",
        "explain",
        "flows",
        "hub",
        "jobstate",
        "media",
        "models",
        "options",
        "pace",
        "requests",
        "secret",
        "untyped",
    } <= set(CORE)


@pytest.mark.parametrize("name", CORE)
def test_the_core_performs_nothing(name):
    assert foreign(name) & PERFORMING == set()


@pytest.mark.parametrize("name", ["answers", "events", "explain", "flows", "jobstate", "requests"])
def test_what_the_core_needs_performs_nothing_either(name):
    performing = {module for needed in reached(name) for module in foreign(needed)} & PERFORMING
    assert performing == set()
    assert not reached(name) & SHELLS


def test_httpx_and_its_pool_are_known_where_requests_are_made_ready_and_performed():
    assert {name for name in MODULES if {"httpx", "httpcore"} & foreign(name)} == {
        "fast",
        "http",
        "http_async",
        "http_requests",
        "http_sync",
    }


def test_nothing_sleeps_but_the_transport():
    waiting = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"time.sleep", "asyncio.sleep"}
    }
    assert waiting == {"async_transport", "transport"}


def test_nothing_imports_in_a_circle():
    order = TopologicalSorter({name: own(name) for name in MODULES}).static_order()
    assert set(MODULES) <= set(order)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_importing_needs_the_standard_library_and_what_is_installed_with_it(name):
    roots = {module.partition(".")[0] for module in foreign(name, on_import=True)}
    assert roots - sys.stdlib_module_names <= INSTALLED


def test_what_need_not_be_installed_is_asked_for_when_it_is_needed():
    roots = {m.partition(".")[0] for name in MODULES for m in foreign(name)}
    assert roots - sys.stdlib_module_names - INSTALLED == {"PIL"}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_no_module_is_imported_by_a_name_that_another_package_owns(name):
    assert not any(module.startswith("aki_") for module in foreign(name))


@pytest.mark.parametrize("name", ["errors", "secret", "events", "options", "pace", "shapes"])
def test_plain_values_know_no_models(name):
    assert not foreign(name) & {"pydantic", "pydantic_core"}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_every_module_says_what_it_owns(name):
    assert (ast.get_docstring(MODULES[name]) or "").split("\n")[0].rstrip().endswith((".", ","))
