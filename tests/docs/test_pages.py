"""Every code block of docs/ does what it says, in order, as a reader pastes it; `docs.pasting` says how."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from docs.blocks import blocks_of, indented_code, pages
from docs.pasting import NOT_RUN, run_page
from docs.project import begin_project
from docs.reader import Reader

FIRST_CONTACT = {"README.md", "docs/guide/install.md"}
"""Pages of who has nothing yet, which test_first_contact.py runs in an environment of their own."""
NEEDS = {
    "docs/celery.md": "celery",
    "docs/guide/web-service.md": "fastapi",
    "docs/lint.md": "flake8",
    "docs/performance.md": "httpx_aiohttp",
    "docs/playground.md": "gradio",
    "docs/ray.md": "ray",
    "docs/tracing.md": "opentelemetry.sdk",
}
"""What a page needs besides that a small environment of development lacks."""
FRAMEWORKS = {"docs/frameworks.md", "docs/interfaces.md"}
"""Pages whose Python has the frameworks that requirements/frameworks.txt locks."""
PROJECTS = {"docs/changes.md", "docs/command-line.md", "docs/refresh.md"}
"""Pages whose reader stands in a project with a package that has grown old."""
SLOW = {
    *PROJECTS,
    *FRAMEWORKS,
    *("docs/celery.md", "docs/playground.md", "docs/publishing.md", "docs/ray.md"),
    *("docs/specifications.md", "docs/testing.md"),
}
PAGES = [page for page in pages() if page not in FIRST_CONTACT and blocks_of(page)]


@pytest.mark.parametrize(
    "page",
    [pytest.param(p, marks=pytest.mark.slow) if p in SLOW else p for p in PAGES],
)
def test_every_block_of_a_page_does_what_it_says(
    page: str, reader: Reader, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if page in NEEDS:
        pytest.importorskip(NEEDS[page], reason=f"{NEEDS[page]} is not installed: make full")
    if page in FRAMEWORKS:
        programs = Path(sys.prefix, "frameworks", "bin")
        if not programs.exists():
            pytest.skip("the frameworks are not installed: make full")
        reader.environment["PATH"] = f"{programs}{os.pathsep}{reader.environment['PATH']}"
    if any("REDIS_URL" in block.text for block in blocks_of(page)):
        reader.environment["REDIS_URL"] = request.getfixturevalue("redis").url
    if page in PROJECTS:
        begin_project(reader, tmp_path)
    run_page(blocks_of(page), reader)


def test_no_page_has_code_that_does_not_say_what_it_is() -> None:
    assert {page: found for page in pages() if (found := indented_code(page))} == {}


class TestWhatIsNotRun:
    """The list is short, says why, and has nothing in it that could be run."""

    def test_it_has_twelve_entries_at_most(self) -> None:
        assert len(NOT_RUN) <= 12

    @pytest.mark.parametrize("entry", NOT_RUN, ids=lambda entry: entry["begins"])
    def test_each_names_one_block_that_nothing_here_can_run(self, entry: dict[str, str]) -> None:
        named = [
            b
            for b in blocks_of(entry["page"])
            if (b.page, b.first_line) == (entry["page"], entry["begins"])
        ]
        assert len(named) == 1
        assert len(entry["because"]) > 20
        # A program that a block needs and this machine has is a reason to run it.
        assert not shutil.which(entry["needs"]), f"{entry['needs']} is here: run {named[0].place}"
