"""Pages of the site that hold texts of a hub: no text becomes a link, a picture or a script on the way to HTML."""

import importlib.util
import re
from html import unescape
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from aki_codegen.cli import main
from support.command import PACKAGE, PAINTER, without_environment
from support.stub_hub import StubHub

markdown = pytest.importorskip("markdown", reason="needs MkDocs: make full")
pytest.importorskip("mkdocs", reason="needs MkDocs: make full")

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
]
EXTENSIONS = ["tables", "toc", "pymdownx.highlight", "pymdownx.superfences"]


@pytest.fixture(scope="module")
def site_pages() -> ModuleType:
    path = Path(__file__).parents[2] / "scripts" / "site_pages.py"
    spec = importlib.util.spec_from_file_location("site_pages", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package's folder, with its report, its history and its pages, of a hub with these titles."""
    out = tmp_path_factory.mktemp("out")
    words = ["--out", str(out), "--package", PACKAGE]
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
        assert main(["export", "docs", *words, "--output", str(out / "pages")]) == 0
    return out


def shown(site_pages: ModuleType, uri: str, text: str) -> str:
    page = SimpleNamespace(file=SimpleNamespace(src_uri=uri))
    files = SimpleNamespace(get_file_from_path=lambda path: None)
    made: Any = site_pages.on_page_markdown(text, page, files)
    html: str = markdown.markdown(made, extensions=EXTENSIONS)
    return html


def test_no_title_of_an_endpoint_becomes_markup(site_pages: ModuleType, out: Path) -> None:
    pages = {
        "hub-changes.md": out / PACKAGE / "CHANGES.md",
        "report.md": out / PACKAGE / "REPORT.md",
        **{f"endpoints/{path.name}": path for path in (out / "pages").glob("*.md")},
    }
    assert len(pages) == len(TITLES) + 4
    for uri, path in pages.items():
        html = shown(site_pages, uri, path.read_text("utf-8"))
        tags = re.findall(r"<[^<>]*>", html)
        assert not [t for t in tags if re.search(r"<(img|script|svg|iframe)\b|\son\w+=", t)], uri
        links = re.findall(r'<a [^>]*href="([^"]*)"', html)
        assert not [a for a in links if not re.fullmatch(r"#[\w-]+|\w+\.md", a)], uri


def test_the_titles_are_read_as_the_hub_wrote_them(site_pages: ModuleType, out: Path) -> None:
    html = shown(site_pages, "hub-changes.md", (out / PACKAGE / "CHANGES.md").read_text("utf-8"))
    said = unescape(re.sub(r"<[^>]*>", "", html)).replace("\u200b", "")
    for title in TITLES:
        assert repr(title)[1:-1] in said or title in said
