"""No word over code that is right: this repository's own, and what a generator draws; and how long that takes."""

import re
import time
from contextlib import suppress
from pathlib import Path

import pytest
from aki_lint.files import findings_of_text, source_files
from aki_lint.lint import UnreadableError

from .conftest import Project
from .drawing import right_program

TOP = Path(__file__).parents[2]
DELIBERATE = ("tests/typing/bad", "tests/editors/", "tests/export/test_agent_statements.py")
"""Where calls are wrong on purpose, outside blocks that expect the refusal."""


@pytest.mark.parametrize("seed", range(2))
def test_drawn_programs_are_right_and_each_call_in_them_is_seen(
    project: Project, seed: int
) -> None:
    text = right_program(5_000, seed)
    compile(text, "drawn.py", "exec")
    assert project.findings(text) == []
    # The same programs with a parameter more, which no endpoint takes: it is named at every call.
    spoilt = re.sub(
        r"(\b(?:aki|client|endpoints|aio)\.\w+(?:\.stream)?)\((?=\w)", r"\1(wdith=3, ", text
    )
    spoilt = re.sub(r"with_options\(wdith=3, ", "with_options(", spoilt)
    found = project.findings(spoilt)
    assert len(found) == spoilt.count("wdith=3") > 200
    assert {f["code"] for f in found} == {"AKI201"}


def test_this_repository_is_right(project: Project) -> None:
    folders = ("apps", "benchmarks", "docs", "examples", "scripts", "tests")
    judged = 0
    for path in source_files(TOP / name for name in folders):
        text = path.read_text("utf-8", errors="replace")
        if path.relative_to(TOP).as_posix().startswith(DELIBERATE) or "aki_client" not in text:
            continue
        with suppress(UnreadableError):  # of a template, or a fault that a test wants
            assert findings_of_text(text, project.folder / "app.py") == [], path
            judged += 1
    assert judged > 50


@pytest.mark.slow
def test_ten_thousand_lines_take_about_a_second(project: Project) -> None:
    text = "from aki_client import Aki\naki = Aki()\nBASE = {'prompt': 'x', 'width': 512}\n"
    text += "".join(
        f"def f{n}(aki: Aki, text: str) -> object:\n    more = {{'height': {512 + 32 * (n % 20)}}}\n"
        f"    # call {n}\n    return aki.z_image_turbo(**BASE, **more, seed={n})\n\n"
        for n in range(2_000)
    )
    assert text.count("\n") > 10_000
    path = project.write(text)
    project.lint(path)  # imports, and models of the endpoints
    started = time.process_time()
    assert project.lint(path).status == 0
    # Of processor time, not of the clock; on an idle machine it is below a second.
    assert time.process_time() - started < 5
