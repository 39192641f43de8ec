"""The built reference site: whole, and with nothing that comes from elsewhere."""

import json
import re
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from aki_runtime import public
from support.package import made_package
from support.site import TOP, built_site

pytest.importorskip("zensical", reason="zensical is not installed")
pytest.importorskip("mkdocstrings_handlers.python", reason="mkdocstrings is not installed")

pytestmark = pytest.mark.slow

PAGES_WITH_DRAWINGS = {"aki.html": 2, "errors.html": 1, "batches.html": 0}
"""Pages with how many of their outputs are tables or trees of a terminal."""


@pytest.fixture(scope="module")
def site() -> Path:
    return built_site()


class Assets(HTMLParser):
    """What a page loads by itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag in ("script", "img", "audio", "video", "iframe", "source", "embed"):
            self.found.append(named.get("src") or "")
        if tag == "link" and named.get("rel") not in ("canonical", "next", "prev"):
            self.found.append(named.get("href") or "")


def text_of(site: Path, page: str) -> str:
    return (site / page).read_text("utf-8")


def test_lines_of_what_is_drawn_are_not_broken(site: Path) -> None:
    drawn = {page: text_of(site, page).count("language-text drawn") for page in PAGES_WITH_DRAWINGS}
    assert drawn == PAGES_WITH_DRAWINGS


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        foreign = [a for a in Assets(page.read_text("utf-8")).found if "//" in a]
        assert foreign == [], page


def test_no_style_sheet_loads_anything_from_elsewhere(site: Path) -> None:
    sheets = sorted(site.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", sheet.read_text("utf-8"))


def test_every_endpoint_has_a_page_that_is_listed(site: Path) -> None:
    names = json.loads((made_package() / "aki_client/spec/names.json").read_text("utf-8"))
    listed = text_of(site, "endpoints/index.html")
    for named in (value["name"] for key, value in names.items() if isinstance(value, dict)):
        assert f'href="{named}.html"' in listed
        assert '<h2 id="parameters">' in text_of(site, f"endpoints/{named}.html")


def test_every_page_is_built_and_is_in_the_menu(site: Path) -> None:
    sources = {p.relative_to(site.parent / "docs") for p in (site.parent / "docs").rglob("*.md")}
    built = {p.relative_to(site).with_suffix(".md") for p in site.rglob("*.html")}
    assert built - {Path("404.md")} == sources
    menu = (site.parent / "mkdocs.yml").read_text("utf-8")
    assert [page for page in sources if f'"{page.as_posix()}"' not in menu] == []


def test_guides_and_programs_come_before_endpoints(site: Path) -> None:
    tabs = re.findall(r'class="md-tabs__link">\s*([^<]+?)\s*<', text_of(site, "index.html"))
    assert tabs[:4] == ["Guide", "Command line, playground", "Examples", "Endpoints"]


def test_the_same_pages_are_written_each_time(site: Path, tmp_path: Path) -> None:
    command = [sys.executable, "scripts/site_pages.py", tmp_path / "x", "--of", made_package()]
    subprocess.run(command, cwd=TOP, check=True)
    before, after = site.parent / "docs", tmp_path / "x" / "docs"
    files = [path.relative_to(after) for path in after.rglob("*") if path.is_file()]
    assert [f for f in files if (before / f).read_bytes() != (after / f).read_bytes()] == []


def test_an_endpoint_shows_what_the_sandbox_answers(site: Path) -> None:
    page = text_of(site, "endpoints/flux_dev.html")
    answer = unescape(re.sub(r"<[^>]*>", "", page.partition('id="an-answer"')[2]))
    assert "images=[<Image jpeg, about" in answer
    assert "prompt='A lighthouse at dusk'" in answer
    assert (site / "endpoints" / "flux_dev.jpg").stat().st_size > 1_000


def test_every_endpoint_has_an_answer(site: Path) -> None:
    pages = [page for page in (site / "endpoints").glob("*.html") if page.name != "index.html"]
    assert [p.name for p in pages if 'id="an-answer"' not in p.read_text("utf-8")] == []


def test_every_example_is_a_page_with_its_source_and_what_it_prints(site: Path) -> None:
    for path in (TOP / "examples").glob("*.py"):
        page = unescape(re.sub(r"<[^>]*>", "", text_of(site, f"examples/{path.stem}.html")))
        assert path.read_text("utf-8").strip() in page
        assert f"$ python {path.name}" in page


def test_nothing_that_can_be_copied_begins_with_a_prompt(site: Path) -> None:
    for page in site.rglob("*.html"):
        blocks = re.findall(
            r'class="language-(?!text )[\w-]+ highlight">(.*?)</code>',
            page.read_text("utf-8"),
            re.S,
        )
        lines = unescape(re.sub(r"<[^>]*>", "", "\n".join(blocks))).splitlines()
        assert [line for line in lines if re.match(r" *([$%>]|>>>) ", line)] == [], page


def test_every_public_name_is_described(site: Path) -> None:
    pages = "".join(p.read_text("utf-8") for p in (site / "reference").glob("*.html"))
    headings = set(re.findall(r'id="aki_(?:client|runtime)[\w.]*?\.(\w+)"', pages))
    assert set(public.__all__) - headings == set()


def test_the_first_page_is_the_beginning_of_the_readme(site: Path) -> None:
    first = text_of(site, "index.html")
    assert "a hub on this machine that pretends" in first
    assert "make generate" not in first


def test_programs_stand_in_tabs_of_their_own(site: Path) -> None:
    page = text_of(site, "guide/chat.html")
    assert [page.count(f">{tab}</label>") for tab in ("Python", "Python, async")] == [1, 1]


def test_links_lead_to_pages_that_are_there(site: Path) -> None:
    for page in site.rglob("*.html"):
        if page.name == "404.html":
            continue
        for target in re.findall(r'<a [^>]*href="([^"#:]+)[#"]', page.read_text("utf-8")):
            assert (page.parent / target).exists(), (page, target)


def test_search_needs_no_server(site: Path) -> None:
    assert text_of(site, "search.js").startswith("var __index = {")


def test_what_is_built_is_not_committed() -> None:
    assert "build/" in (TOP / ".gitignore").read_text().splitlines()
    assert not (TOP / "docs" / "endpoints").exists()
