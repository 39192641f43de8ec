"""A refresh makes only what has changed, and what it takes over is what it would have made."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from aki_codegen.cli import main
from aki_codegen.generation import reuse
from aki_codegen.rendering import fieldsource, modules, style
from support.command import PACKAGE, Generate
from support.metadata import details
from support.stub_hub import StubHub

NAMES = ("drummer", "painter", "singer", "writer")
Step = Callable[[StubHub, Generate], None]


def described(steps: int = 50, **more: object) -> dict[str, object]:
    """Return the details of an endpoint; all of these are of one family."""
    fields = {
        "prompt": {"required": True},
        "steps": {"type": "int", "maximum": steps, "default": 4},
    }
    return details({**fields, **more}, {"text": {}, "seed": {"type": "int"}}, category="art")


@pytest.fixture
def hub():
    with StubHub.offering({name: described() for name in NAMES}) as running:
        yield running


@pytest.fixture
def generate(generate, tmp_path, monkeypatch, hub):
    # The overrides are those of the current folder.
    monkeypatch.chdir(tmp_path)
    assert generate("--server", hub.url)[0] == 0
    return generate


@pytest.fixture
def rendered(monkeypatch):
    """Return the endpoints that are rendered from now on, by the hub's names."""
    names: list[str] = []
    render = modules.render_endpoint

    def note(endpoint, *rest):
        names.append(endpoint.wire_name)
        return render(endpoint, *rest)

    monkeypatch.setattr(modules, "render_endpoint", note)
    return names


def describe(hub, name, document):
    hub.answers[f"/api/endpoints/{name}"] = document


def add(hub, name, document):
    hub.answers["/api/endpoints"]["endpoints"].append(name)
    describe(hub, name, document)


def remove(hub, name):
    hub.answers["/api/endpoints"]["endpoints"].remove(name)
    del hub.answers[f"/api/endpoints/{name}"]


def inodes(generate):
    files = (path for path in generate.package.rglob("*") if path.is_file())
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


class TestNothingChanged:
    """What is there stays as it is."""

    def test_no_file_is_written(self, generate, hub):
        before = inodes(generate)
        assert generate("--server", hub.url)[0] == 0
        assert inodes(generate) == before

    def test_nothing_is_rendered_and_no_tool_is_started(self, generate, hub, monkeypatch):
        def fail(*_: object) -> None:
            raise AssertionError("it is needed for nothing")

        monkeypatch.setattr(fieldsource, "_generator", fail)
        monkeypatch.setattr(style, "_ruff", fail)
        monkeypatch.setattr(modules, "render_endpoint", fail)
        monkeypatch.setattr(modules, "render_shared", fail)
        assert generate("--server", hub.url)[1].endswith("4 endpoints (4 unchanged)\nno change\n")

    def test_datamodel_code_generator_is_not_imported(self, generate, hub):
        program = (
            "import sys; from aki_codegen.cli import main; "
            "main(sys.argv[1:]); sys.exit('datamodel_code_generator' in sys.modules)"
        )
        arguments = ["--server", hub.url, "--out", str(generate.out), "--package", PACKAGE]
        run = subprocess.run([sys.executable, "-c", program, "generate", *arguments], check=False)
        assert run.returncode == 0


class TestOneChanged:
    """The others are taken over."""

    def test_only_it_is_rendered(self, generate, hub, rendered):
        describe(hub, "painter", described(steps=60))
        generate("--server", hub.url)
        assert rendered == ["painter"]

    def test_only_its_files_are_written(self, generate, hub):
        before = inodes(generate)
        describe(hub, "painter", described(steps=60))
        generate("--server", hub.url)
        after = inodes(generate)
        written = {path.name for path in after if after[path] != before.get(path)}
        assert written == {"_painter.py", "painter.json", "manifest.json", reuse.NOTE.name}

    def test_what_only_differs_in_the_kind_of_a_number_is_a_change(self, generate, hub, rendered):
        describe(hub, "painter", described(scale={"type": "json", "default": 1}))
        generate("--server", hub.url)
        describe(hub, "painter", described(scale={"type": "json", "default": True}))
        generate("--server", hub.url)
        assert rendered == ["painter", "painter"]

    def test_a_file_that_was_edited_by_hand_is_told_and_made_anew(self, generate, hub, rendered):
        before = generate.content()
        module = generate.package / "endpoints" / "_painter.py"
        module.write_text(module.read_text("utf-8") + "import os\n", "utf-8")
        _, _, errors = generate("--server", hub.url)
        assert "edited by hand: endpoints/_painter.py" in errors
        assert rendered == ["painter"]
        assert generate.content() == before


class TestCheck:
    """`check` does not believe the note."""

    def test_everything_is_rendered(self, generate, rendered):
        assert main(["check", "--out", str(generate.out), "--package", PACKAGE]) == 0
        assert sorted(rendered) == sorted(NAMES)


@pytest.mark.parametrize("note", [b"", b"[]", b"{}", b"\xff", b'{"generator": 1}', b"[" * 100_000])
def test_a_note_that_is_damaged_is_not_used(generate, hub, rendered, note):
    (generate.package / reuse.NOTE).write_bytes(note)
    before = generate.content()
    assert generate("--server", hub.url)[0] == 0
    assert sorted(rendered) == sorted(NAMES)
    assert generate.content() == before


@pytest.mark.skipif(os.name != "posix", reason="permissions of folders are those of POSIX")
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may write anywhere")
def test_where_no_note_can_be_written_there_is_none(generate, hub):
    note = generate.package / reuse.NOTE
    note.unlink()
    note.parent.chmod(0o500)
    assert generate("--server", hub.url)[0] == 0
    assert not note.exists()


@pytest.mark.parametrize("part", ["program_files", "templates_folder", "version"])
def test_another_generator_takes_nothing_over(generate, hub, rendered, monkeypatch, tmp_path, part):
    changed = {
        "program_files": list,
        "templates_folder": lambda: tmp_path,
        "version": lambda tool: "9.9",
    }
    monkeypatch.setattr(reuse, part, changed[part])
    reuse._generator.cache_clear()
    try:
        generate("--server", hub.url)
    finally:
        reuse._generator.cache_clear()
    assert sorted(rendered) == sorted(NAMES)


def _override(text: str) -> Step:
    def write(hub: StubHub, generate: Generate) -> None:
        (generate.out.parent / "pyproject.toml").write_text(text, "utf-8")

    return write


def _edit(path: str, content: str) -> Step:
    def edit(hub: StubHub, generate: Generate) -> None:
        (generate.package / path).write_text(content, "utf-8")

    return edit


STEPS: dict[str, Step] = {
    "nothing": lambda hub, generate: None,
    "a parameter is added": lambda hub, _: describe(hub, "painter", described(tile={})),
    "a limit changes": lambda hub, _: describe(hub, "writer", described(steps=9)),
    "a parameter is typed oddly": lambda hub, _: describe(
        hub, "drummer", described(beat={"type": "tensor"})
    ),
    "an endpoint leaves its family": lambda hub, _: describe(
        hub, "writer", details({"q": {}}, {"text": {}})
    ),
    "an endpoint of a name that is taken is added": lambda hub, _: add(hub, "Painter", described()),
    "an endpoint is removed": lambda hub, _: remove(hub, "singer"),
    "its tombstone goes": lambda hub, generate: None,
    "it comes back": lambda hub, _: add(hub, "singer", described()),
    "details can not be had": lambda hub, _: describe(hub, "writer", b"<html>"),
    "an endpoint is renamed": _override('[tool.aki-codegen.endpoints.painter]\nrename = "flux"\n'),
    "a parameter is retyped": _override(
        '[tool.aki-codegen.endpoints.drummer.input.steps]\ntype = "float"\n'
    ),
    "an endpoint is skipped": _override("[tool.aki-codegen.endpoints.drummer]\nskip = true\n"),
    "overrides go": _override("[tool.aki-codegen]\n"),
    "a shared file is edited": _edit("client.py", "x = 1\n"),
    "names are edited": _edit("spec/names.json", "{}"),
    "the manifest is edited": _edit("manifest.json", "{}"),
}


def test_whatever_changes_the_result_is_that_of_a_generation_from_scratch(generate, hub, capsys):
    for name, step in STEPS.items():
        step(hub, generate)
        status, _, errors = generate("--server", hub.url)
        assert status in (0, 3), (name, errors)
        checked = main(["check", "--out", str(generate.out), "--package", PACKAGE])
        assert checked == 0, (name, capsys.readouterr().err)
