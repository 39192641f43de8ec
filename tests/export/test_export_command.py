"""`aki-codegen export` as people run it: on a generated package, without a hub."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aki_codegen.cli import main
from aki_codegen.commands.export import offered_endpoints
from aki_codegen.generation.generate import generate
from jsonschema import Draft202012Validator
from support.metadata import details

from .documents import snapshot_of

DOCUMENTS = {
    "painter": details({"prompt": {"required": True}}, {"images": {"type": "image_list"}}),
    "singer": details({"text": {}}, {"audio": {"type": "audio"}}, {"notes": {"type": "integer"}}),
}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The output folder of a generation."""
    generate(snapshot_of(DOCUMENTS), tmp_path / "out", "my_hub")
    return tmp_path / "out"


def export(out: Path, what: str, *arguments: Any) -> int:
    return main(["export", what, "--out", str(out), "--package", "my_hub", *map(str, arguments)])


def test_openapi_goes_to_the_standard_output(out: Path, capsys: Any) -> None:
    assert export(out, "openapi") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["openapi"] == "3.1.0"
    assert printed.err == ""


def test_openapi_goes_to_a_file(out: Path, tmp_path: Path, capsys: Any) -> None:
    assert export(out, "openapi", "--output", tmp_path / "hub.json") == 0
    assert "/api/call/painter" in json.loads((tmp_path / "hub.json").read_text())["paths"]
    assert capsys.readouterr().out == ""


def test_json_schemas_go_to_a_folder_with_a_file_for_each(out: Path, tmp_path: Path) -> None:
    assert export(out, "jsonschema", "--output", tmp_path / "schemas") == 0
    files = sorted(path.name for path in (tmp_path / "schemas").iterdir())
    assert files == [
        "manifest.json",
        "painter.input.schema.json",
        "painter.output.schema.json",
        "singer.input.schema.json",
        "singer.output.schema.json",
        "singer.progress.schema.json",
    ]
    for path in (tmp_path / "schemas").glob("*.schema.json"):
        Draft202012Validator.check_schema(json.loads(path.read_text()))


def test_json_schemas_go_to_the_standard_output_as_one_document(out: Path, capsys: Any) -> None:
    assert export(out, "jsonschema") == 0
    bundle = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(bundle)
    assert {"PainterInput", "PainterOutput", "SingerProgress"} < set(bundle["$defs"])


def test_schemas_of_endpoints_that_are_gone_go_too(out: Path, tmp_path: Path) -> None:
    export(out, "jsonschema", "--output", tmp_path / "schemas")
    (tmp_path / "schemas" / "mine.txt").write_text("kept")
    generate(snapshot_of({"painter": DOCUMENTS["painter"]}), out, "my_hub")
    export(out, "jsonschema", "--output", tmp_path / "schemas")
    files = {path.name for path in (tmp_path / "schemas").iterdir()}
    assert {"mine.txt", "painter.input.schema.json"} <= files
    assert "singer.input.schema.json" not in files


def test_a_folder_that_was_not_exported_is_left_alone(
    out: Path, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("Dear")
    assert export(out, "jsonschema", "--output", tmp_path / "mine") == 1
    assert "mine" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_without_a_package_it_says_what_to_do(tmp_path: Path, capsys: Any) -> None:
    assert export(tmp_path, "openapi") == 1
    assert "run `aki-codegen generate` first" in capsys.readouterr().err


def test_a_folder_is_no_file_for_openapi(out: Path, tmp_path: Path, capsys: Any) -> None:
    assert export(out, "openapi", "--output", tmp_path) == 1
    assert "name a file with --output" in capsys.readouterr().err


def test_an_endpoint_that_the_hub_has_removed_is_not_exported() -> None:
    snapshot = replace(snapshot_of(DOCUMENTS), removed={"singer": "2026-01-31"})
    assert [endpoint.wire_name for endpoint in offered_endpoints(snapshot)] == ["painter"]


def test_docs_go_to_a_folder_with_a_page_for_each_endpoint(
    out: Path, tmp_path: Path, capsys: Any
) -> None:
    assert export(out, "docs", "--output", tmp_path / "pages") == 0
    files = {path.name for path in (tmp_path / "pages").iterdir()}
    assert files == {"index.md", "painter.md", "singer.md", "manifest.json"}
    assert "from my_hub import Aki" in (tmp_path / "pages" / "painter.md").read_text()
    assert export(out, "docs") == 1
    assert "name a folder with --output" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("what", "printed", "files"),
    [
        ("skill", "SKILL.md", {"SKILL.md", "references/endpoints.md"}),
        (
            "llms",
            "llms.txt",
            {
                *("AGENTS.md", "llms.txt", ".agents/skills/my-hub/SKILL.md"),
                ".agents/skills/my-hub/references/endpoints.md",
            },
        ),
    ],
)
def test_what_agents_read_is_that_of_the_package(
    out: Path, tmp_path: Path, capsys: Any, what: str, printed: str, files: set[str]
) -> None:
    package, folder = out / "my_hub", tmp_path / "agents"
    origin = (package / ".agents/skills/my-hub" if what == "skill" else package) / printed
    assert export(out, what) == 0
    assert capsys.readouterr().out == origin.read_text("utf-8")
    assert export(out, what, "--output", folder) == 0
    made = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    assert made.keys() - {"manifest.json"} == files
    for name, path in made.items():
        if name != "manifest.json":
            assert path.read_bytes() == (origin.parent / name).read_bytes()


def test_an_installed_package_is_found_without_an_output_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", "skill"]) == 0
    assert capsys.readouterr().out.startswith("---\nname: aki-client\n")


def test_a_hub_without_endpoints_has_nothing_for_agents(out: Path) -> None:
    gone = dict.fromkeys(DOCUMENTS, "2026-01-31")
    generate(replace(snapshot_of(DOCUMENTS), removed=gone), out, "my_hub")
    assert not (out / "my_hub" / "AGENTS.md").exists()
    assert export(out, "skill") == 1
