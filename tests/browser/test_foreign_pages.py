"""The site of a hub that means harm: no text of it becomes a link, a picture or a script, on pages or in the search."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from aki_codegen.cli import main
from support.command import PAINTER, without_environment
from support.site import build_site, served
from support.stub_hub import StubHub

pytest.importorskip("zensical", reason="zensical is not installed")
markdown = pytest.importorskip("markdown", reason="comes with zensical")

pytestmark = pytest.mark.slow

TITLES = [
    "<img src=x onerror=alert(7) [>](y)",
    "<img src=x onerror=alert(7) \\[>](y)",
    "\\<img src=x onerror=alert(7)>",
    "[a](javascript:alert(7))",
    "\\[a](javascript:alert(7))",
    "![a](https://evil.example/x.png)",
    "[<script>alert(7)</script>](gone.md)",
    "`</code><script>alert(7)</script>",
    "<a href=javascript:alert(7)>x</a>",
    "a | <svg onload=alert(7)> | b",
    "</title><script>alert(7)</script>",
    "{{ config }} {% include 'main.html' %} ::: os",
]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package whose endpoints have these titles, and the history of their coming."""
    out = tmp_path_factory.mktemp("out")
    words = ["--out", str(out), "--package", "aki_client"]
    with pytest.MonkeyPatch.context() as patch, StubHub.offering({"painter": PAINTER}) as hub:
        without_environment(patch)
        assert main(["generate", *words, "--server", hub.url]) == 0
        for number, title in enumerate(TITLES):
            hub.answers["/api/endpoints"]["endpoints"].append(f"e{number}")
            hub.answers[f"/api/endpoints/e{number}"] = {
                **PAINTER,
                "title": title,
                "description": title,
                "category": title,
            }
        assert main(["generate", *words, "--server", hub.url]) == 0
    return out


@pytest.fixture(scope="module")
def site(out: Path) -> Path:
    return build_site(out)


@pytest.fixture(scope="module")
def pages(out: Path, site: Path) -> dict[str, str]:
    """The pages that hold texts of the hub, and the report beside the package, as HTML."""
    found = [site / "hub-changes.html", *(site / "endpoints").glob("*.html")]
    report = (out / "aki_client" / "REPORT.md").read_text("utf-8")
    return {
        "report": markdown.markdown(report, extensions=["tables", "toc"]),
        **{path.name: path.read_text("utf-8") for path in found},
    }


class Tags(HTMLParser):
    """The tags of a page, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_no_title_of_an_endpoint_becomes_markup(pages: dict[str, str]) -> None:
    assert len(pages) == len(TITLES) + 4
    for page, text in pages.items():
        for tag, attributes in Tags(text).found:
            assert not [name for name in attributes if name.startswith("on")], (page, tag)
            aims = [value for name, value in attributes.items() if name in ("src", "href")]
            strange = [
                a for a in aims if re.search(r"^(?!#).*(javascript:|evil|gone)|^[xy]$", a or "")
            ]
            assert strange == [], (page, tag)
        assert not re.search(r"<script[^>]*>[^<]*alert\(7", text), page


def test_the_titles_are_read_as_the_hub_wrote_them(pages: dict[str, str]) -> None:
    said = unescape(re.sub(r"<[^>]*>", "", pages["hub-changes.html"])).replace("\u200b", "")
    for number, title in enumerate(TITLES):
        assert repr(title)[1:-1] in said or title in said
        heading = re.search(r"<h1[^>]*>(.*?)<a ", pages[f"e{number}.html"], re.DOTALL)
        assert heading is not None
        assert unescape(heading[1]).replace("\u200b", "").strip() == title


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with served(site) as url:
        yield url


@pytest.mark.parametrize("words", ["alert", "evil", "script"])
def test_nothing_of_a_title_runs_where_it_is_found(
    open_page: Callable[..., Any], address: str, words: str
) -> None:
    page = open_page()
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    page.goto(f"{address}/endpoints/e0.html")
    page.locator("button.md-search__button").click()
    page.get_by_role("combobox", name="Search").fill(words)
    page.get_by_role("option").first.wait_for(timeout=20_000)
    page.wait_for_load_state("networkidle")
    assert page.locator("dialog :is(img, svg[onload], script)").count() == 0
    assert ran == []
