"""Where nothing has changed nothing is done, and whatever has changed is seen."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from aki_codegen.cli import main
from aki_codegen.generation import seal
from aki_codegen.rendering import modules
from support.command import PACKAGE, Generate
from support.metadata import details
from support.stub_hub import StubHub

NAMES = ("drummer", "painter", "singer", "writer")
Step = Callable[[StubHub, Generate], object]


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
def runs(monkeypatch):
    """Return a list that grows with each rendering."""
    made: list[int] = []
    make = modules.render_shared
    monkeypatch.setattr(modules, "render_shared", lambda *given: made.append(1) or make(*given))
    return made


def describe(hub, name, document):
    hub.answers[f"/api/endpoints/{name}"] = document


def add(hub, name, document):
    hub.answers["/api/endpoints"]["endpoints"].append(name)
    describe(hub, name, document)


def remove(hub, name):
    hub.answers["/api/endpoints"]["endpoints"].remove(name)
    del hub.answers[f"/api/endpoints/{name}"]


class TestNothingChanged:
    """What is there stays as it is."""

    def test_no_file_is_written(self, generate, hub):
        def inodes():
            files = [path for path in generate.out.rglob("*") if path.is_file()]
            return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}

        before = inodes()
        assert generate("--server", hub.url)[1].endswith("4 endpoints (4 unchanged)\nno change\n")
        assert inodes() == before

    def test_datamodel_code_generator_is_not_imported(self, generate, hub):
        program = (
            "import sys; from aki_codegen.cli import main; "
            "main(sys.argv[1:]); sys.exit('datamodel_code_generator' in sys.modules)"
        )
        arguments = ["--server", hub.url, "--out", str(generate.out), "--package", PACKAGE]
        run = subprocess.run([sys.executable, "-c", program, "generate", *arguments], check=False)
        assert run.returncode == 0

    def test_problems_are_said_again(self, generate, hub):
        add(hub, "poet", b"<html>")
        describe(hub, "drummer", described(beat={"type": "tensor"}))
        status, first, _ = generate("--server", hub.url)
        again, second, _ = generate("--server", hub.url)
        assert (status, again) == (3, 3)
        told = [line for line in first.splitlines() if "drummer.beat" in line or "poet" in line]
        assert len(told) == 2
        assert set(told) <= set(second.splitlines())
        assert generate("--server", hub.url, "--strict")[0] == 1

    def test_the_seal_names_no_path_of_this_machine(self, generate):
        assert str(generate.out.parent) not in (generate.package / "manifest.json").read_text()

    def test_a_package_of_the_same_bytes_in_another_folder_is_taken_for_what_it_is(
        self, generate, hub, runs
    ):
        elsewhere = generate.out.with_name("elsewhere")
        generate.out.rename(elsewhere)
        generate("--server", hub.url, out=str(elsewhere))
        assert runs
        runs.clear()
        generate("--server", hub.url, out=str(elsewhere))
        assert not runs


class TestCheck:
    """`check` does not believe the seal."""

    def test_everything_is_rendered(self, generate, runs):
        assert main(["check", "--out", str(generate.out), "--package", PACKAGE]) == 0
        assert runs


@pytest.mark.parametrize("text", ["", "{}", '{"digest": 1}', "[]", '"', "null", "[" * 100_000])
def test_a_seal_that_is_damaged_is_not_believed(generate, hub, runs, text):
    manifest = generate.package / "manifest.json"
    sound, mark, _ = manifest.read_text("utf-8").partition('"seal": ')
    manifest.write_text(f"{sound}{mark}{text}\n}}\n", "utf-8")
    before = generate.content()
    assert generate("--server", hub.url)[0] == 0
    assert runs
    assert generate.content().keys() == before.keys()


@pytest.mark.parametrize("part", ["program_files", "templates_folder", "version"])
def test_another_generator_makes_everything_anew(generate, hub, runs, monkeypatch, tmp_path, part):
    changed = {
        "program_files": dict,
        "templates_folder": lambda: tmp_path,
        "version": lambda tool: "9.9",
    }
    before = generate.content()
    monkeypatch.setattr(seal, part, changed[part])
    generate("--server", hub.url)
    assert runs
    # It is no reason to touch a package that is as it would be.
    assert generate.content() == before


def _override(text: str) -> Step:
    return lambda hub, generate: (generate.out.parent / "pyproject.toml").write_text(text, "utf-8")


def _edit(path: str, content: str) -> Step:
    return lambda hub, generate: (generate.out / path).write_text(content, "utf-8")


def _append(path: str) -> Step:
    def append(hub: StubHub, generate: Generate) -> None:
        with (generate.out / path).open("a", encoding="utf-8") as file:
            file.write("\n")

    return append


OTHER = '{"name": "dancer", "parameter_description": {"input": {}, "output": {}}}'
STEPS: dict[str, Step] = {
    "a parameter is added": lambda hub, _: describe(hub, "painter", described(tile={})),
    "a limit changes": lambda hub, _: describe(hub, "writer", described(steps=9)),
    "a number becomes another kind": lambda hub, _: describe(
        hub, "painter", described(scale={"type": "json", "default": 1})
    ),
    "a truth becomes a number": lambda hub, _: describe(
        hub, "painter", described(scale={"type": "json", "default": True})
    ),
    "fields change places": lambda hub, _: describe(
        hub, "painter", details({"b": {}, "a": {}}, {"text": {}})
    ),
    "a parameter is typed oddly": lambda hub, _: describe(
        hub, "drummer", described(beat={"type": "tensor"})
    ),
    "an endpoint of a name that is taken is added": lambda hub, _: add(hub, "Painter", described()),
    "an endpoint is removed": lambda hub, _: remove(hub, "singer"),
    "its tombstone goes": lambda hub, generate: None,
    "it comes back": lambda hub, _: add(hub, "singer", described()),
    "details cannot be had": lambda hub, _: describe(hub, "writer", b"<html>"),
    "an endpoint is renamed": _override('[tool.aki-codegen.endpoints.painter]\nrename = "flux"\n'),
    "a parameter is retyped": _override(
        '[tool.aki-codegen.endpoints.drummer.input.steps]\ntype = "float"\n'
    ),
    "an endpoint is skipped": _override("[tool.aki-codegen.endpoints.drummer]\nskip = true\n"),
    "overrides go": _override("[tool.aki-codegen]\n"),
    "a module is edited": _edit(f"{PACKAGE}/endpoints/_writer.py", "import os\n"),
    "a shared file is edited": _edit(f"{PACKAGE}/client.py", "x = 1\n"),
    "a document is edited": _append(f"{PACKAGE}/spec/endpoints/writer.json"),
    "names are edited": _edit(f"{PACKAGE}/spec/names.json", "{}"),
    "the manifest is edited": _edit(f"{PACKAGE}/manifest.json", "{}"),
    "the manifest gets a line": _append(f"{PACKAGE}/manifest.json"),
    "the report is edited": _append(f"{PACKAGE}/REPORT.md"),
    "the report is lost": lambda hub, generate: (generate.package / "REPORT.md").unlink(),
    "a module is lost": lambda hub, generate: (generate.package / "models.py").unlink(),
}


@pytest.fixture
def check(generate, capsys):
    def run() -> tuple[int, str]:
        status = main(["check", "--out", str(generate.out), "--package", PACKAGE])
        return status, capsys.readouterr().err

    return run


def test_whatever_changes_is_seen_and_the_step_after_it_does_nothing(
    generate, hub, check, runs, monkeypatch
):
    for name, step in STEPS.items():
        step(hub, generate)
        runs.clear()
        if name == "its tombstone goes":
            monkeypatch.setenv("SOURCE_DATE_EPOCH", str(2**32))
        status, _, errors = generate("--server", hub.url)
        assert runs, name
        assert status in (0, 3), (name, errors)
        assert check()[0] == 0, name
        runs.clear()
        assert generate("--server", hub.url)[0] == status
        assert not runs, name


def test_a_document_that_somebody_puts_into_the_snapshot_is_rendered(generate, runs, check):
    (generate.package / "spec" / "endpoints" / "dancer.json").write_text(OTHER)
    assert generate("--offline")[0] == 0
    assert (generate.package / "endpoints" / "_dancer.py").is_file()
    assert check()[0] == 0


def test_a_file_that_was_edited_by_hand_is_named_and_made_anew(generate, hub):
    before = generate.content()
    module = generate.package / "endpoints" / "_painter.py"
    module.write_text(module.read_text("utf-8") + "import os\n", "utf-8")
    _, _, errors = generate("--server", hub.url)
    assert "edited by hand: endpoints/_painter.py" in errors
    assert generate.content() == before


def test_only_what_changes_is_written(generate, hub):
    def inodes():
        files = (path for path in generate.package.rglob("*") if path.is_file())
        return {path.name: path.stat().st_ino for path in files}

    before = inodes()
    describe(hub, "painter", described(steps=60))
    generate("--server", hub.url)
    after = inodes()
    written = {name for name in after if after[name] != before.get(name)}
    history = {"CHANGES.md", "_version.py"}
    assert written - history == {"_painter.py", "painter.json", "endpoints.md", "manifest.json"}


def test_another_package_of_the_same_snapshot_is_made_anew(generate, hub, runs):
    generate.package.rename(generate.out / "renamed")
    assert generate("--server", hub.url, package="renamed")[0] == 0
    assert runs
    assert "from renamed." in (generate.out / "renamed" / "models.py").read_text()
