"""A release: the packages that are built, the SBOM beside them, the notes, and what the workflows may do."""

import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
VERSION = PROJECT["version"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CHANGELOG = f"""# Changelog

## Unreleased

- Not yet.

## {VERSION} (2026-12-01)

- A client.

### Repaired

- A fault.

## 0.0.1 (2026-11-01)

- A beginning.
"""


def release(folder: Path, version: str, changelog: str) -> subprocess.CompletedProcess[str]:
    (folder / "CHANGELOG.md").write_text(changelog, "utf-8")
    return subprocess.run(
        [
            *(sys.executable, ROOT / "scripts" / "release.py", version),
            *("--changelog", folder / "CHANGELOG.md", "--out", folder / "dist"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release")
    done = release(folder, VERSION, CHANGELOG)
    assert done.returncode == 0, done.stderr
    return folder / "dist"


@pytest.mark.slow
class TestMade:
    """What `make release` puts into dist/."""

    def test_notes_are_the_changelog_s_section_of_the_version_and_nothing_else(self, made):
        notes = "- A client.\n\n### Repaired\n\n- A fault.\n"
        assert (made / "notes.md").read_text("utf-8") == notes

    def test_there_is_one_wheel_and_one_sdist(self, made):
        names = [path.name for path in sorted((made / "packages").iterdir())]
        assert names == [f"aki_client-{VERSION}-py3-none-any.whl", f"aki_client-{VERSION}.tar.gz"]

    def test_the_wheel_holds_all_that_is_imported_or_rendered_and_nothing_more(self, made):
        (wheel,) = (made / "packages").glob("*.whl")
        files = set(zipfile.ZipFile(wheel).namelist())
        sources = {
            path.relative_to(ROOT / top).as_posix()
            for top in ("apps", "codegen", "generated", "runtime", "sandbox")
            for path in (ROOT / top).glob("*/**/*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        templates = {
            f"aki_codegen/templates/{path.name}" for path in (ROOT / "templates").iterdir()
        }
        about = {name for name in files if ".dist-info/" in name}
        assert files - about == sources | templates
        assert any(name.endswith("licenses/LICENSE") for name in about)

    def test_the_sdist_holds_what_the_wheel_is_built_of_and_what_changed(self, made):
        (sdist,) = (made / "packages").glob("*.tar.gz")
        with tarfile.open(sdist) as archive:
            tops = {name.split("/")[1] for name in archive.getnames()}
        assert tops >= {"apps", "codegen", "generated", "runtime", "sandbox", "templates"}
        assert tops >= {"CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md", "pyproject.toml"}
        assert not tops & {"tests", "requirements", ".github", "docs"}

    def test_the_sbom_says_what_the_client_needs_and_what_only_an_extra_brings(self, made):
        sbom = json.loads((made / "sbom.cdx.json").read_text("utf-8"))
        scopes = {part["name"]: part["scope"] for part in sbom["components"]}
        assert (scopes["httpx2"], scopes["h11"]) == ("required", "required")
        assert (scopes["jinja2"], scopes["starlette"]) == ("optional", "optional")
        assert "pytest" not in scopes
        assert sbom["metadata"]["component"]["purl"] == f"pkg:pypi/aki-client@{VERSION}"

    def test_the_sbom_s_graph_names_only_what_it_lists(self, made):
        sbom = json.loads((made / "sbom.cdx.json").read_text("utf-8"))
        listed = {part["bom-ref"] for part in sbom["components"]}
        graph = {entry["ref"]: set(entry["dependsOn"]) for entry in sbom["dependencies"]}
        assert listed == set(graph) - {sbom["metadata"]["component"]["bom-ref"]}
        assert set().union(*graph.values()) <= listed


class TestRefused:
    """What is found before anything is built."""

    def test_a_version_that_the_changelog_does_not_know(self, tmp_path):
        done = release(tmp_path, VERSION, "# Changelog\n\n## Unreleased\n\n- Not yet.\n")
        assert done.returncode == 1
        assert done.stderr == (
            f"CHANGELOG.md says nothing of {VERSION} (its sections: Unreleased); "
            f"call what is unreleased '## {VERSION} (YEAR-MONTH-DAY)'\n"
        )

    def test_another_version_than_that_of_the_project(self, tmp_path):
        done = release(tmp_path, "9.9.9", CHANGELOG)
        assert done.stderr == f"9.9.9 is asked for, but pyproject.toml says {VERSION}\n"
        assert not (tmp_path / "dist").exists()


def test_the_changelog_has_something_for_the_next_release():
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    first = re.search(r"^## (.+)$", text, re.MULTILINE)
    assert first is not None
    assert first[1] in ("Unreleased", VERSION) or first[1].startswith(f"{VERSION} (")


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_runs_actions_of_one_commit_each(workflow):
    used = re.findall(r"uses: (.+)", workflow.read_text("utf-8"))
    assert used
    for action in used:
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v[\d.]+", action)


def test_workflows_use_one_version_of_each_action():
    used = re.findall(r"uses: (.+?)@(.+)", "".join(map(Path.read_text, WORKFLOWS)))
    assert len({name for name, _ in used}) == len(set(used))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_zizmor_has_nothing_to_say(workflow):
    zizmor = Path(sys.executable).with_name("zizmor")
    if not zizmor.exists():
        pytest.skip("needs zizmor: make full")
    command = [zizmor, "--offline", "--quiet", "--no-progress", "--pedantic", workflow]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
