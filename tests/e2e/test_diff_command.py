"""`aki-codegen diff` as people run it: over folders, git revisions and live hubs."""

import copy
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from aki_codegen.cli import main
from aki_codegen.sandbox.server import SandboxServer
from aki_codegen.snapshot.files import to_files
from support.command import KEY, without_environment
from support.metadata import details, snapshot_of
from support.stub_hub import Answer, StubHub

STEPS = {"type": "integer", "minimum": 1, "maximum": 50}
FIRST = {"painter": details({"steps": STEPS}), "singer": details({"text": {"required": True}})}


def changed(change):
    """Return the first state with one change to it."""
    documents = copy.deepcopy(FIRST)
    change(documents["painter"]["parameter_description"]["input"]["steps"])
    return documents


HARMLESS = changed(lambda steps: steps.update(maximum=60))
RISKY = changed(lambda steps: steps.update(default=8))
BREAKING = changed(lambda steps: steps.update(maximum=40))


def store(documents, package):
    """Write the snapshot of a package, and nothing else of it."""
    shutil.rmtree(package, ignore_errors=True)
    for path, content in to_files(snapshot_of(documents), "Made by a test.").items():
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        (package / path).write_bytes(content)
    return package


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def package(out):
    return store(FIRST, out / "hub_client")


@pytest.fixture
def diff(out, capsys, monkeypatch):
    without_environment(monkeypatch)

    def run(*arguments):
        words = ["--out", str(out), "--package", "hub_client", *map(str, arguments)]
        try:
            status = main(["diff", *words])
        except SystemExit as stopped:
            status = int(stopped.code or 0)
        told = capsys.readouterr()
        assert KEY not in told.out + told.err
        return status, told.out, told.err

    return run


class TestFolders:
    """Two folders, of whatever level."""

    @pytest.mark.parametrize(
        ("documents", "status", "last"),
        [
            (FIRST, 0, "no change"),
            (HARMLESS, 10, "1 change: 1 harmless"),
            (RISKY, 11, "1 change: 1 risky"),
            (BREAKING, 12, "1 change: 1 breaking"),
        ],
    )
    def test_the_exit_status_tells_the_class(
        self, diff, package, tmp_path, documents, status, last
    ):
        other = store(documents, tmp_path / "other")
        told = diff(package, other)
        assert told[0] == status
        assert told[1].splitlines()[-1] == last
        assert told[2] == f"Comparing {package} with {other}.\n"

    def test_a_package_its_spec_folder_and_an_output_folder_are_the_same(
        self, diff, package, tmp_path
    ):
        copied = shutil.copytree(package / "spec", tmp_path / "kept-from-yesterday")
        for folder in (package, package / "spec", package.parent, copied):
            assert diff(folder, package)[:2] == (0, "no change\n")

    def test_of_several_packages_the_one_with_the_name_is_meant(self, diff, package, out):
        store(BREAKING, out / "other_client")
        assert diff(out, package)[0] == 0

    def test_one_argument_is_compared_with_the_package(self, diff, package, tmp_path):
        other = store(BREAKING, tmp_path / "other")
        status, output, _ = diff(other)
        assert status == 10
        assert "input steps: its range widens: 1 to 40 → 1 to 50" in output

    def test_a_tombstone_is_an_endpoint_that_is_gone(self, diff, package, tmp_path):
        other = store(FIRST, tmp_path / "other")
        (other / "spec" / "state.json").write_text('{"removed": ["singer"], "problems": []}')
        status, output, _ = diff(package, other)
        assert (status, "singer\n    the hub has it no longer" in output) == (12, True)

    def test_json_and_markdown_tell_the_same(self, diff, package, tmp_path):
        other = store(BREAKING, tmp_path / "other")
        status, output, _ = diff(package, other, "--format", "json")
        document = json.loads(output)
        assert (status, document["severity"], len(document["changes"])) == (12, "breaking", 1)
        status, output, _ = diff(package, other, "--format", "markdown")
        assert status == 12
        assert output.startswith("1 change: 1 breaking.\n\n### Breaking\n")

    def test_a_folder_without_a_package_is_named(self, diff, package, tmp_path):
        (tmp_path / "empty").mkdir()
        status, output, errors = diff(package, tmp_path / "empty")
        assert (status, output) == (1, "")
        assert f"{tmp_path / 'empty'} is no package, no spec folder" in errors

    def test_a_damaged_snapshot_is_named_by_the_folder_that_was_given(self, diff, package):
        (package / "spec" / "endpoints" / "painter.json").write_text("{")
        status, _, errors = diff(package / "spec", package)
        assert status == 1
        assert (
            f"aki-codegen: {package / 'spec'}: /spec/endpoints/painter.json can not be read"
            in errors
        )

    def test_without_a_package_there_is_nothing_to_compare(self, diff, out):
        status, _, errors = diff()
        assert status == 1
        assert "holds no snapshot to compare; run `aki-codegen generate` first" in errors

    def test_nothing_is_written(self, diff, package, tmp_path):
        other = store(BREAKING, tmp_path / "other")
        before = {path: path.stat() for path in tmp_path.rglob("*")}
        diff(package, other)
        assert {path: path.stat() for path in tmp_path.rglob("*")} == before

    def test_wrong_usage_has_a_status_of_its_own(self, diff):
        assert diff("a", "b", "c")[0] == 2
        assert diff("--format", "xml")[0] == 2


class TestRevisions:
    """Revisions of the git repository that the package is in."""

    @pytest.fixture
    def git(self, tmp_path, monkeypatch):
        for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
            monkeypatch.delenv(name, raising=False)

        def run(*words):
            settings = (
                "-c",
                "user.name=t",
                "-c",
                "user.email=t@example",
                "-c",
                "commit.gpgsign=false",
            )
            subprocess.run(
                ["git", "-C", str(tmp_path), *settings, *words], check=True, capture_output=True
            )

        run("init", "--quiet")
        return run

    @pytest.fixture
    def history(self, git, package):
        """Three commits, the second of them tagged; the last is what is there."""
        for documents, tag in ((FIRST, "v1"), (BREAKING, "v2"), (HARMLESS, "v3")):
            store(documents, package)
            git("add", ".")
            git("commit", "--quiet", "-m", tag)
            git("tag", tag)
        return package

    @pytest.mark.parametrize(
        ("arguments", "status"),
        [
            (["v1", "v2"], 12),
            (["v2", "HEAD"], 10),
            (["HEAD~2"], 10),
            (["git:v3"], 0),
            (["v1", "git:HEAD~1"], 12),
        ],
    )
    def test_two_revisions_or_one_and_what_is_there(self, diff, history, arguments, status):
        assert diff(*arguments)[0] == status

    def test_a_folder_of_that_name_comes_first_and_git_can_be_said(
        self, diff, history, tmp_path, monkeypatch
    ):
        monkeypatch.chdir(tmp_path)
        store(BREAKING, tmp_path / "v1")
        assert diff("v1", "v3")[1].splitlines()[-1] == "1 change: 1 harmless"
        assert diff("v1", history)[2].startswith("Comparing v1 with")
        assert "at git revision 'v1'" in diff("git:v1", history)[2]

    def test_the_package_need_not_be_there_now(self, diff, history):
        shutil.rmtree(history.parent)
        assert diff("v1", "v2")[0] == 12

    def test_the_working_tree_is_left_alone(self, diff, history):
        (history / "spec" / "hub.json").write_text("changed")
        diff("v1", "v2")
        assert (history / "spec" / "hub.json").read_text() == "changed"

    @pytest.mark.parametrize(
        ("revision", "said"),
        [
            ("nonsense", "'nonsense' is no folder and no git revision of"),
            ("git:-x", "'-x' is no git revision; name one such as HEAD~3 or v1.2"),
            ("git:--output=x", "is no git revision"),
            ("git:", "'' is no git revision"),
            ("git:a\nb", "is no git revision"),
        ],
    )
    def test_what_is_no_revision_is_said_in_a_sentence(
        self, diff, history, revision, said, tmp_path
    ):
        status, output, errors = diff(revision, "HEAD")
        assert (status, output) == (1, "")
        assert said in errors
        assert "Traceback" not in errors
        assert not list(tmp_path.rglob("x"))

    def test_a_revision_without_the_package_is_said(self, diff, git, package, tmp_path):
        (tmp_path / "README").write_text("")
        git("add", "README")
        git("commit", "--quiet", "-m", "before")
        status, _, errors = diff("HEAD")
        assert status == 1
        assert f"the git revision 'HEAD' holds no {package / 'spec'}" in errors

    def test_without_a_repository_that_is_said(self, diff, package, monkeypatch, tmp_path):
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
        status, _, errors = diff("HEAD")
        assert status == 1
        assert "is in no git repository" in errors

    def test_without_git_that_is_said(self, diff, package, monkeypatch):
        monkeypatch.setenv("PATH", "")
        status, _, errors = diff("HEAD")
        assert status == 1
        assert "git is not installed" in errors


class TestLiveHubs:
    """The metadata of a hub that runs."""

    def test_without_arguments_the_snapshot_is_compared_with_the_hub_of_the_environment(
        self, diff, package, monkeypatch
    ):
        with StubHub.offering(BREAKING) as hub:
            monkeypatch.setenv("AKI_API_SERVER", hub.url)
            status, output, errors = diff()
        assert status == 12
        assert "input steps: its range narrows: 1 to 50 → 1 to 40" in output
        assert errors.startswith(f"Comparing {package} with {hub.url} (aki layout, without a key).")

    def test_the_sandbox_is_compared_with_itself(self, diff, out, capsys):
        assert main(["generate", "--out", str(out), "--package", "hub_client"]) == 0
        capsys.readouterr()
        assert diff()[:2] == (0, "no change\n")

    def test_a_sandbox_with_another_catalogue_is_another_hub(self, diff, package, tmp_path):
        catalogue = tmp_path / "catalogue"
        catalogue.mkdir()
        for name, document in RISKY.items():
            (catalogue / f"{name}.json").write_text(json.dumps({"name": name, **document}))
        with SandboxServer(catalogue=catalogue) as hub:
            assert diff(package, hub.url)[0] == 11
            assert diff(hub.url, package)[0] == 11
            assert diff(hub.url, hub.url)[0] == 0

    def test_an_endpoint_that_is_not_described_is_told_and_no_removal(self, diff, package):
        with StubHub.offering(FIRST) as hub:
            hub.answers["/api/endpoints/singer"] = Answer("<html>", 502)
            for states in ((package, hub.url), (hub.url, package)):
                status, output, errors = diff(*states)
                assert (status, output) == (0, "no change\n")
                assert "singer: its details could not be had" in errors

    def test_a_hub_that_offers_nothing_has_removed_everything(self, diff, package):
        with StubHub({"/api/endpoints": {"endpoints": []}}) as hub:
            status, output, _ = diff(package, hub.url)
        assert status == 12
        assert output.endswith("2 changes: 2 breaking\n")

    def test_a_hub_that_does_not_answer_is_a_failure(self, diff, package):
        status, output, errors = diff(package, "http://127.0.0.1:9")
        assert (status, output) == (1, "")
        assert "the endpoint list could not be had" in errors

    def test_a_key_goes_over_plain_http_only_to_this_machine(self, diff, package, tmp_path):
        key = tmp_path / "key"
        key.write_text(KEY)
        status, _, errors = diff(package, "http://hub.example", "--api-key-file", key)
        assert status == 1
        assert "plain http" in errors


def test_the_table_of_statuses_is_in_the_help(capsys):
    with pytest.raises(SystemExit):
        main(["diff", "--help"])
    shown = capsys.readouterr().out
    for line in ("0   no change", "10  the worst change is harmless", "12  a change is breaking"):
        assert line in shown


def test_the_page_names_the_options():
    page = (Path(__file__).parents[2] / "docs" / "changes.md").read_text("utf-8")
    for option in ("--out", "--package", "--format", "--layout", "--api-key-file", "--allow-http"):
        assert option in page
