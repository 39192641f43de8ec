"""A package is written whole or not at all, and nothing of the user's is lost."""

import errno
import json
from pathlib import Path, PurePosixPath

import pytest
from aki_codegen.output.write import recover, write_beside, write_package
from aki_codegen.problems import GenerationError


def files(**texts):
    """Return a package's files with their manifest; `__` in a name is a folder."""
    named = {name.replace("__", "/") + ".py": text for name, text in texts.items()}
    manifest = json.dumps({"files": dict.fromkeys(named, "hash")})
    return {
        PurePosixPath(path): text.encode()
        for path, text in {**named, "manifest.json": manifest}.items()
    }


def content(folder: Path):
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "out" / "client"
    write_package(folder, files(a="old a", sub__b="old b"))
    return folder


class TestReplacing:
    """The folder holds what is generated, and what the user put there."""

    def test_folders_above_are_made(self, package):
        assert content(package) == {"a.py": "old a", "sub/b.py": "old b"}

    def test_added_changed_and_removed_files_are_told(self, package):
        written = write_package(package, files(a="new a", c="new c"))
        assert written.added == ("c.py",)
        assert written.changed == ("a.py", "manifest.json")
        assert written.removed == ("sub/b.py",)

    def test_files_that_are_no_longer_generated_go_with_their_folder(self, package):
        write_package(package, files(a="new a"))
        assert content(package) == {"a.py": "new a"}
        assert not (package / "sub").exists()

    def test_files_of_the_user_are_carried_over(self, package):
        (package / "sub" / "mine.txt").write_text("mine")
        write_package(package, files(a="new a"))
        assert content(package) == {"a.py": "new a", "sub/mine.txt": "mine"}

    def test_an_unchanged_run_touches_nothing(self, package):
        before = {path: path.stat().st_mtime_ns for path in [package, *package.rglob("*")]}
        written = write_package(package, files(a="old a", sub__b="old b"))
        assert (written.added, written.changed, written.removed) == ((), (), ())
        assert {path: path.stat().st_mtime_ns for path in [package, *package.rglob("*")]} == before
        assert {path.stat().st_ino for path in before} == {p.stat().st_ino for p in before}

    def test_nothing_is_left_beside_the_package(self, package):
        write_package(package, files(a="new a"))
        assert [path.name for path in package.parent.iterdir()] == ["client"]


class TestRefusing:
    """What is no generated package is never replaced."""

    def test_a_folder_without_manifest_is_refused_and_left_alone(self, tmp_path):
        (tmp_path / "client").mkdir()
        (tmp_path / "client" / "thesis.txt").write_text("years of work")
        with pytest.raises(GenerationError, match="is not a generated package"):
            write_package(tmp_path / "client", files(a="a"))
        assert content(tmp_path / "client") == {"thesis.txt": "years of work"}

    def test_a_file_in_the_packages_place_is_refused_and_left_alone(self, tmp_path):
        (tmp_path / "client").write_text("years of work")
        with pytest.raises(GenerationError, match="is not a generated package"):
            write_package(tmp_path / "client", files(a="a"))
        assert content(tmp_path) == {"client": "years of work"}

    def test_an_empty_folder_is_taken(self, tmp_path):
        (tmp_path / "client").mkdir()
        write_package(tmp_path / "client", files(a="a"))
        assert content(tmp_path / "client") == {"a.py": "a"}

    def test_a_folder_that_can_not_be_made_is_named(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(GenerationError, match=r"file.client can not be written"):
            write_package(tmp_path / "file" / "client", files(a="a"))


class TestInterruptions:
    """Whatever breaks, the old package stays whole."""

    def assert_whole(self, package):
        assert content(package) == {"a.py": "old a", "sub/b.py": "old b"}
        assert [path.name for path in package.parent.iterdir()] == ["client"]

    def test_a_disk_that_is_full_half_way_leaves_the_old_package(self, package, monkeypatch):
        write = Path.write_bytes
        written = []

        def fail_later(path, data):
            written.append(path)
            if len(written) == 2:
                raise OSError(errno.ENOSPC, "No space left on device")
            return write(path, data)

        monkeypatch.setattr(Path, "write_bytes", fail_later)
        with pytest.raises(GenerationError, match="No space left on device"):
            write_package(package, files(a="new a", c="new c"))
        self.assert_whole(package)

    def test_ctrl_c_half_way_leaves_the_old_package(self, package, monkeypatch):
        def interrupt(path, data):
            raise KeyboardInterrupt

        monkeypatch.setattr(Path, "write_bytes", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_package(package, files(a="new a"))
        self.assert_whole(package)

    def test_a_failure_of_the_last_step_puts_the_old_package_back(self, package, monkeypatch):
        rename = Path.rename

        def fail_to_take_its_place(path, target):
            if ".aki-codegen-new-" in path.name:
                raise OSError(errno.EACCES, "Permission denied")
            return rename(path, target)

        monkeypatch.setattr(Path, "rename", fail_to_take_its_place)
        with pytest.raises(GenerationError, match="Permission denied"):
            write_package(package, files(a="new a"))
        self.assert_whole(package)

    def test_a_package_left_aside_by_a_killed_run_is_put_back(self, package):
        # A process killed between the two renames leaves this.
        package.rename(package.parent / ".aki-codegen-old-client-abcdefgh")
        recover(package)
        self.assert_whole(package)

    def test_a_package_left_aside_is_not_taken_for_another(self, package):
        package.rename(package.parent / ".aki-codegen-old-client-abcdefgh")
        recover(package.parent / "clien")
        assert not (package.parent / "clien").exists()

    def test_a_package_that_is_there_is_not_touched(self, package):
        aside = package.parent / ".aki-codegen-old-client-abcdefgh"
        aside.mkdir()
        recover(package)
        assert content(package) == {"a.py": "old a", "sub/b.py": "old b"}
        assert aside.exists()


class TestOneFile:
    """A file beside the package is replaced in one step."""

    def test_it_is_replaced(self, tmp_path):
        (tmp_path / "REPORT.md").write_text("old")
        write_beside(tmp_path / "REPORT.md", "new")
        assert content(tmp_path) == {"REPORT.md": "new"}

    def test_an_unchanged_one_is_not_touched(self, tmp_path):
        write_beside(tmp_path / "REPORT.md", "same")
        before = (tmp_path / "REPORT.md").stat()
        write_beside(tmp_path / "REPORT.md", "same")
        after = (tmp_path / "REPORT.md").stat()
        assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)

    def test_one_that_can_not_be_written_is_named(self, tmp_path):
        with pytest.raises(GenerationError, match=r"REPORT\.md can not be written"):
            write_beside(tmp_path / "missing" / "REPORT.md", "new")


class TestFilesBeside:
    """The files beside a package are written where it is, and only then."""

    def test_they_are_written_with_it(self, package):
        write_package(package, files(a="new a"), beside={"REPORT.md": "new"})
        assert content(package.parent) == {"REPORT.md": "new", "client/a.py": "new a"}

    def test_where_one_can_not_be_written_the_package_stays_as_it_was(self, package):
        before = content(package)
        (package.parent / "REPORT.md").mkdir()
        with pytest.raises(GenerationError, match=r"REPORT\.md can not be written: a folder is"):
            write_package(package, files(a="new a"), beside={"OTHER.md": "", "REPORT.md": "new"})
        assert content(package) == before
        assert {path.name for path in package.parent.iterdir()} == {"client", "REPORT.md"}

    def test_where_the_package_can_not_be_written_they_stay_as_they_were(
        self, package, monkeypatch
    ):
        (package.parent / "REPORT.md").write_text("old")
        before = content(package.parent)

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", full)
        with pytest.raises(GenerationError, match="No space left"):
            write_package(package, files(a="new a"), beside={"REPORT.md": "new"})
        assert content(package.parent) == before
        assert {path.name for path in package.parent.iterdir()} == {"client", "REPORT.md"}
