"""The same findings by the tools that people run anyway: flake8 and mypy, each run as they are."""

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from .conftest import Project
from .shapes import HEAD

SENTENCE = "width=1000 must be a multiple of 32 (nearest allowed: 992, 1024)"


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False
    )


class TestFlake8:
    """The plugin in a run of flake8."""

    @pytest.fixture(autouse=True)
    def plugin(self, project: Project) -> None:
        pytest.importorskip("flake8", reason="flake8 is missing")
        # What was installed before there was an entry point has it by flake8's settings.
        local = "[flake8:local-plugins]\nextension = AKI = aki_lint.flake8_plugin:Plugin\n"
        is_installed = bool(entry_points(group="flake8.extension", name="AKI"))
        settings = "[flake8]\nselect = AKI\n" + ("" if is_installed else local)
        (project.folder / ".flake8").write_text(settings)

    def test_it_reports_what_aki_lint_finds(self, project: Project) -> None:
        project.write(HEAD + "aki.z_image_turbo(prompt='ä', width=1000)\n")
        ran = run(project.folder, "flake8", "app.py")
        assert (ran.returncode, ran.stderr) == (1, "")
        assert ran.stdout == f"app.py:{HEAD.count(chr(10)) + 1}:37: AKI102 {SENTENCE}\n"

    def test_right_code_and_its_own_silencing_pass(self, project: Project) -> None:
        project.write(HEAD + "aki.z_image_turbo(prompt='x', width=1000)  # noqa: AKI102\n")
        ran = run(project.folder, "flake8", "app.py")
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")

    def test_what_is_not_python_is_its_own_to_report(self, project: Project) -> None:
        project.write("import aki_client\naki_client.(\n")
        ran = run(project.folder, "flake8", "app.py")
        assert "Traceback" not in ran.stdout + ran.stderr


@pytest.mark.slow
class TestMypy:
    """The plugin in a run of mypy, which checks the whole package each time."""

    def check(self, project: Project, **modules: str) -> subprocess.CompletedProcess[str]:
        pytest.importorskip("mypy", reason="mypy is missing")
        (project.folder / "mypy.ini").write_text("[mypy]\nplugins = aki_lint.mypy_plugin\n")
        for name, text in modules.items():
            project.write(text, f"{name}.py")
        return run(
            project.folder, "mypy", "--no-error-summary", *(f"{name}.py" for name in modules)
        )

    def test_it_knows_constants_of_other_modules(self, project: Project) -> None:
        ran = self.check(
            project,
            sizes="from typing import Final\n\nWIDTH: Final = 1000\n",
            app=(
                "import sizes\nfrom aki_client import Aki, AsyncAki, endpoints\n\n"
                "aki = Aki()\n"
                "aki.z_image_turbo(prompt='x', width=sizes.WIDTH)\n"
                "with aki.z_image_turbo.stream(prompt='x', width=1000) as stream:\n    pass\n"
                "endpoints.z_image_turbo.submit(prompt='x', width=1000)\n"
                "async def f(client: AsyncAki) -> None:\n"
                "    await client.z_image_turbo.with_options(timeout=3)(prompt='x', width=1000)\n"
                "aki.flux_dev(prompt='x', guidance=-0.5)\n"
                "aki.flux_dev(prompt='x', width=1000)\n"
                "aki.qwen_vl_chat(chat_context=[{'role': 'user', 'content': 'x'}], text_context='x')\n"
            ),
        )
        lines = [line.partition(":")[2] for line in ran.stdout.splitlines()]
        assert lines == [
            f"5: error: {SENTENCE}  [aki]",
            f"6: error: {SENTENCE}  [aki]",
            f"8: error: {SENTENCE}  [aki]",
            f"10: error: {SENTENCE}  [aki]",
            "11: error: guidance=-0.5 is out of range 1.0–10.0 (nearest allowed: 1.0)  [aki]",
            "12: note: width=1000: the hub will make it 992 (128–2048 in multiples of 32)",
            "13: error: text_context and chat_context exclude each other; leave one out  [aki]",
        ]
        assert ran.returncode == 1

    def test_right_code_and_what_the_project_ignores_pass(self, project: Project) -> None:
        settings = project.folder / "pyproject.toml"
        settings.write_text(settings.read_text() + "ignore = ['AKI102']\n")
        ran = self.check(
            project,
            app=(
                "from aki_client import Aki\n\n\ndef f(aki: Aki, width: int) -> None:\n"
                "    aki.z_image_turbo(prompt='x', width=width)\n"
                "    aki.z_image_turbo(prompt='x', width=None, height=1024)\n"
                "    aki.image_upscale(image='no/such.png')\n"
                "    aki.z_image_turbo(prompt='x', width=1000)\n"
            ),
        )
        assert (ran.stdout, ran.returncode) == ("", 0)
