"""What a package says to coding agents, taken at its word: from the wheel, and of a hub with other endpoints."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from agreement.inputs import media_samples
from aki_codegen.cli import main
from aki_codegen.export.pages import FILES
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from docs.blocks import blocks_of
from docs.pasting import run_page
from docs.reader import Reader
from export.agent_text import read_sections
from support.metadata import details
from support.other_hub import catalogue as other_catalogue
from support.wheel import built_wheel

pytestmark = pytest.mark.slow

SAMPLES = {"image": "image_fine_png", "audio": "audio_wav", "video": "video_mp4"}
SKILL = ".agents/skills/*/SKILL.md"


class Agent:
    """Knows a package by the files that are for agents, and has a key for its hub.

    Attributes:
        package: The package's folder.
        reading: Where it runs what it read.
    """

    def __init__(self, package: Path, reading: Reader) -> None:
        self.package = package
        self.reading = reading
        for kind, name in FILES.items():
            (reading.folder / name).write_bytes(media_samples()[SAMPLES[kind]])

    def follow(self, file: str) -> None:
        """Run every block of a file, in order."""
        (path,) = self.package.glob(file)
        run_page(blocks_of(str(path)), self.reading)

    def first_calls(self) -> dict[str, str]:
        """Return the first call of every endpoint, by its name."""
        (path,) = self.package.glob(".agents/skills/*/references/endpoints.md")
        return {n: s.call for n, s in read_sections(path.read_text("utf-8")).items()}

    def run(self, program: str) -> str:
        """Run a program, and return what it printed."""
        status, printed = self.reading.python(program, "program")
        assert status == 0, printed
        return printed


@pytest.fixture(scope="module", params=["wheel", "other hub"])
def agent(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Agent]:
    folder = tmp_path_factory.mktemp("agent")
    from_wheel = request.param == "wheel"
    catalogue: Mapping[str, Any] | None = None if from_wheel else other_catalogue()
    with ExitStack() as stack:
        settings = HubSettings(gated=frozenset())
        hub = stack.enter_context(SandboxServer(catalogue=catalogue, settings=settings))
        environment = {n: v for n, v in os.environ.items() if not n.startswith(("AKI_", "PYTHON"))}
        environment |= {"AKI_API_KEY": "any-key", "AKI_API_SERVER": hub.url, "COLUMNS": "120"}
        if from_wheel:
            package, programs = installed(folder) / "aki_client", folder / "venv" / "bin"
        else:
            made = ["--out", str(folder), "--package", "other_client"]
            assert main(["generate", "--server", hub.url, *made]) == 0
            package, programs = folder / "other_client", Path(sys.executable).parent
            environment["PYTHONPATH"] = str(folder)
        environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
        reading = stack.enter_context(Reader(folder, environment))
        yield Agent(package, reading)


def installed(folder: Path) -> Path:
    """Install the wheel alone where its dependencies are, and nothing of the checkout; returns where it lies."""
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", folder / "venv" / "bin" / "python", "install"]
    subprocess.run([*pip, "--quiet", "--no-deps", "--no-index", built_wheel()], check=True)
    (packages,) = folder.glob("venv/lib/python*/site-packages")
    # A folder named in a .pth file is searched, and its own .pth files, which lead to the checkout, are not read.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return packages


@pytest.mark.parametrize("file", [SKILL, "AGENTS.md"])
def test_every_block_does_what_it_says(agent: Agent, file: str) -> None:
    agent.follow(file)


def test_every_first_call_gives_a_result(agent: Agent) -> None:
    calls = agent.first_calls()
    program = [f"import {agent.package.name}", f"aki = {agent.package.name}.Aki()"]
    program += [f"print({call}.meta.job_id != '')" for call in calls.values()]
    assert len(calls) > 1
    assert agent.run("\n".join(program)).split() == ["True"] * len(calls)


def test_the_package_is_that_of_the_files(agent: Agent) -> None:
    name = agent.package.name
    printed = agent.run(f"import {name}\nprint({name}.__file__)")
    assert Path(printed.strip()).parent == agent.package


def test_the_wheel_holds_the_files() -> None:
    names = zipfile.ZipFile(built_wheel()).namelist()
    folder = "aki_client/.agents/skills/aki-client"
    files = (
        f"{folder}/SKILL.md",
        f"{folder}/references/endpoints.md",
        "aki_client/AGENTS.md",
        "aki_client/llms.txt",
    )
    assert {*files} <= {*names}


def test_of_a_thousand_endpoints_the_skill_stays_small(tmp_path: Path) -> None:
    from support.stub_hub import StubHub

    document = details({"prompt": {"required": True}}, {"text": {}})
    with StubHub.offering({f"painter_{n}": document for n in range(1000)}) as hub:
        out = ["--out", str(tmp_path), "--package", "thousand_client"]
        assert main(["generate", "--server", hub.url, *out]) == 0
    (skill,) = tmp_path.glob(f"thousand_client/{SKILL}")
    assert skill.stat().st_size <= 5_000
    assert (tmp_path / "thousand_client" / "AGENTS.md").stat().st_size <= 5_000
    sections = read_sections((skill.parent / "references" / "endpoints.md").read_text("utf-8"))
    assert len(sections) == 1000
    assert (tmp_path / "thousand_client" / "llms.txt").read_text("utf-8").count(
        "\n- [painter_"
    ) == 1000
