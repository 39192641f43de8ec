"""The language server over real pipes: what it says of each mistake, the fix it offers, and a parameter on hover."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.lsp import LanguageServer, language_server
from support.package import made_package

from .shapes import HEAD, QUIET, SHAPES

pytest.importorskip("pygls", reason="pygls is missing: the language server needs the extra 'lint'")

COMMAND = [sys.executable, "-m", "aki_cli", "lint", "--lsp"]
SENTENCE = "width=1000 must be a multiple of 32 (nearest allowed: 992, 1024)"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workspace")
    package = made_package() / "aki_client"
    (folder / "pyproject.toml").write_text(f"[tool.aki]\npackages = ['{package}']\n")
    return folder


@pytest.fixture(scope="module")
def server(workspace: Path) -> Iterator[LanguageServer]:
    with language_server(COMMAND, workspace, {}) as server:
        yield server


class Opened:
    """A text in the editor."""

    def __init__(self, server: LanguageServer, workspace: Path, text: str) -> None:
        self.server = server
        self.lines = text.split("\n")
        self.uri = (workspace / "app.py").as_uri()
        item = {"uri": self.uri, "languageId": "python", "version": 1, "text": text}
        server.tell("textDocument/didOpen", {"textDocument": item})

    def __enter__(self) -> "Opened":
        return self

    def __exit__(self, *_: object) -> None:
        self.server.tell("textDocument/didClose", {"textDocument": {"uri": self.uri}})

    def ask(self, question: str, **more: Any) -> Any:
        return self.server.ask(
            f"textDocument/{question}", {"textDocument": {"uri": self.uri}, **more}
        )

    def change(self, text: str, version: int) -> None:
        self.lines = text.split("\n")
        document = {"uri": self.uri, "version": version}
        self.server.tell(
            "textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]}
        )

    def diagnostics(self, version: int = 1) -> list[dict[str, Any]]:
        """Wait for what is said of a version of the text."""
        while True:
            said = self.server.await_notification("textDocument/publishDiagnostics")
            if said["uri"] == self.uri and said.get("version") == version:
                return list(said["diagnostics"])

    def fixed(self, action: dict[str, Any]) -> str:
        """Return the text with an action's edit; places count UTF-16."""
        ((_, (edit,)),) = action["edit"]["changes"].items()
        start, end = edit["range"]["start"], edit["range"]["end"]
        assert start["line"] == end["line"]
        lines = list(self.lines)
        line = lines[start["line"]].encode("utf-16-le")
        before, after = line[: start["character"] * 2], line[end["character"] * 2 :]
        lines[start["line"]] = (before + edit["newText"].encode("utf-16-le") + after).decode(
            "utf-16-le"
        )
        return "\n".join(lines)


@pytest.mark.parametrize("shape", SHAPES)
def test_each_mistake_is_shown_and_its_quick_fix_is_right(
    server: LanguageServer, workspace: Path, shape: str
) -> None:
    with Opened(server, workspace, HEAD + SHAPES[shape]) as opened:
        (said,) = opened.diagnostics()
        assert (said["message"], said["code"], said["severity"]) == (SENTENCE, "AKI102", 1)
        actions = opened.ask("codeAction", range=said["range"], context={"diagnostics": [said]})
        assert [action["title"].split()[1] for action in actions] == ["992", "1024"]
        opened.change(opened.fixed(actions[0]), version=2)
        assert opened.diagnostics(version=2) == []


@pytest.mark.parametrize("shape", QUIET)
def test_nothing_is_shown_where_it_is_not_sure(
    server: LanguageServer, workspace: Path, shape: str
) -> None:
    with Opened(server, workspace, HEAD + QUIET[shape]) as opened:
        assert opened.diagnostics() == []


def test_hover_says_what_a_parameter_takes(server: LanguageServer, workspace: Path) -> None:
    text = HEAD + "aki.flux_dev(prompt='x', width=512)"
    line = text.count("\n")
    with Opened(server, workspace, text) as opened:
        opened.diagnostics()
        for column in (26, 33):  # the name, the value
            shown = opened.ask("hover", position={"line": line, "character": column})
            assert shown["contents"] == {
                "kind": "plaintext",
                "value": "width: Whole number, 128–2048 in multiples of 32; the hub fits other values; default 1024",
            }
        assert opened.ask("hover", position={"line": line, "character": 2}) is None


def test_the_findings_stay_while_a_line_is_being_typed(
    server: LanguageServer, workspace: Path
) -> None:
    text = HEAD + "aki.z_image_turbo(prompt='x', width=1000)\n"
    with Opened(server, workspace, text) as opened:
        assert len(opened.diagnostics()) == 1
        opened.change(text + "aki.z_image_turbo(", version=2)
        opened.change(text + "aki.z_image_turbo()", version=3)
        assert [said["code"] for said in opened.diagnostics(version=3)] == ["AKI102", "AKI202"]
