"""A project of one's own: what `init` writes, and what `[tool.aki-codegen]` settles for every command."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from aki_codegen.cli import main
from support.command import KEY, PAINTER, two_endpoints, without_environment
from support.metadata import details
from support.stub_hub import StubHub


@pytest.fixture
def folder(tmp_path, monkeypatch):
    without_environment(monkeypatch)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


@pytest.fixture
def run(folder, capsys):
    """Run a command within the folder; return exit status, output and errors."""

    def command(*words: str) -> tuple[int, str, str]:
        try:
            status = main(words)
        except SystemExit as stopped:
            status = int(stopped.code or 0)
        said = capsys.readouterr()
        return status, said.out, said.err

    return command


def settle(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.aki-codegen]\n{text}\n")


def package_of(folder: Path, name: str = "acme_hub") -> Path:
    return folder / "src" / name


class TestInit:
    """`init` makes a folder the project of a package."""

    def test_every_command_needs_no_option_from_then_on(self, folder, run, monkeypatch):
        with two_endpoints() as hub:
            assert run("init", "--server", hub.url, "--package", "acme_hub")[0] == 0
            (folder / "src" / "deep").mkdir(parents=True)
            monkeypatch.chdir(folder / "src" / "deep")
            assert run("generate")[0] == 0
            assert package_of(folder).is_dir()
            assert run("check") == (0, "../acme_hub: as its snapshot makes it\n", "")
            assert run("check", "--live")[:2] == (0, "no change\n")
            assert run("diff")[:2] == (0, "no change\n")
            assert json.loads(run("export", "openapi")[1])["info"]
        made = json.loads((package_of(folder) / "spec" / "hub.json").read_text())
        assert made["command"] == "aki-codegen generate"

    def test_it_needs_its_options_where_nobody_can_be_asked(self, folder):
        command = [sys.executable, "-m", "aki_codegen", "init"]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 2
        assert done.stderr == "aki-codegen: --server is needed where nobody can be asked\n"
        assert [path.name for path in folder.iterdir()] == [".git"]

    def test_zizmor_has_nothing_to_say_of_its_workflow(self, folder, run):
        zizmor = Path(sys.executable).with_name("zizmor")
        if not zizmor.exists():
            pytest.skip("needs zizmor: make full")
        run("init", "--server", "hub.example", "--package", "acme_hub")
        command = [zizmor, "--offline", "--quiet", "--no-progress", "--pedantic", ".github"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout

    def test_it_asks_on_a_terminal(self, folder):
        pexpect = pytest.importorskip("pexpect")
        child = pexpect.spawn(sys.executable, ["-m", "aki_codegen", "init"], timeout=60)
        child.expect("Address of the hub: ")
        child.sendline("hub.example")
        child.expect(r"Name of the package \[my_hub\]: ")
        child.sendline("")
        child.expect("Next: aki-codegen generate")
        child.expect(pexpect.EOF)
        settled = tomllib.loads((folder / "pyproject.toml").read_text())["tool"]["aki-codegen"]
        assert settled == {"server": "https://hub.example", "out": "src", "package": "my_hub"}

    @pytest.mark.slow
    def test_the_night_of_its_workflow_keeps_one_pull_request(self, folder, run, tmp_path):
        (folder / ".git").rmdir()
        programs = tmp_path.parent / f"{tmp_path.name}-programs"
        programs.mkdir()
        log = programs / "gh.log"
        (programs / "gh").write_text(
            f'#!/bin/sh\necho "$@" >> "{log}"\ncase "$2" in list) cat "{log}.open"; esac\n'
        )
        command = f'#!/bin/sh\nexec "{sys.executable}" -m aki_codegen "$@"\n'
        (programs / "aki-codegen").write_text(command)
        for program in programs.iterdir():
            program.chmod(0o755)
        Path(f"{log}.open").write_text("")

        def shell(script: str) -> None:
            environment = {
                **os.environ,
                "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
                **{"BASE": "main", "BRANCH": "aki-client/main", "GITHUB_REPOSITORY": "we/ours"},
                **{"RUNNER_TEMP": str(programs), "GIT_CONFIG_GLOBAL": os.devnull},
            }
            bash = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
            done = subprocess.run(
                bash, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr

        with two_endpoints() as hub:
            run("init", "--server", hub.url, "--package", "acme_hub")
            run("generate")
            shell(
                "git init -q -b main && git init -q --bare ../remote && git remote add origin ../remote"
            )
            shell("git add -A && git -c user.name=a -c user.email=a@b commit -qm start")
            workflow = yaml.safe_load(
                (folder / ".github" / "workflows" / "aki-client.yml").read_text()
            )
            night = [step for step in workflow["jobs"]["refresh"]["steps"] if "name" in step]
            assert night[0]["name"] == "Refresh"
            for step in night:
                shell(step["run"])
            assert not log.exists()
            hub.answers["/api/endpoints/painter"] = {**PAINTER, "title": "Painter 2"}
            for step in night:
                shell(step["run"])
            assert (
                "pr create --head aki-client/main --base main --title Refresh the client: 1 change"
                in log.read_text()
            )
            Path(f"{log}.open").write_text("7\n")
            shell("git switch -q --force main")
            for step in night:
                shell(step["run"])
            assert "--method PATCH repos/we/ours/pulls/7" in log.read_text()

    def test_what_is_there_is_kept(self, folder, run):
        texts = {
            "pyproject.toml": "[project]\nname = 'ours'\n",
            ".gitignore": "dist/\nours",
            ".github/workflows/aki-client.yml": "ours\n",
        }
        (folder / ".github" / "workflows").mkdir(parents=True)
        for name, text in texts.items():
            (folder / name).write_text(text)
        assert run("init", "--server", "hub.example", "--package", "acme_hub")[0] == 0
        after = {name: (folder / name).read_text() for name in texts}
        assert all(after[name].startswith(text) for name, text in texts.items())
        assert after[".gitignore"].splitlines()[:3] == ["dist/", "ours", "__pycache__/"]
        assert after[".gitignore"].count("dist/") == 1
        document = tomllib.loads(after["pyproject.toml"])
        assert document["project"] == {"name": "ours"}
        assert document["tool"]["aki-codegen"]["server"] == "https://hub.example"

    def test_a_second_time_it_writes_nothing(self, folder, run):
        words = ("init", "--server", "hub.example", "--package", "acme_hub")
        run(*words)
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        status, _, errors = run(*words)
        assert (status, "already; nothing was written" in errors) == (1, True)
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before

    @pytest.mark.parametrize("name", [".gitignore", ".gitattributes"])
    def test_where_a_file_cannot_be_read_nothing_is_written(self, folder, run, name):
        (folder / name).write_bytes(b"\xff\xfe")
        status, _, errors = run("init", "--server", "hub.example", "--package", "acme_hub")
        assert (status, f"{name} cannot be read" in errors) == (1, True)
        assert {path.name for path in folder.iterdir()} == {".git", name}

    def test_a_key_file_is_left_out_of_version_control(self, folder, run):
        run("init", "--server", "hub.example", "--package", "acme_hub", "--api-key-file", "hub.key")
        assert "hub.key" in (folder / ".gitignore").read_text().splitlines()

    def test_its_workflow_may_do_no_more_than_it_must(self, folder, run):
        run("init", "--server", "hub.example", "--package", "acme_hub")
        text = (folder / ".github" / "workflows" / "aki-client.yml").read_text()
        workflow = yaml.safe_load(text)
        assert workflow["permissions"] == {}
        assert workflow["jobs"]["check"]["permissions"] == {"contents": "read"}
        shipped = (Path(__file__).parents[3] / ".github" / "workflows" / "refresh.yml").read_text()
        pins = {line.split("uses: ")[1] for line in text.splitlines() if "uses: " in line}
        assert pins
        assert all(pin in shipped for pin in pins)
        steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
        assert not [step for step in steps if "${{" in step.get("run", "")]
        assert "aki-codegen check" in [step.get("run") for step in steps]


class TestSettings:
    """The command line goes before the environment, and that before pyproject.toml."""

    def test_the_server(self, folder, run, monkeypatch):
        with two_endpoints() as first, two_endpoints() as second, two_endpoints() as third:
            settle(folder, f'server = "{first.url}"')
            assert f"Asking {first.url}" in run("generate")[2]
            monkeypatch.setenv("AKI_API_SERVER", second.url)
            assert f"Asking {second.url}" in run("generate")[2]
            assert f"Asking {third.url}" in run("generate", "--server", third.url)[2]

    def test_the_key(self, folder, run, monkeypatch):
        with two_endpoints() as hub:
            settle(folder, f'server = "{hub.url}"\nkey-file = "hub.key"')
            (folder / "hub.key").write_text(KEY)
            run("generate")
            assert hub.paths[-1].endswith(f"?key={KEY}")
            monkeypatch.setenv("AKI_API_KEY", "other")
            run("generate")
            assert hub.paths[-1].endswith("?key=other")

    def test_an_unknown_key_is_refused_with_the_nearest_one(self, folder, run):
        settle(folder, 'serwer = "x"')
        status, _, errors = run("generate")
        assert status == 1
        assert "[tool.aki-codegen] unknown key 'serwer'; did you mean 'server'?" in errors
        settle(folder, "tombstone_days = 1")
        assert "did you mean 'tombstone-days'?" in run("check")[2]
        settle(folder, "[tool.aki-codegen.endpoints.painter]\nrenam = 'x'")
        assert "[tool.aki-codegen.endpoints.painter] unknown key 'renam'" in run("check")[2]

    def test_a_package_of_another_name_is_not_what_they_are_about(self, folder, run):
        with two_endpoints() as hub, StubHub.offering({"poet": PAINTER}) as other:
            settle(
                folder,
                f'server = "{hub.url}"\nout = "src"\npackage = "acme_hub"\n'
                "[tool.aki-codegen.endpoints.painter]\nskip = true",
            )
            assert run("generate", "--server", other.url, "--package", "other_hub")[0] == 0
            assert f"Asking {other.url}" in run("generate", "--package", "other_hub")[2]
        assert not (package_of(folder, "other_hub") / "spec" / "overrides.json").exists()

    def test_two_packages_in_one_folder_do_not_disturb_each_other(self, folder, run):
        with two_endpoints() as hub, StubHub.offering({"poet": PAINTER}) as other:
            for name, server in (("first_hub", hub.url), ("second_hub", other.url)):
                run("generate", "--server", server, "--package", name, "--out", "src")
        for name in ("first_hub", "second_hub"):
            assert run("check", "--package", name, "--out", "src")[0] == 0
        assert {path.name for path in (folder / "src").iterdir()} == {"first_hub", "second_hub"}

    def test_a_folder_below_makes_the_same_bytes(self, folder, run, monkeypatch):
        with two_endpoints() as hub:
            settle(folder, "tombstone-days = 30")
            run("generate", "--server", hub.url)
            before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
            (folder / "below").mkdir()
            monkeypatch.chdir(folder / "below")
            assert run("generate")[0] == 0
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before

    def test_what_lies_above_the_repository_settles_nothing(self, folder, run, monkeypatch):
        settle(folder, 'package = "acme_hub"')
        inner = folder / "inner"
        (inner / ".git").mkdir(parents=True)
        monkeypatch.chdir(inner)
        assert "generated/aki_client holds no snapshot" in run("check")[2]


class TestVersion:
    """A package's version follows what its refreshes change."""

    @pytest.fixture
    def hub(self, folder, run):
        with two_endpoints() as hub:
            settle(folder, f'server = "{hub.url}"\nout = "src"\npackage = "acme_hub"')
            assert run("generate")[0] == 0
            yield hub

    @pytest.fixture
    def version(self, folder):
        return lambda: (package_of(folder) / "_version.py").read_text().split('"')[-2]

    def test_an_addition_raises_the_last_figure_and_what_may_break_the_second(
        self, hub, run, version
    ):
        assert version() == "0.1.0"
        wider = {"prompt": {"required": True}, "size": {"type": "integer"}}
        hub.answers["/api/endpoints/painter"] = details(wider, {"text": {}})
        assert "  version: 0.1.1\n" in run("generate")[1]
        hub.answers["/api/endpoints/painter"] = PAINTER
        assert "  version: 0.2.0\n" in run("generate")[1]
        assert version() == "0.2.0"
        run("generate")
        run("generate", "--offline")
        assert version() == "0.2.0"
        assert run("check")[0] == 0

    def test_it_goes_on_from_where_it_was_raised_by_hand(self, folder, hub, run, version):
        file = package_of(folder) / "_version.py"
        file.write_text(file.read_text().replace("0.1.0", "1.4.2"))
        assert run("check")[0] == 0
        del hub.answers["/api/endpoints/singer"]
        hub.answers["/api/endpoints"]["endpoints"].remove("singer")
        run("generate")
        assert version() == "1.5.0"

    @pytest.mark.parametrize(("rule", "expected"), [("major", "1.0.0"), ("fixed", "0.1.0")])
    def test_the_rule_is_settled(self, folder, hub, run, version, rule, expected):
        settle(
            folder,
            f'server = "{hub.url}"\nout = "src"\npackage = "acme_hub"\nversion = "{rule}"',
        )
        hub.answers["/api/endpoints/painter"] = details({}, {"text": {}})
        run("generate")
        assert version() == expected

    def test_what_is_not_a_version_is_refused(self, folder, hub, run):
        (package_of(folder) / "_version.py").write_text('__version__ = "next"\n')
        hub.answers["/api/endpoints/painter"] = details({}, {"text": {}})
        status, _, errors = run("generate")
        assert (status, "_version.py must hold a line such as" in errors) == (1, True)


class TestOverrides:
    """What a project settles against the metadata is a change for those who call the package."""

    @pytest.fixture
    def settled(self, folder, run):
        def change(text: str) -> str:
            table = f'server = "{hub.url}"\nout = "src"\npackage = "acme_hub"\n{text}'
            settle(folder, table)
            assert run("check")[0] == 1
            return run("generate", "--offline")[1]

        with two_endpoints() as hub:
            settle(folder, f'server = "{hub.url}"\nout = "src"\npackage = "acme_hub"')
            run("generate")
            yield change

    def test_a_skipped_endpoint_is_told_as_breaking(self, settled):
        output = settled("[tool.aki-codegen.endpoints.singer]\nskip = true")
        assert "breaking:\n  singer\n    [tool.aki-codegen] skips it\n" in output
        assert "  version: 0.2.0\n" in output

    def test_a_renamed_endpoint_and_parameter_are_told_as_breaking(self, settled):
        output = settled(
            '[tool.aki-codegen.endpoints.singer]\nrename = "bard"\n'
            '[tool.aki-codegen.endpoints.painter.input.prompt]\nrename = "motif"'
        )
        assert "painter\n    input prompt: [tool.aki-codegen] renames it: prompt → motif" in output
        assert "singer\n    [tool.aki-codegen] renames it: singer → bard" in output
        assert "2 changes: 2 breaking" in output

    def test_a_retyped_parameter_is_told_by_its_class(self, settled):
        output = settled('[tool.aki-codegen.endpoints.painter.input.prompt]\ntype = "integer"')
        assert "input prompt: its type changes" in output
        assert "(as [tool.aki-codegen] settles it)" in output


@pytest.mark.parametrize("file", ["manifest.json", "spec/hub.json"])
def test_a_package_of_another_format_is_left_alone(folder, run, file):
    with two_endpoints() as hub:
        settle(folder, f'server = "{hub.url}"\nout = "src"\npackage = "acme_hub"')
        run("generate")
        path = package_of(folder) / file
        assert path.read_text().startswith('{\n  "format": 1,')
        path.write_text(path.read_text().replace('"format": 1', '"format": 2', 1))
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        status, _, errors = run("generate")
    assert (status, f"{file} has format '2'" in errors) == (1, True)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_choices_in_another_order_change_nothing(folder, run):
    choice = {"type": "selection", "supported": ["a", "b", "c"], "default": "a"}
    with StubHub.offering({"painter": details({"style": choice}, {"text": {}})}) as hub:
        settle(folder, f'server = "{hub.url}"\nout = "src"\npackage = "acme_hub"')
        run("generate")
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        shuffled = {**choice, "supported": ["c", "a", "b"]}
        hub.answers["/api/endpoints/painter"] = details({"style": shuffled}, {"text": {}})
        assert "1 endpoint (1 unchanged)\nno change" in run("generate")[1]
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
