"""`aki-codegen check`: read-only, and no difference passes by; and what a refresh says of files edited by hand."""

import shutil
from pathlib import Path

import pytest
from aki_codegen.cli import main
from support.command import PACKAGE, PAINTER
from support.metadata import details
from support.stub_hub import Answer


@pytest.fixture
def generate(generate, hub):
    assert generate("--server", hub.url)[0] == 0
    return generate


@pytest.fixture
def check(generate, capsys):
    """Run `check`; it returns exit status, output and errors, and has written nothing."""

    def run(*arguments):
        before = generate.content()
        words = ["--out", str(generate.out), "--package", PACKAGE]
        status = main(["check", *words, *arguments])
        told = capsys.readouterr()
        assert generate.content() == before
        return status, told.out, told.err

    return run


class TestSnapshot:
    """Without --live the package is compared with what its snapshot makes; nobody is asked."""

    def test_what_is_as_generated_passes(self, check, hub):
        hub.paths.clear()
        status, output, errors = check()
        assert (status, errors) == (0, "")
        assert output.endswith("as its snapshot makes it\n")
        assert hub.paths == []

    def test_a_package_that_was_used_passes(self, check, generate):
        cached = generate.package / "__pycache__"
        cached.mkdir(exist_ok=True)
        (cached / "client.cpython-311.pyc").write_bytes(b"")
        assert check()[0] == 0

    @pytest.mark.parametrize(
        "name", ["client.py", "protocols.py", "manifest.json", "endpoints/_painter.py"]
    )
    def test_a_changed_file_is_named(self, check, generate, name):
        with (generate.package / name).open("a", encoding="utf-8") as file:
            file.write("\n")
        status, _, errors = check()
        assert status == 1
        assert f"{name} is not what the generator makes of it" in errors
        assert errors.count("\n  - ") == 1

    def test_a_missing_file_is_named(self, check, generate):
        (generate.package / "protocols.py").unlink()
        status, _, errors = check()
        assert status == 1
        assert "protocols.py is missing" in errors

    def test_an_untracked_file_is_named(self, check, generate):
        (generate.package / "endpoints" / "notes.py").write_text("mine = 1\n")
        status, _, errors = check()
        assert status == 1
        assert "endpoints/notes.py is not the generator's" in errors

    def test_an_edited_snapshot_is_noticed(self, check, generate):
        path = generate.package / "spec" / "endpoints" / "painter.json"
        path.write_text(path.read_text("utf-8").replace("Painter", "Plumber"), "utf-8")
        status, _, errors = check()
        assert status == 1
        assert "endpoints/_painter.py is not what the generator makes of it" in errors

    def test_a_report_that_was_edited_or_removed_is_named(self, check, generate):
        report = generate.package / "REPORT.md"
        report.write_text(f"{report.read_text('utf-8')}mine\n")
        status, _, errors = check()
        assert status == 1
        assert "REPORT.md is not what the generator makes of it" in errors
        report.unlink()
        assert check()[0] == 1

    def test_history_is_left_out(self, check, generate):
        (generate.package / "CHANGES.md").write_text("mine\n")
        (generate.package / "spec" / "history.json").write_text("{}\n")
        assert check()[0] == 0

    def test_where_there_is_no_package_it_says_what_to_do(self, check, generate):
        shutil.rmtree(generate.package)
        status, _, errors = check()
        assert status == 1
        assert "holds no snapshot; run `aki-codegen generate` first" in errors

    def test_what_is_told_is_mended_by_the_command_that_is_named(self, check, generate):
        (generate.package / "client.py").write_text("")
        (generate.package / "models.py").unlink()
        assert "`aki-codegen generate --offline` makes it anew" in check()[2]
        assert generate("--offline")[0] == 0
        assert check()[0] == 0


class TestLive:
    """With --live the snapshot is compared with the hub, and the status is the class of the change."""

    @pytest.mark.parametrize(
        ("document", "status", "told"),
        [
            (PAINTER, 0, "no change"),
            ({**PAINTER, "title": "Painter 2"}, 10, "its title changes"),
            ({**PAINTER, "category": "art"}, 11, "its category changes"),
            (details({"text": {"required": True}}, {"text": {}}), 12, "prompt"),
        ],
        ids=["none", "harmless", "risky", "breaking"],
    )
    def test_the_status_is_the_class(self, check, hub, document, status, told):
        hub.answers["/api/endpoints/painter"] = document
        found, output, _ = check("--live", "--server", hub.url)
        assert found == status
        assert told in output

    def test_details_that_can_not_be_had_are_no_change_but_told(self, check, hub):
        hub.answers["/api/endpoints/painter"] = Answer("<html>", 503)
        status, output, _ = check("--live", "--server", hub.url)
        assert status == 0
        assert "painter: its details could not be had" in output

    def test_a_hub_that_does_not_answer_is_a_failure(self, check, hub):
        hub.answers["/api/endpoints"] = Answer("<html>", 503)
        status, output, errors = check("--live", "--server", hub.url)
        assert (status, output) == (1, "")
        assert "the endpoint list could not be had" in errors


class TestEditedByHand:
    """What was edited by hand is named before it is overwritten, and what is not the generator's is kept."""

    @pytest.mark.parametrize("offline", [False, True])
    def test_a_refresh_names_them_and_makes_them_anew(self, generate, hub, offline):
        before = generate.content()
        for name in ("client.py", "endpoints/_painter.py"):
            (generate.package / name).write_text("# mine\n")
        status, _, errors = generate(*(["--offline"] if offline else ["--server", hub.url]))
        assert status == 0
        assert (
            "Overwriting files that were edited by hand: client.py, endpoints/_painter.py."
            in errors
        )
        assert generate.content() == before

    def test_an_edited_snapshot_is_named_too(self, generate, hub):
        path = generate.package / "spec" / "endpoints" / "painter.json"
        path.write_text(path.read_text("utf-8").replace("Painter", "Plumber"), "utf-8")
        assert "edited by hand: spec/endpoints/painter.json" in generate("--server", hub.url)[2]

    def test_nothing_is_said_where_nothing_was_edited(self, generate, hub):
        assert "edited by hand" not in generate("--server", hub.url)[2]

    def test_a_file_of_yours_that_a_newcomer_needs_is_named(self, generate, hub):
        (generate.package / "endpoints" / "_dancer.py").write_text("mine = 1\n")
        hub.answers["/api/endpoints/dancer"] = PAINTER
        hub.answers["/api/endpoints"] = {"endpoints": ["painter", "singer", "dancer"]}
        assert "edited by hand: endpoints/_dancer.py." in generate("--server", hub.url)[2]

    def test_where_the_manifest_can_not_be_read_that_is_said(self, generate, hub):
        before = generate.content()
        manifest = generate.package / "manifest.json"
        manifest.write_text(f"<<<<<<< HEAD\n{manifest.read_text()}")
        status, _, errors = generate("--server", hub.url)
        assert status == 0
        assert "manifest.json cannot be read" in errors
        assert generate.content() == before

    def test_a_file_of_yours_is_kept(self, generate, hub):
        mine = generate.package / "notes.txt"
        mine.write_text("mine\n")
        hub.answers["/api/endpoints/painter"] = {**PAINTER, "title": "Painter 2"}
        generate("--server", hub.url)
        assert mine.read_text() == "mine\n"


class TestWindowsLines:
    """A checkout in which git has changed the ends of lines is told as such, and mended."""

    @pytest.fixture(autouse=True)
    def converted(self, generate):
        for path in generate.package.rglob("*"):
            if path.is_file() and path.parent.name != "__pycache__":
                path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    def test_check_says_it_once(self, check):
        status, _, errors = check()
        assert status == 1
        assert errors.count("\n  - ") == 1
        assert "`generated/** -text` in .gitattributes" in errors

    def test_a_refresh_does_not_take_it_for_edits(self, generate, hub, check):
        status, output, errors = generate("--server", hub.url)
        assert (status, output.splitlines()[-1]) == (0, "no change")
        assert "have Windows ends of lines" in errors
        assert "edited by hand" not in errors
        assert check()[0] == 0


def test_git_leaves_what_is_generated_alone():
    path = Path(__file__).parents[3] / ".gitattributes"
    assert "generated/** -text" in path.read_text("utf-8").splitlines()
