"""The built reference site: whole, and with nothing that comes from elsewhere."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from aki_runtime import public
from support.package import made_package
from support.site import TOP, built_site

pytest.importorskip("material", reason="mkdocs-material is not installed")
pytest.importorskip("mkdocstrings_handlers.python", reason="mkdocstrings is not installed")

pytestmark = pytest.mark.slow


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
    assert text_of(site, "search/search_index.js").startswith("var __index = {")


def test_what_is_built_is_not_committed() -> None:
    assert "/site/" in (TOP / ".gitignore").read_text().splitlines()
    assert not (TOP / "docs" / "endpoints").exists()
