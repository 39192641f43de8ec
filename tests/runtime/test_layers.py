"""Which module may know what: folders build on each other, the core performs nothing, nothing imports in a circle."""

import ast
import sys
from pathlib import Path

import aki_runtime
import pytest
from support.layers import Layers

RUNTIME = Layers(Path(aki_runtime.__file__).parent)
VALUES = Layers.TOP
ORDER = (
    VALUES,
    "media",
    "metadata",
    "chat",
    "fields",
    "protocol",
    "http",
    "jobs",
    "changes",
    "store",
    "client",
    "batch",
    "celery",
    "ray",
    "testing",
)
"""The folders of the runtime: each knows itself and those before it. First the files in none."""

OFFERING = {"public"}
"""Names what all folders offer, and is imported by none of them."""

CORE_FOLDERS = {VALUES, "media", "metadata", "chat", "fields", "protocol", "changes"}
CORE_BESIDES = {"client.core", "client.staleness", "client.untyped", "jobs.showing"}
PERFORMING = {
    "asyncio",
    "concurrent",
    "httpx",
    "httpx2",
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
INSTALLED = {"pydantic", "pydantic_core", "typing_extensions"}

MODULES = sorted(RUNTIME.trees)
WITHOUT_EXTRAS = [m for m in MODULES if RUNTIME.folder(m) not in {"batch", "celery", "ray"}]
CORE = [
    name
    for name in WITHOUT_EXTRAS
    if name not in OFFERING and (RUNTIME.folder(name) in CORE_FOLDERS or name in CORE_BESIDES)
]


def roots(modules):
    return {module.partition(".")[0] for module in modules}


def test_every_folder_has_its_place():
    assert {RUNTIME.folder(name) for name in MODULES} == set(ORDER)


@pytest.mark.parametrize("name", sorted(set(MODULES) - OFFERING))
def test_a_folder_knows_itself_and_those_before_it(name):
    place = ORDER.index(RUNTIME.folder(name))
    assert RUNTIME.folders_known(name) <= set(ORDER[: place + 1])


def test_what_belongs_to_the_core_beside_whole_folders_exists():
    assert set(MODULES) >= CORE_BESIDES


@pytest.mark.parametrize("name", CORE)
def test_the_core_performs_nothing(name):
    assert RUNTIME.foreign(name) & PERFORMING == set()


@pytest.mark.parametrize("name", [m for m in CORE if RUNTIME.folder(m) == "protocol"])
def test_what_the_protocol_needs_performs_nothing_either(name):
    assert RUNTIME.reached(name) <= set(CORE)


def test_no_http_library_is_imported_by_name_but_by_the_one_module_that_chooses():
    libraries = {"httpx", "httpx2", "httpcore", "httpcore2"}
    assert not [name for name in MODULES if libraries & roots(RUNTIME.foreign(name))]
    naming = [
        name
        for name in WITHOUT_EXTRAS
        for node in ast.walk(RUNTIME.trees[name])
        if isinstance(node, ast.Constant) and node.value == "httpx2"
    ]
    assert naming == ["http.clients"]


def test_nothing_sleeps_but_the_drivers_and_the_opening_of_files():
    waiting = {
        name
        for name in WITHOUT_EXTRAS
        for node in ast.walk(RUNTIME.trees[name])
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"time.sleep", "asyncio.sleep"}
    }
    assert waiting == {"http.drive", "store.sqlite"}


def test_nothing_imports_in_a_circle():
    assert set(RUNTIME.in_order()) >= set(MODULES)


@pytest.mark.parametrize("name", WITHOUT_EXTRAS)
def test_importing_needs_the_standard_library_and_what_is_installed_with_it(name):
    needed = roots(RUNTIME.foreign(name, on_import=True))
    assert needed - sys.stdlib_module_names <= INSTALLED


def test_what_need_not_be_installed_is_asked_for_when_it_is_needed():
    asked_for = {root for name in WITHOUT_EXTRAS for root in roots(RUNTIME.foreign(name))}
    assert asked_for - sys.stdlib_module_names - INSTALLED == {"PIL"}


@pytest.mark.parametrize("name", MODULES)
def test_no_module_is_imported_by_a_name_that_another_package_owns(name):
    assert not any(module.startswith(("aki_", ".")) for module in RUNTIME.foreign(name))


@pytest.mark.parametrize(
    "name", ["errors", "secret", "events", "options", "protocol.pace", "shapes"]
)
def test_plain_values_know_no_models(name):
    assert not RUNTIME.foreign(name) & {"pydantic", "pydantic_core", "typing_extensions"}


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_owns(name):
    assert RUNTIME.summary(name).endswith((".", ","))
