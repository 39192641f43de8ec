"""The nightly workflow: it asks for what there is, may do no more than it must, and its steps do what they say."""

import copy
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from aki_codegen.cli import main
from support.command import PAINTER, two_endpoints, without_environment

ROOT = Path(__file__).parents[2]
PATH = ROOT / ".github" / "workflows" / "refresh.yml"
WORKFLOW = yaml.safe_load(PATH.read_text("utf-8"))
JOB = WORKFLOW["jobs"]["refresh"]
STEPS = {step.get("name", step.get("uses")): step for step in JOB["steps"]}
COMMAND = ".venv/bin/aki-codegen"
FAKE_GH = """#!/bin/sh
echo "$@" >> "$GH_LOG"
case "$*" in
  "pr list "*) [ ! -f "$GH_LOG.open" ] || echo 7 ;;
  "pr create "*) touch "$GH_LOG.open" ;;
  "pr close "*) rm "$GH_LOG.open" ;;
  "label create "*) [ ! -f "$GH_LOG.made" ] && touch "$GH_LOG.made" ;;
  *"--method POST "*"/labels "*) touch "$GH_LOG.breaking" ;;
  *"--method DELETE "*"/labels/breaking") rm "$GH_LOG.breaking" ;;
  "api "*"/labels --jq "*) echo other; [ ! -f "$GH_LOG.breaking" ] || echo breaking ;;
esac
"""


def test_it_may_do_no_more_than_it_must():
    assert WORKFLOW["permissions"] == {}
    assert JOB["permissions"] == {"contents": "write", "pull-requests": "write"}
    used = [step["uses"] for step in JOB["steps"] if "uses" in step]
    assert [use.partition("@")[0] for use in used] == ["actions/checkout", "actions/setup-python"]
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", use) for use in used)


def test_what_it_runs_on_is_the_python_that_it_sets_up():
    (python,) = (
        step["with"]["python-version"] for step in JOB["steps"] if "python" in str(step.get("uses"))
    )
    assert STEPS["Install the generator"]["env"]["PYTHON"] == f"python{python}"


def test_each_branch_has_a_pull_request_of_its_own():
    assert WORKFLOW["env"]["BRANCH"] == "refresh/${{ github.ref_name }}"
    assert WORKFLOW["env"]["BASE"] == "${{ github.ref_name }}"


def test_the_key_is_a_secret_of_one_step():
    holders = [name for name, step in STEPS.items() if "secrets." in str(step)]
    assert holders == ["Refresh"]
    assert STEPS["Refresh"]["env"]["AKI_API_KEY"] == "${{ secrets.AKI_API_KEY }}"


def test_no_text_is_pasted_into_a_script():
    assert not [step for step in JOB["steps"] if "${{" in step.get("run", "")]


def test_its_commands_exist(capsys):
    lines = "\n".join(step.get("run", "") for step in JOB["steps"]).splitlines()
    commands = [line for line in lines if COMMAND in line]
    assert len(commands) == 2
    for line in commands:
        words = shlex.split(re.split(r"[>|]", line.strip())[0])
        with pytest.raises(SystemExit) as stopped:
            main([*words[1:], "--help"])
        assert stopped.value.code == 0
        help_text = capsys.readouterr().out
        assert all(word in help_text for word in words[1:] if word.startswith("--"))
    assert "\ngenerate:" in (ROOT / "Makefile").read_text("utf-8")
    assert "\n$(READY):" in (ROOT / "Makefile").read_text("utf-8")


class Night:
    """A checkout with a remote, and the workflow's steps, run with a `gh` that only writes down."""

    def __init__(self, folder, server):
        self.work, self.log, self.temp = folder / "work", folder / "gh.log", folder / "temp"
        for path in (self.work / ".venv" / "bin", folder / "bin", self.temp):
            path.mkdir(parents=True)
        gh = folder / "bin" / "gh"
        gh.write_text(FAKE_GH)
        gh.chmod(0o755)
        command = self.work / COMMAND
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m aki_codegen "$@"\n')
        command.chmod(0o755)
        (self.work / ".gitignore").write_text(".venv\n")
        self.environment = {
            **os.environ,
            "PATH": f"{gh.parent}{os.pathsep}{os.environ['PATH']}",
            "GH_LOG": str(self.log),
            "RUNNER_TEMP": str(self.temp),
            "BRANCH": "refresh/main",
            "BASE": "main",
            "AKI_API_KEY": "key",
            "AKI_API_SERVER": server,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GITHUB_REPOSITORY": "we/ours",
        }
        self.shell("git init -q --bare ../remote && git init -q -b main")
        self.shell("git remote add origin ../remote && .venv/bin/aki-codegen generate")
        self.shell("git config user.name a && git config user.email a@b && git add -A")
        self.shell("git commit -qm start && git push -q origin main")

    def shell(self, script, **environment):
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            cwd=self.work,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self):
        """Run a night's steps from a fresh state of the main branch; return what `gh` was asked."""
        self.shell("git switch -q --force main && git clean -qfd")
        self.log.write_text("")
        outputs = {}
        for name in ("Refresh", "Compare", "Open the pull request, or bring it up to date"):
            output = self.temp / "output"
            output.write_text("")
            self.shell(
                STEPS[name]["run"],
                GITHUB_OUTPUT=str(output),
                GITHUB_STEP_SUMMARY=str(self.temp / "summary"),
                **outputs,
            )
            for line in output.read_text().splitlines():
                key, _, value = line.partition("=")
                outputs[key.upper()] = value
        return self.log.read_text()


@pytest.fixture
def night(tmp_path, monkeypatch):
    """A night whose hub can be changed: `night.hub`."""
    without_environment(monkeypatch)
    with two_endpoints() as hub:
        night = Night(tmp_path, hub.url)
        night.hub = hub
        yield night


def remove_singer(hub):
    del hub.answers["/api/endpoints/singer"]
    hub.answers["/api/endpoints"]["endpoints"].remove("singer")


@pytest.mark.slow
def test_its_steps_keep_one_pull_request(night):
    former = copy.deepcopy(night.hub.answers)
    assert "pr create" not in night.run()
    night.hub.answers["/api/endpoints/painter"] = {**PAINTER, "title": "Painter 2"}
    first = night.run()
    assert "pr create --head refresh/main --base main --title Refresh the client: 1 change" in first
    assert "--method" not in first
    remove_singer(night.hub)
    second = night.run()
    assert "pr create" not in second
    assert (
        "--method PATCH repos/we/ours/pulls/7 --raw-field title=Refresh the client: 2 changes"
        in second
    )
    assert "--method POST repos/we/ours/issues/7/labels --raw-field labels[]=breaking" in second
    assert "### Breaking" in (night.temp / "diff.md").read_text("utf-8")
    assert night.shell("git rev-list --count main..origin/refresh/main").strip() == "1"
    night.hub.answers["/api/endpoints/singer"] = former["/api/endpoints/singer"]
    night.hub.answers["/api/endpoints"]["endpoints"].append("singer")
    assert "--method DELETE repos/we/ours/issues/7/labels/breaking" in night.run()
    night.hub.answers = former
    assert "pr close 7" in night.run()


@pytest.mark.slow
def test_a_night_that_finds_the_same_leaves_the_branch_alone(night):
    night.hub.answers["/api/endpoints/painter"] = {**PAINTER, "title": "Painter 2"}
    night.run()
    pushed = night.shell("git rev-parse origin/refresh/main")
    night.environment["GIT_COMMITTER_DATE"] = "2030-01-01T00:00:00Z"
    assert "pulls/7" in night.run()
    assert night.shell("git rev-parse origin/refresh/main") == pushed


@pytest.mark.slow
def test_the_night_after_a_removal_takes_the_tombstone_away_and_says_so(night):
    remove_singer(night.hub)
    night.run()
    night.shell("git switch -q main && git merge -q refresh/main && git push -q origin main")
    (night.log.parent / "gh.log.open").unlink()
    night.environment["SOURCE_DATE_EPOCH"] = str(2**32)
    assert "--title Refresh the client: No change --body-file" in night.run()
    assert "a tombstone whose time is over" in (night.temp / "diff.md").read_text("utf-8")


@pytest.mark.slow
def test_a_refresh_that_is_refused_touches_no_pull_request(night):
    night.hub.answers["/api/endpoints"] = {"endpoints": []}
    with pytest.raises(AssertionError, match="lists no endpoints"):
        night.run()
    assert night.log.read_text() == ""
