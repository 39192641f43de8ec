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
case "$1 $2" in
  "pr list") [ ! -f "$GH_LOG.open" ] || echo 7 ;;
  "pr create") touch "$GH_LOG.open" ;;
  "pr close") rm "$GH_LOG.open" ;;
esac
"""


def test_it_may_do_no_more_than_it_must():
    assert WORKFLOW["permissions"] == {}
    assert JOB["permissions"] == {"contents": "write", "pull-requests": "write"}
    used = [step["uses"] for step in JOB["steps"] if "uses" in step]
    assert [use.partition("@")[0] for use in used] == ["actions/checkout", "actions/setup-python"]
    assert all(re.fullmatch(r"[\w/-]+@v\d+", use) for use in used)


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
            "BRANCH": WORKFLOW["env"]["BRANCH"],
            "BASE": "main",
            "AKI_API_KEY": "key",
            "AKI_API_SERVER": server,
            "GIT_CONFIG_GLOBAL": os.devnull,
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


@pytest.mark.slow
def test_its_steps_keep_one_pull_request(tmp_path, monkeypatch):
    without_environment(monkeypatch)
    with two_endpoints() as hub:
        night, former = Night(tmp_path, hub.url), copy.deepcopy(hub.answers)
        assert "pr create" not in night.run()
        hub.answers["/api/endpoints/painter"] = {**PAINTER, "title": "Painter 2"}
        first = night.run()
        assert (
            "pr create --head refresh/hub --base main --title Refresh the client: 1 change" in first
        )
        assert "--remove-label breaking" in first
        del hub.answers["/api/endpoints/singer"]
        hub.answers["/api/endpoints"]["endpoints"].remove("singer")
        second = night.run()
        assert "pr create" not in second
        assert "pr edit 7 --title Refresh the client: 2 changes: 1 breaking, 1 harmless" in second
        assert "pr edit 7 --add-label breaking" in second
        assert "### Breaking" in (night.temp / "diff.md").read_text("utf-8")
        assert night.shell("git rev-list --count main..origin/refresh/hub").strip() == "1"
        hub.answers = former
        assert "pr close 7" in night.run()
