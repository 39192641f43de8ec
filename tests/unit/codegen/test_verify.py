"""The last look: a module that says more or less than the metadata is never written."""

from pathlib import PurePosixPath

import pytest
from aki_codegen.generation.package import make_package
from aki_codegen.rendering.render import endpoint_path
from aki_codegen.rendering.verify import RenderedWrongError, verify_endpoint, verify_module
from support.metadata import details, endpoint_of, snapshot_of

DOCUMENT = details({"prompt": {"required": True}, "seed": {"type": "int"}}, {"text": {}})
ENDPOINT = endpoint_of(DOCUMENT)
PATH = endpoint_path(ENDPOINT)


@pytest.fixture(scope="module")
def module():
    return make_package(snapshot_of({"painter": DOCUMENT}), "pkg").files[PATH].decode()


def changed(module, old, new):
    assert old in module
    return module.replace(old, new, 1)


def test_what_the_templates_make_passes(module):
    verify_endpoint(PATH, module, ENDPOINT)


@pytest.mark.parametrize(
    "statement",
    [
        "SEED = 1",
        "import os",
        "from os import system",
        "from . import other",
        "print('hello')",
        "if True:\n    pass",
        "def other() -> None: ...",
        "class Other: ...",
        "async def other() -> None: ...",
    ],
)
@pytest.mark.parametrize("place", ["before", "after"])
def test_a_statement_too_many_is_refused(module, statement, place):
    text = f"{statement}\n{module}" if place == "before" else f"{module}\n{statement}\n"
    with pytest.raises(RenderedWrongError):
        verify_endpoint(PATH, text, ENDPOINT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    prompt: str\n", ""),
        ("    prompt: str\n", "    prompt: str\n    more: str\n"),
        ("    prompt: str\n", "    prompted: str\n"),
        ("    prompt: str\n", "    prompt: str\n    print('hello')\n"),
        ("    prompt: str\n", "    prompt: str\n    def to_wire(self): ...\n"),
        ("class PainterOutput(", "class Painting("),
        ("def painter(", "def paint("),
        ("        prompt: str,\n", ""),
        ("    seed: int | None = None,\n", "    seed: int | None = None,\n    more: int = 1,\n"),
        ("    def painter(", "    print('hello')\n\n    def painter("),
        ("\nif TYPE_CHECKING:\n", "        print('hello')\n\n\nif TYPE_CHECKING:\n"),
        ("\nif TYPE_CHECKING:\n", "\nelse:\n    pass\n\nif TYPE_CHECKING:\n"),
        ("            prompt: str,\n", ""),
        ("            ...\n", "            print('hello')\n"),
        ("        def stream(", "        def watch("),
        (
            "class PainterParams(TypedDict, closed=True):",
            "class PainterDict(TypedDict, closed=True):",
        ),
        ("    class AsyncPainterEndpoint(", "    import os\n\n    class AsyncPainterEndpoint("),
    ],
)
def test_other_models_fields_or_parameters_than_those_of_the_metadata_are_refused(module, old, new):
    with pytest.raises(RenderedWrongError):
        verify_endpoint(PATH, changed(module, old, new), ENDPOINT)


@pytest.mark.parametrize("text", ["def (", "x = '\x00'", "return 1", "(" * 5000])
def test_what_is_no_python_is_refused(text):
    with pytest.raises(RenderedWrongError, match=r"client\.py is not valid Python"):
        verify_module(PurePosixPath("client.py"), text)
