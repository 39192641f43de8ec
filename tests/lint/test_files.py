"""Which files are judged, with whose packages, and what becomes of odd ones: one sentence, never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.package import made_package

from .conftest import Project

BAD = "from aki_client import endpoints\nendpoints.flux_dev(prompt='x', steps=51)\n"
SENTENCE = "steps=51 is out of range 1–50 (nearest allowed: 50)"


class TestOddFiles:
    """What cannot be judged."""

    @pytest.mark.parametrize(
        ("text", "why"),
        {
            "half a call": ("import aki_client\naki_client.(\n", "invalid syntax (line 2)"),
            "an unknown encoding": (
                "# coding: klingon\nimport aki_client\n",
                "unknown encoding: klingon",
            ),
            "bytes of no encoding": (b"import aki_client\nx = '\xff'\n", "utf-8"),
            "deep nesting": ("import aki_client\nx = " + "(" * 5000 + ")" * 5000, ""),
            "deep calls": ("import aki_client\nx" + "()" * 50_000, ""),
        }.values(),
        ids=str,
    )
    def test_what_is_not_python_is_left_out_with_a_word(
        self, project: Project, text: str | bytes, why: str
    ) -> None:
        path = project.write(text)
        ran = project.lint(path)
        assert (ran.status, ran.out) == (0, "")
        assert ran.err.startswith(f"aki: {path} cannot be judged: ")
        assert why in ran.err
        assert ran.err.count("\n") == 1

    def test_what_names_no_package_is_not_even_read_as_python(self, project: Project) -> None:
        assert project.lint(project.write("print 'hello'\n")).err == ""

    def test_binary_and_huge_files_are_left_out_with_a_word(self, project: Project) -> None:
        binary = project.write(b"\x7fELF\0aki_client", "binary.py")
        huge = project.write(BAD + "#" * 10_000_000, "huge.py")
        ran = project.lint(project.folder)
        assert (ran.status, ran.out) == (0, "")
        assert ran.err.splitlines() == [
            f"aki: {binary} is not text; it is left out",
            f"aki: {huge} is not a file of at most 5 MB; it is left out",
        ]

    @pytest.mark.parametrize(
        ("start", "step", "steps"),
        [
            ("1", "{new} = {old} + {old}", 60),
            ("['x']", "{new} = {old} + {old}", 30),
            ("'x'", "{new} = {old} * 100", 30),
            ("{'a': 1}", "{new} = dict(**{old}, **{old})", 60),
        ],
    )
    def test_values_that_double_at_each_step_are_no_trap(
        self, project: Project, start: str, step: str, steps: int
    ) -> None:
        lines = [step.format(new=f"v{n + 1}", old=f"v{n}") for n in range(steps)]
        call = f"e.flux_dev(prompt='x', seed=v{steps}, **v{steps})"
        text = "\n".join(["from aki_client import endpoints as e", f"v0 = {start}", *lines, call])
        assert project.lint(project.write(text)).err == ""

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders here")
    def test_a_pipe_is_not_waited_for(self, project: Project) -> None:
        os.mkfifo(project.folder / "pipe.py")
        assert project.lint(project.folder).status == 0

    @pytest.mark.parametrize("encoding", ["latin-1", "utf-8-sig", "cp1251"])
    def test_other_encodings_are_read(self, project: Project, encoding: str) -> None:
        word = "ж" if encoding == "cp1251" else "ä"
        text = f"# coding: {encoding.removesuffix('-sig')}\ntext = '{word}'; " + BAD.replace(
            "\n", "; "
        )
        (found,) = project.findings(text.rstrip("; ").encode(encoding))
        place = text.splitlines()[1].index("51") + 1
        assert (found["message"], found["startColumn"]) == (SENTENCE, place)

    @pytest.mark.parametrize("end", ["\r\n", "\r", "\x0c\n", "  # \x0b\x1c\x85\u2028\n"])
    def test_lines_are_counted_as_python_counts_them(self, project: Project, end: str) -> None:
        (found,) = project.findings(BAD.replace("\n", end))
        assert (found["startLine"], found["fixes"][0]["startColumn"]) == (2, 38)

    def test_the_user_files_are_neither_run_nor_changed(self, project: Project) -> None:
        text = f"open('touched', 'w')\nraise SystemExit\n{BAD}"
        path = project.write(text)
        project.findings(text)
        assert not (project.folder / "touched").exists()
        assert path.read_text() == text


class TestPackages:
    """Whose snapshot judges."""

    def test_one_of_the_project_is_found_without_settings(self, bare: Project) -> None:
        bare.add_package("generated/hub_client", {"paint": {"size": {"type": "int", "max": 9}}})
        (found,) = bare.findings("import hub_client.endpoints as e\ne.paint(size=10)\n")
        assert found["code"] == "AKI101"

    def test_the_one_that_lies_highest_counts(self, bare: Project) -> None:
        bare.add_package("hub_client", {"paint": {"size": {"type": "int", "max": 9}}})
        bare.add_package("tests/hub_client", {"paint": {"size": {"type": "int", "max": 1}}})
        assert bare.findings("import hub_client.endpoints as e\ne.paint(size=5)\n") == []

    @pytest.mark.parametrize("place", [".venv", "env"])
    def test_one_of_the_environment_is_found(self, bare: Project, place: str) -> None:
        bare.add_package(
            f"{place}/lib/python3.11/site-packages/hub_client",
            {"paint": {"size": {"type": "int", "max": 9}}},
        )
        (bare.folder / place / "pyvenv.cfg").touch()
        path = bare.write("import hub_client.endpoints as e\ne.paint(size=10)\n")
        options = ("--python", bare.folder / place) if place == "env" else ()
        assert bare.lint(path, *options).status == 1

    def test_one_that_is_installed_for_development_is_found(self, bare: Project) -> None:
        bare.add_package("elsewhere/src/hub_client", {"paint": {"size": {"type": "int", "max": 9}}})
        site = bare.folder / ".venv" / "Lib" / "site-packages"
        site.mkdir(parents=True)
        (site / "linked.pth").write_text(f"import nothing\n{bare.folder / 'elsewhere/src'}\n")
        (bare.folder / "pyproject.toml").write_text("[tool.aki]\npackages = ['none']\n")
        path = bare.write("import hub_client.endpoints as e\ne.paint(size=10)\n")
        assert bare.lint(path).status == 1

    @pytest.mark.parametrize(
        "names",
        {
            "not an object": "[]",
            "cut off": "{",
            "not a name": '{"paint": 1}',
            "a path": '{"paint": {"name": "../../y", "models": "P", "fields": {}}}',
            "nested deeply": "[" * 100_000,
            "no fields": '{"paint": {"name": "paint", "models": "P", "fields": {"input": 3}}}',
            **{
                f"a parameter called {name}": '{"paint": {"name": "paint", "models": "P", '
                f'"fields": {{"input": {{"size": {name}}}}}}}}}'
                for name in (
                    '"_x"',
                    "3",
                    '["size"]',
                    '"model_config"',
                    '"to_wire"',
                    '"size=1); x("',
                    '""',
                )
            },
        }.items(),
        ids=lambda case: case[0],
    )
    def test_a_broken_snapshot_judges_nothing(self, bare: Project, names: tuple[str, str]) -> None:
        bare.add_package("hub_client", {"paint": {"size": {"type": "int", "max": 9}}})
        (bare.folder / "hub_client" / "spec" / "names.json").write_text(names[1])
        path = bare.write("import hub_client.endpoints as e\ne.paint(size=10)\n")
        ran = bare.lint(path)
        assert (ran.out.count("AKI101"), ran.err) == (0, "")

    def test_generated_packages_are_not_judged_themselves(self, project: Project) -> None:
        ran = project.lint(made_package())
        assert (ran.status, ran.out) == (0, "")

    def test_codes_can_be_ignored_by_the_project(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = project.folder / "pyproject.toml"
        settings.write_text(settings.read_text() + "ignore = ['AKI1']\n")
        # The table also holds options of the command line, which are read from here.
        monkeypatch.chdir(project.folder)
        assert project.findings(BAD) == []


class TestStatus:
    """How the command ends."""

    def test_nothing_found_is_0_and_something_is_1(self, project: Project) -> None:
        assert project.lint(project.write("import aki_client\n")).status == 0
        assert project.lint(project.write(BAD)).status == 1

    def test_wrong_usage_is_2(self, project: Project) -> None:
        ran = project.lint("nowhere.py")
        assert (ran.status, ran.err) == (2, "aki: nowhere.py: no such file or folder\n")
        assert project.lint("--format", "poem").status == 2

    def test_a_folder_is_gone_through_but_for_environments(self, project: Project) -> None:
        for folder in ("src/deep", ".hidden", "node_modules", "env"):
            (project.folder / folder).mkdir(parents=True)
            project.write(BAD, f"{folder}/app.py")
        project.write("", "env/pyvenv.cfg")
        ran = project.lint(project.folder)
        assert [line.partition(":")[0] for line in ran.out.splitlines()] == [
            str(project.folder / "src/deep/app.py")
        ]

    def test_it_starts_without_the_package_and_what_an_extra_brings(self, project: Project) -> None:
        path = project.write(BAD)
        code = (
            "import sys\nfrom aki_cli.main import main\n"
            f"status = main(['lint', {str(path)!r}])\n"
            "assert status == 1\n"
            "loaded = {'aki_client', 'pygls', 'rich', 'httpx2', 'httpx', 'mypy'} & sys.modules.keys()\n"
            "assert not loaded, loaded\n"
        )
        ran = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        assert (ran.returncode, ran.stderr) == (0, "")


def test_the_hook_of_pre_commit_runs_the_command() -> None:
    hooks = (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text()
    assert "entry: aki lint\n" in hooks
