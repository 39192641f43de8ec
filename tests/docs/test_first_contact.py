"""What somebody meets who has the wheel, an empty folder, and the README or the page on installing."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.wheel import built_wheel, checkout

from docs.blocks import TOP, Block, blocks_of
from docs.internet import Internet
from docs.pasting import run_page
from docs.reader import Reader

README = (TOP / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def newcomer(
    internet: Internet, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Reader]]:
    """Makes readers with a Python, and nothing of this project but the wheel in an empty folder."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AKI_", "PYTHON", "VIRTUAL_ENV"))
    }
    python = Path(sys.base_prefix) / "bin"
    environment |= {"PATH": f"{python}{os.pathsep}{environment['PATH']}", "COLUMNS": "120"}
    with ExitStack() as readers:

        def make() -> Reader:
            folder = tmp_path_factory.mktemp("newcomer")
            made = readers.enter_context(Reader(folder, environment | internet.environment))
            shutil.copy(built_wheel(), made.folder)
            return made

        yield make


@pytest.fixture(scope="module")
def after_the_readme(newcomer: Callable[[], Reader]) -> Reader:
    """Who has pasted all of the README."""
    reading = newcomer()
    run_page(blocks_of("README.md"), reading)
    return reading


def before_the_first_answer() -> list[Block]:
    """Return the blocks of the README up to the first that shows what is printed."""
    blocks = blocks_of("README.md")
    shown = next(place for place, block in enumerate(blocks) if block.language == "text")
    return blocks[: shown + 1]


def test_the_first_answer_is_three_steps_away() -> None:
    *steps, answer = before_the_first_answer()
    lines = [block.text.splitlines() if block.language == "sh" else [""] for block in steps]
    assert sum(map(len, lines)) <= 3
    assert answer.line <= 40


@pytest.mark.slow
def test_the_readme_does_what_it_says_from_the_wheel_in_an_empty_folder(
    after_the_readme: Reader,
) -> None:
    assert (after_the_readme.folder / "robot.jpg").stat().st_size > 0


@pytest.mark.slow
def test_who_writes_an_application_meets_what_the_transcript_shows(
    after_the_readme: Reader,
) -> None:
    run_page(blocks_of("tests/docs/application.md"), after_the_readme)


@pytest.mark.slow
def test_every_way_to_install_works(newcomer: Callable[[], Reader]) -> None:
    reading = newcomer()
    there = reading.folder / "aki-client"
    shutil.copytree(checkout(), there)
    git = ["git", "-C", str(there), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "As it is"]):
        subprocess.run([*git, *words], check=True)
    run_page(blocks_of("docs/guide/install.md"), reading)


def test_every_page_installs_the_package_as_one_place_says() -> None:
    command = [sys.executable, TOP / "scripts" / "install_lines.py", "--check"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_day_of_a_release_changes_that_place_alone(tmp_path: Path) -> None:
    for name in ("scripts/install_lines.py", "pyproject.toml", "README.md", "docs"):
        copy = shutil.copytree if (TOP / name).is_dir() else shutil.copy
        (tmp_path / name).parent.mkdir(exist_ok=True)
        copy(TOP / name, tmp_path / name)
    script = tmp_path / "scripts" / "install_lines.py"
    lines = re.sub(r"^PACKAGE = .*", 'PACKAGE = "aki-client"', script.read_text(), flags=re.M)
    script.write_text(lines, "utf-8")
    subprocess.run([sys.executable, script], check=True)
    first = blocks_of("README.md")[0].text.splitlines()[-1]
    readme = (tmp_path / "README.md").read_text("utf-8")
    assert re.sub(r'"\S+whl', '"aki-client', first) in readme
    named = [
        p
        for p in tmp_path.rglob("*.md")
        if re.search(r"aki_client-[\d.]+\S*whl", p.read_text("utf-8"))
    ]
    assert named == []


def test_the_readme_can_be_read_in_one_go() -> None:
    assert len(README.splitlines()) <= 200


def test_every_page_that_the_readme_names_is_there() -> None:
    linked = re.findall(r"\]\(((?!http)[^)#]+)\)", README)
    assert len(linked) > 8
    assert [page for page in linked if not (TOP / page).exists()] == []
