"""The reference site as people see it: in a browser, wide and narrow, light and dark, served and as files."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.site import built_site, served

pytest.importorskip("zensical", reason="zensical is not installed")

pytestmark = pytest.mark.slow

OpenPage = Callable[..., Any]
SIZES = [1280, 390]
SCHEMES = {"light": "default", "dark": "slate"}


@pytest.fixture(scope="module")
def site() -> Path:
    return built_site()


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with served(site) as url:
        yield url


def search(page: Any, words: str) -> list[str]:
    """Put words into the search field, and return where the results lead."""
    glass = page.locator("label.md-header__button[for=__search]")
    button = page.locator("button.md-search__button")
    (glass if glass.is_visible() else button).click()
    page.get_by_role("combobox", name="Search").fill(words)
    results = page.get_by_role("option").filter(has=page.locator("mark"))
    results.first.wait_for(timeout=20_000)
    return [link.get_attribute("href") or "" for link in results.all()]


def is_scrolled_sideways(page: Any) -> bool:
    """Whether a page is wider than its window."""
    widths = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    wide, seen = page.evaluate(widths)
    return bool(wide > seen)


class TestSearch:
    """It finds what the pages say, with and without a server."""

    def test_a_parameter_is_found(self, open_page: OpenPage, address: str) -> None:
        page = open_page()
        page.goto(f"{address}/index.html")
        found = search(page, "provide_progress_images")
        assert any("endpoints/flux_dev.html" in link for link in found)

    @pytest.mark.parametrize(
        ("words", "guide"),
        [
            ("vision", "guide/pictures.html"),
            ("tools", "guide/tools.html"),
            ("FastAPI", "guide/web-service.html"),
            ("timeout", "guide/jobs.html"),
            ("cancel", "guide/jobs.html"),
        ],
    )
    def test_a_guide_is_among_the_first_that_are_found(
        self, open_page: OpenPage, address: str, words: str, guide: str
    ) -> None:
        page = open_page()
        page.goto(f"{address}/index.html")
        assert any(guide in link for link in search(page, words)[:5])

    def test_a_parameter_is_found_on_a_narrow_screen(
        self, open_page: OpenPage, address: str
    ) -> None:
        page = open_page(390)
        page.goto(f"{address}/index.html")
        assert any("flux_dev" in link for link in search(page, "image2image_strength"))

    def test_a_parameter_is_found_in_a_site_that_is_opened_as_files(
        self, open_page: OpenPage, site: Path
    ) -> None:
        page = open_page()
        page.goto((site / "endpoints" / "index.html").as_uri())
        found = search(page, "image2image_strength")
        assert any("endpoints/flux_dev.html" in link for link in found)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", SIZES)
class TestLook:
    """Pages fit their window, in the colours that the system asks for."""

    def test_an_endpoint_shows_its_table(
        self, open_page: OpenPage, address: str, width: int, scheme: str
    ) -> None:
        page = open_page(width, scheme)
        page.goto(f"{address}/endpoints/flux_dev.html")
        row = page.locator("tr", has=page.locator("td code", has_text="width")).first
        assert row.is_visible()
        assert "in multiples of 32" in row.inner_text()
        assert "1024" in row.inner_text()
        table = page.locator("table").first.bounding_box()
        assert table["x"] >= 0
        assert table["x"] + table["width"] <= width

    def test_the_colours_are_those_of_the_system(
        self, open_page: OpenPage, address: str, width: int, scheme: str
    ) -> None:
        page = open_page(width, scheme)
        page.goto(f"{address}/index.html")
        body = page.locator("body")
        assert body.get_attribute("data-md-color-scheme") == SCHEMES[scheme]

    @pytest.mark.parametrize(
        "path",
        [
            *("index", "endpoints/index", "endpoints/qwen_vl_chat", "errors"),
            *("reference/clients-and-calls", "examples/index", "examples/chat_with_tools"),
        ],
    )
    def test_nothing_is_wider_than_the_window(
        self, open_page: OpenPage, address: str, width: int, scheme: str, path: str
    ) -> None:
        page = open_page(width, scheme)
        page.goto(f"{address}/{path}.html")
        assert not is_scrolled_sideways(page)


def test_every_endpoint_is_reached_from_the_list(
    open_page: OpenPage, address: str, site: Path
) -> None:
    page = open_page()
    page.goto(f"{address}/endpoints/index.html")
    links = page.locator("article table a")
    assert links.count() == len(list((site / "endpoints").glob("*.html"))) - 1
    links.nth(2).click()
    page.locator("h2#parameters").wait_for()
    assert page.locator("article table").count() >= 2


def test_a_snippet_can_be_copied(open_page: OpenPage, address: str) -> None:
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    page.goto(f"{address}/endpoints/flux_dev.html")
    page.locator("article .highlight").first.hover()
    page.locator("article .highlight button").first.click()
    page.locator(".md-dialog--active").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("from aki_client import Aki")


def test_what_a_program_prints_has_no_copy_button(open_page: OpenPage, address: str) -> None:
    page = open_page()
    page.goto(f"{address}/examples/chat_with_tools.html")
    program, printed = page.locator("article .highlight").all()
    assert program.locator("button").is_visible()
    assert not printed.locator("button").is_visible()
