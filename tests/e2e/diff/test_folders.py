"""`aki-codegen diff` over two folders, and what its help and its page say of it."""

import json
import shutil
from pathlib import Path

import pytest
from aki_codegen.cli import main
from e2e.diff.states import BREAKING, FIRST, HARMLESS, RISKY, store


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
        assert "input steps: its range widens: 1–40 → 1–50" in output

    def test_a_tombstone_is_an_endpoint_that_is_gone(self, diff, package, tmp_path):
        other = store(FIRST, tmp_path / "other")
        (other / "spec" / "state.json").write_text(
            '{"removed": {"singer": "2026-01-31"}, "problems": []}'
        )
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
        assert f"{tmp_path / 'empty'} is neither a package nor a spec folder" in errors

    def test_a_damaged_snapshot_is_named_by_the_folder_that_was_given(self, diff, package):
        (package / "spec" / "endpoints" / "painter.json").write_text("{")
        status, _, errors = diff(package / "spec", package)
        assert status == 1
        assert f"aki-codegen: {package}/spec/endpoints/painter.json cannot be read" in errors

    def test_without_a_package_there_is_nothing_to_compare(self, diff, out):
        status, _, errors = diff()
        assert status == 1
        assert "holds no snapshot; run `aki-codegen generate` first" in errors

    def test_nothing_is_written(self, diff, package, tmp_path):
        other = store(BREAKING, tmp_path / "other")
        before = {path: path.stat() for path in tmp_path.rglob("*")}
        diff(package, other)
        assert {path: path.stat() for path in tmp_path.rglob("*")} == before

    def test_wrong_usage_has_a_status_of_its_own(self, diff):
        assert diff("a", "b", "c")[0] == 2
        assert diff("--format", "xml")[0] == 2


def test_the_table_of_statuses_is_in_the_help(capsys):
    with pytest.raises(SystemExit):
        main(["diff", "--help"])
    shown = capsys.readouterr().out
    for line in ("0   no change", "10  the worst change is harmless", "12  a change is breaking"):
        assert line in shown


def test_the_page_names_the_options():
    page = (Path(__file__).parents[3] / "docs" / "changes.md").read_text("utf-8")
    for option in ("--out", "--package", "--format", "--layout", "--api-key-file", "--allow-http"):
        assert option in page
