"""Data flows one way through the generator: wire, IR, source text, files; nothing reaches back."""

import ast
from pathlib import Path

import aki_codegen
import pytest
from support.layers import Layers

GENERATOR = Layers(Path(aki_codegen.__file__).parent, without=("runtime", "sandbox"))
ORDER = (
    Layers.TOP,
    "parsing",
    "fetching",
    "snapshot",
    "rendering",
    "export",
    "generation",
    "commands",
)
"""The folders of the generator: each knows itself and those before it. First the files in none."""

WAYS_IN = {"__main__", "cli"}
PURE = {"parsing", "rendering", "export"}
PERFORMING = {"httpx", "httpx2", "os", "shutil", "socket", "subprocess", "tempfile", "threading"}

APPS = {path.name for path in (Path(__file__).parents[3] / "apps").iterdir()}

MODULES = sorted(GENERATOR.trees)


def test_every_folder_has_its_place():
    assert {GENERATOR.folder(name) for name in MODULES} == set(ORDER)


@pytest.mark.parametrize("name", sorted(set(MODULES) - WAYS_IN))
def test_a_folder_knows_itself_and_those_before_it(name):
    place = ORDER.index(GENERATOR.folder(name))
    assert GENERATOR.folders_known(name) <= set(ORDER[: place + 1])


def test_nothing_imports_in_a_circle():
    assert set(GENERATOR.in_order()) >= set(MODULES)


def test_datamodel_code_generator_is_known_in_one_place():
    knowing = {
        name
        for name in MODULES
        if any(m.partition(".")[0] == "datamodel_code_generator" for m in GENERATOR.foreign(name))
    }
    assert knowing == {"rendering.models"}


def test_the_generator_knows_no_app():
    known = {module.partition(".")[0] for name in MODULES for module in GENERATOR.foreign(name)}
    assert not known & APPS


def test_what_parses_and_renders_performs_nothing_but_one_run_of_ruff():
    pure = [name for name in MODULES if GENERATOR.folder(name) in PURE]
    assert [m for m in pure if GENERATOR.foreign(m) & PERFORMING] == ["rendering.style"]


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_owns(name):
    assert GENERATOR.summary(name).endswith((".", ":"))


def test_nothing_reaches_a_terminal_but_through_one_module():
    printing = {
        name
        for name in MODULES
        for node in ast.walk(GENERATOR.trees[name])
        if (isinstance(node, ast.Name) and node.id == "print")
        or (isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.stderr"))
    }
    # The way in speaks before the rest can be imported.
    assert printing == {"terminal", "__main__"}
