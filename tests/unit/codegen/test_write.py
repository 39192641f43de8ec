"""A package is written whole or not at all, and nothing of the user's is lost."""

import errno
import json
import signal
from pathlib import Path, PurePosixPath

import pytest
from aki_codegen.output import recover, uninterrupted, write_package, write_text
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

    def test_files_are_added_changed_and_removed(self, package):
        write_package(package, files(a="new a", c="new c"))
        assert content(package) == {"a.py": "new a", "c.py": "new c"}

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
        write_package(package, files(a="old a", sub__b="old b"))
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
        with pytest.raises(GenerationError, match=r"file.client cannot be written"):
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
            if ".aki-codegen-new-" in path.parent.name:
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

    def test_a_package_that_is_there_is_not_touched_and_what_it_has_replaced_goes(self, package):
        aside = package.parent / ".aki-codegen-old-client-abcdefgh"
        aside.mkdir()
        recover(package)
        self.assert_whole(package)

    def test_one_that_was_left_aside_stays_where_there_is_no_package_in_its_place(self, package):
        aside = package.parent / ".aki-codegen-old-client-abcdefgh"
        package.rename(aside)
        package.mkdir()
        recover(package)
        assert content(aside) == {"a.py": "old a", "sub/b.py": "old b"}


class TestLinks:
    """A package folder may be a link to one elsewhere."""

    def test_the_folder_behind_it_is_replaced_and_the_link_stays(self, package, tmp_path):
        elsewhere = tmp_path / "elsewhere" / "client"
        elsewhere.parent.mkdir()
        package.rename(elsewhere)
        package.symlink_to(elsewhere)
        write_package(package, files(a="new a"))
        assert package.is_symlink()
        assert content(elsewhere) == {"a.py": "new a"}
        assert sorted(path.name for path in package.parent.iterdir()) == ["client"]
        assert [path.name for path in elsewhere.parent.iterdir()] == ["client"]


class TestUninterrupted:
    """Ctrl-C waits where half of the work would be done, and is heard again afterwards."""

    @pytest.fixture(autouse=True)
    def heard(self):
        # A process that was started in the background does not hear it.
        former = signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
        signal.signal(signal.SIGINT, former)

    def test_it_does_nothing_within_and_something_after(self):
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


class TestOneFile:
    """A file beside the package is replaced in one step."""

    def test_it_is_replaced(self, tmp_path):
        (tmp_path / "REPORT.md").write_text("old")
        write_text(tmp_path / "REPORT.md", "new")
        assert content(tmp_path) == {"REPORT.md": "new"}

    def test_an_unchanged_one_is_not_touched(self, tmp_path):
        write_text(tmp_path / "REPORT.md", "same")
        before = (tmp_path / "REPORT.md").stat()
        write_text(tmp_path / "REPORT.md", "same")
        after = (tmp_path / "REPORT.md").stat()
        assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)

    def test_one_that_can_not_be_written_is_named(self, tmp_path):
        with pytest.raises(GenerationError, match=r"REPORT\.md cannot be written"):
            write_text(tmp_path / "missing" / "REPORT.md", "new")
