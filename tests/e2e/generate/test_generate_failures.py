"""`aki-codegen generate` where it fails: one clear sentence, the right exit status, and nothing changed."""

import json
import os
import shutil
import socket

import pytest
from aki_codegen.cli import main
from aki_codegen.generation.generate import generate as generate_files
from support.command import KEY, PACKAGE, PAINTER
from support.metadata import details, snapshot_of
from support.stub_hub import Answer

LOOSE = details({"prompt": {"type": "tensor"}})


@pytest.fixture(scope="module")
def earlier_package(tmp_path_factory):
    """An output folder in which a package lies."""
    out = tmp_path_factory.mktemp("earlier") / "out"
    generate_files(snapshot_of({"painter": PAINTER, "singer": PAINTER}), out, PACKAGE)
    return out


class TestFailing:
    """It fails with one sentence and status 1, and nothing in the output folder changes."""

    @pytest.fixture(params=["into an empty folder", "over a package"], autouse=True)
    def start(self, request, generate, earlier_package):
        if request.param == "over a package":
            shutil.copytree(earlier_package, generate.out)

    @pytest.fixture
    def fails(self, generate):
        """Return a function that runs the command to fail, and returns what it said."""

        def run(*arguments):
            before = generate.content()
            status, output, errors = generate(*arguments)
            assert (status, output) == (1, "")
            assert generate.content() == before
            assert "Traceback" not in errors
            (said,) = errors.split("aki-codegen: ")[1:]
            return said.rstrip("\n")

        return run

    def test_nobody_listens_at_the_address(self, fails):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        said = fails("--server", url)
        assert f"could not be had from {url}/api/endpoints" in said
        assert "check the address" in said

    def test_the_key_is_refused(self, fails, hub, monkeypatch):
        hub.answers["/api/endpoints"] = Answer({"error": "Key not valid"}, 401)
        monkeypatch.setenv("AKI_API_KEY", KEY)
        said = fails("--server", hub.url)
        assert "refused the key: Key not valid" in said
        assert "check AKI_API_KEY" in said

    def test_the_hub_repeats_the_key_in_its_error(self, fails, hub, monkeypatch):
        hub.answers["/api/endpoints"] = Answer(f"<html><body>?key={KEY}</body></html>", 500)
        monkeypatch.setenv("AKI_API_KEY", KEY)
        assert "?key=***" in fails("--server", hub.url)

    def test_the_address_is_that_of_a_web_page(self, fails, hub):
        hub.answers["/api/endpoints"] = Answer("<!doctype html><html>Welcome</html>")
        assert "an HTML page came instead of JSON" in fails("--server", hub.url)

    def test_the_hub_lists_nothing(self, fails, hub):
        hub.answers["/api/endpoints"] = {"endpoints": []}
        assert "lists no endpoints" in fails("--server", hub.url)

    def test_what_is_given_is_no_address(self, fails):
        assert "is not the address of a hub" in fails("--server", "ftp://hub.example")

    def test_an_address_that_a_script_left_empty_is_not_the_sandbox(self, fails):
        assert fails("--server", "").startswith("--server is empty; give the hub's address")

    def test_the_key_file_is_no_text(self, fails, hub, tmp_path):
        (tmp_path / "key.txt").write_bytes(b"\xff\xfe")
        said = fails("--server", hub.url, "--api-key-file", str(tmp_path / "key.txt"))
        assert (
            said == f"the key file {tmp_path / 'key.txt'} cannot be read: it must be text in UTF-8"
        )

    def test_the_address_holds_a_password(self, fails):
        said = fails("--server", f"https://me:{KEY}@hub.example")
        assert "holds a user name" in said

    @pytest.mark.parametrize(
        ("text", "said"), [(None, "No such file"), ("", "it is empty"), (" \n", "it is empty")]
    )
    def test_the_key_file_is_missing_or_empty(self, fails, hub, tmp_path, text, said):
        file = tmp_path / "key.txt"
        if text is not None:
            file.write_text(text)
        told = fails("--server", hub.url, "--api-key-file", str(file))
        assert f"the key file {file} cannot be read: {said}" in told

    def test_the_key_would_go_over_plain_http_to_another_machine(self, fails, monkeypatch):
        monkeypatch.setenv("AKI_API_KEY", KEY)
        assert "the API key would go over plain http" in fails("--server", "http://hub.example")

    def test_a_loosely_typed_parameter_with_strict(self, fails, hub):
        hub.answers["/api/endpoints/singer"] = LOOSE
        said = fails("--server", hub.url, "--strict")
        assert said.startswith(
            "with --strict any problem is a failure:\n  - singer.prompt: its type"
        )

    def test_no_endpoint_is_described(self, generate, hub, tmp_path):
        hub.answers["/api/endpoints"] = {"endpoints": ["dancer"]}
        status, _, errors = generate("--server", hub.url, out=str(tmp_path / "fresh"))
        assert status == 1
        assert "no endpoint could be generated:\n  - dancer: its details could not" in errors


class TestFolders:
    """Where the package goes."""

    def test_a_folder_below_a_file_can_not_be_written(self, generate, hub, tmp_path):
        (tmp_path / "file").write_text("mine")
        status, _, errors = generate("--server", hub.url, out=str(tmp_path / "file" / "out"))
        assert status == 1
        assert "cannot be written: a file is where a folder should be" in errors
        assert (tmp_path / "file").read_text() == "mine"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_a_folder_of_somebody_else_can_not_be_written(self, generate, hub):
        generate.out.mkdir(mode=0o555)
        status, _, errors = generate("--server", hub.url)
        assert status == 1
        assert errors.endswith("Permission denied; choose another folder with --out\n")

    def test_a_folder_of_the_packages_name_that_is_the_users_is_left_alone(self, generate, hub):
        generate.package.mkdir(parents=True)
        (generate.package / "thesis.txt").write_text("mine")
        status, _, errors = generate("--server", hub.url)
        assert status == 1
        assert "is not a generated package" in errors
        assert list(generate.content().values()) == [b"mine"]

    def test_offline_needs_a_snapshot(self, generate):
        status, _, errors = generate("--offline")
        assert status == 1
        assert "holds no snapshot to render from; run once without --offline" in errors
        assert not generate.out.exists()

    def test_a_damaged_snapshot_is_named(self, generate, hub):
        generate("--server", hub.url)
        names = generate.package / "spec" / "names.json"
        names.write_text("<<<<<<< ours")
        status, _, errors = generate("--offline")
        assert status == 1
        assert f"{names} cannot be read" in errors
        assert "restore it from git" in errors

    def test_a_snapshot_that_names_no_hub_has_no_other_asked(self, generate, hub):
        generate("--server", hub.url)
        recorded = generate.package / "spec" / "hub.json"
        whole = json.loads(recorded.read_text())
        for damage in ({"server": None}, {"server": 5}, {"layout": None}):
            recorded.write_text(json.dumps({**whole, **damage}))
            status, _, errors = generate()
            assert status == 1
            assert errors.startswith(f"aki-codegen: {recorded}: ")
            assert errors.endswith("; restore it from git\n")


class TestGoingOn:
    """A package from which nobody could go on without a loss is left as it is."""

    @pytest.fixture
    def refused(self, generate, hub):
        """Return a function that refreshes a changed hub in vain, and returns what was said."""
        generate("--server", hub.url)

        def run():
            hub.answers["/api/endpoints/painter"] = {**PAINTER, "title": "Painter 2"}
            before = generate.content()
            status, output, errors = generate("--server", hub.url)
            assert (status, output) == (1, "")
            assert generate.content() == before
            return errors

        return run

    @pytest.mark.parametrize("name", ["hub.json", "names.json", "endpoints/painter.json"])
    def test_a_part_of_the_snapshot_is_missing(self, generate, refused, name):
        (generate.package / "spec" / name).unlink()
        assert f"has lost spec/{name}, a part of its snapshot; restore it from git" in refused()

    def test_a_newer_generator_has_made_it(self, generate, refused):
        manifest = generate.package / "manifest.json"
        document = json.loads(manifest.read_text())
        document["generator"]["aki-codegen"] = "99.1"
        manifest.write_text(json.dumps(document))
        said = refused()
        assert "was made by aki-codegen '99.1'" in said
        assert "upgrade aki-codegen" in said

    def test_the_history_can_not_be_read(self, generate, refused):
        (generate.package / "CHANGES.md").write_bytes(b"\xff\xfe")
        assert "CHANGES.md cannot be read" in refused()

    def test_a_folder_of_it_can_not_be_looked_into(self, generate, refused, monkeypatch):
        scandir = os.scandir

        def closed(path):
            if str(path).endswith("spec"):
                raise PermissionError(13, "Permission denied", str(path))
            return scandir(path)

        monkeypatch.setattr("os.scandir", closed)
        assert "Permission denied" in refused()


class TestUsage:
    """A command line that is wrong ends with status 2 before anybody is asked."""

    @pytest.mark.parametrize(
        "name", ["my-hub", "3d", "class", "", "a.b", "../escape", "_x", "json"]
    )
    def test_a_package_name_that_can_not_be_imported(self, generate, name):
        status, _, errors = generate(package=name)
        assert status == 2
        assert f"Invalid value for '--package': {name!r} is " in errors
        assert errors.endswith(
            "take a free name of letters, digits and underscores, such as my_hub\n"
        )
        assert not generate.out.exists()

    @pytest.mark.parametrize("port", ["65536", "-1", "http", "8_0"])
    def test_a_port_that_is_none(self, capsys, port):
        assert main(["sandbox", f"--port={port}"]) == 2
        assert f"{port!r} is not a port; take a number from 0 to 65535" in capsys.readouterr().err

    def test_offline_and_a_server(self, generate):
        status, _, errors = generate("--offline", "--server", "http://localhost:1")
        assert status == 2
        assert "--offline asks nobody; leave out --server" in errors

    def test_an_unknown_layout(self, generate):
        assert generate("--layout", "other")[0] == 2

    def test_a_misspelled_command(self, capsys):
        assert main(["expot", "docs"]) == 2
        assert "No such command 'expot'. Did you mean 'export'?" in capsys.readouterr().err
