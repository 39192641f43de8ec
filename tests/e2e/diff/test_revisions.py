"""`aki-codegen diff` over revisions of a git repository, and what it says where there is none."""

import shutil
import subprocess

import pytest
from e2e.diff.states import BREAKING, FIRST, HARMLESS, store


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
            ("nonsense", "'nonsense' is neither a folder nor a git revision of"),
            ("git:-x", "'-x' is not a git revision; name one such as HEAD~3 or v1.2"),
            ("git:--output=x", "is not a git revision"),
            ("git:", "'' is not a git revision"),
            ("git:a\nb", "is not a git revision"),
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
        assert "is not in a git repository" in errors

    def test_without_git_that_is_said(self, diff, package, monkeypatch):
        monkeypatch.setenv("PATH", "")
        status, _, errors = diff("HEAD")
        assert status == 1
        assert "git is not installed" in errors
