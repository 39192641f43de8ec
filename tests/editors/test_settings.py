"""With the settings that docs/editors.md names, the engine of every editor marks wrong calls in an open file."""

from dataclasses import replace

import pytest
from support.lsp import Document
from support.package import made_package

from .engines import ENGINES, environment
from .forms import subject

pytestmark = pytest.mark.slow

_PROJECT = {"pyrefly.toml": 'preset = "default"\n'}
CASES = {
    "Pylance's engine": ("pyright", {"python.analysis": {"typeCheckingMode": "standard"}}, {}),
    "basedpyright": ("basedpyright", {}, {}),
    "ty": ("ty", {}, {}),
    "pyrefly in VS Code": (
        "pyrefly",
        {"python": {"pythonPath": "{python}", "pyrefly": {"displayTypeErrors": "force-on"}}},
        {},
    ),
    "pyrefly elsewhere": ("pyrefly", {}, _PROJECT),
    "zuban": ("zuban", {}, {}),
}


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    return environment(tmp_path_factory.mktemp("environment"), made_package() / "aki_client")


@pytest.mark.parametrize("case", CASES)
def test_wrong_names_and_types_are_marked(case, python, tmp_path):
    name, settings, files = CASES[case]
    engine = ENGINES[name]
    if not engine.program:
        pytest.skip(f"{engine.command[0]} is not installed beside this Python")
    about = subject()
    wrong = [
        f"aki.{about.name}({about.required}, {about.bounded}='512')",
        f"aki.{about.name}({about.required}, no_such_name=512)",
        f"aki.{about.name}({about.bounded}=512)",
    ]
    text = "\n".join(["from aki_client import Aki", "aki = Aki()", *wrong, ""])
    for file, content in files.items():
        (tmp_path / file).write_text(content)
    (tmp_path / "calls.py").write_text(text)
    used = replace(engine, settings={**engine.settings, **settings})
    with used.running(tmp_path, python) as server:
        document = Document(server, tmp_path / "calls.py", text)
        marked = set()
        while not marked >= {2, 3, 4}:  # or the client gives up waiting for one more message
            said = server.await_notification("textDocument/publishDiagnostics")
            if said["uri"] == document.uri:
                marked = {found["range"]["start"]["line"] for found in said["diagnostics"]}
