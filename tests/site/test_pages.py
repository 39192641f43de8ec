"""Pages of endpoints: what they say, and what a hostile hub cannot make of them."""

import re
from html import unescape
from typing import Any

import pytest
from aki_codegen.commands.export import offered_endpoints
from aki_codegen.export.pages import endpoint_pages
from aki_codegen.markup import markdown as escaped
from export.documents import snapshot_of
from support.metadata import details

markdown = pytest.importorskip("markdown", reason="needs MkDocs: make full")

EVIL = (
    "</code></td>|`x`|\n\n# owned\n```\n<script>alert(1)</script> "
    "[a](javascript:alert(1)) ![i](//e.example) {: onclick=x } &lt;b&gt; ::: os"
)


def pages_of(documents: dict[str, Any]) -> dict[str, str]:
    snapshot = snapshot_of(documents)
    pages = endpoint_pages(offered_endpoints(snapshot), snapshot, "my_hub")
    return {str(path): text for path, text in pages.items()}


def page_of(*sections: Any, **top: Any) -> str:
    return pages_of({"painter": details(*sections, **top)})["painter.md"]


def html_of(text: str) -> str:
    return markdown.markdown(text, extensions=["tables", "attr_list", "pymdownx.superfences"])


class TestContent:
    """What a page says of its endpoint."""

    def test_a_parameter_has_range_step_and_default(self) -> None:
        attributes = {"type": "integer", "minimum": 64, "maximum": 512, "align": 32, "default": 256}
        html = html_of(page_of({"width": attributes}))
        row = re.search(r"<tr>\s*<td><code>width</code>.*?</tr>", html, re.DOTALL)
        assert row is not None
        assert "64–512 in multiples of 32" in row[0]
        assert "<code>256</code>" in row[0]

    def test_a_required_parameter_is_marked(self) -> None:
        assert "| <code>prompt</code> | Text | **required** |" in page_of(
            {"prompt": {"required": True}}
        )

    def test_all_choices_are_there_however_many(self) -> None:
        choices = [f"voice{number}" for number in range(50)]
        html = html_of(page_of({"voice": {"type": "selection", "supported": choices}}))
        assert all(f"<code>{choice}</code>" in html for choice in choices)

    def test_limits_of_media_stand_in_a_table(self) -> None:
        picture = {
            "type": "image",
            "format": {"supported": ["PNG", "JPEG"]},
            "size": {"maximum": [640, 480]},
        }
        chat = {
            "type": "chat_context",
            "support": ["audio"],
            "audio": {"duration": {"maximum": 30}},
        }
        text = page_of({"image": picture, "chat_context": chat})
        _, _, table = text.partition("## Media\n")
        assert "<code>image</code> | image | format png or jpeg, size at most 640 by 480" in table
        assert "<code>chat_context</code> | audio in messages | duration at most 30 s" in table

    def test_an_endpoint_without_media_has_no_table_of_them(self) -> None:
        assert "## Media" not in page_of({"prompt": {"required": True}})

    def test_outputs_and_progress_are_listed_and_errors_are_not(self) -> None:
        text = page_of(
            {}, {"images": {"type": "image_list"}, "error": {}}, {"step": {"type": "integer"}}
        )
        assert "| <code>images</code> | List of pictures |" in text
        assert "| <code>step</code> | Whole number |" in text
        assert "<code>error</code>" not in text

    def test_an_endpoint_called_index_hides_nothing(self) -> None:
        pages = pages_of({"index": details()})
        assert set(pages) == {"index.md", "index_.md"}
        assert "(index_.md)" in pages["index.md"]

    def test_the_key_is_never_an_argument_of_a_process(self) -> None:
        for line in page_of({"prompt": {"required": True}}).splitlines():
            assert not (line.startswith("curl") and "AKI_API_KEY" in line)


class TestHostileMetadata:
    """Texts of a hub stay texts."""

    @pytest.fixture(scope="class")
    @staticmethod
    def html() -> str:
        field = {"type": "selection", "supported": [EVIL, "b"], "required": True}
        described = {"description": EVIL, "default": EVIL}
        pages = pages_of(
            {
                EVIL: details(
                    {EVIL: field, "x": described},
                    {EVIL: described},
                    {EVIL: described},
                    title=EVIL,
                    description=EVIL,
                    category=EVIL,
                )
            }
        )
        return "\n".join(html_of(text) for text in pages.values())

    def test_no_markup_comes_through(self, html: str) -> None:
        assert "<script" not in html
        assert "<img" not in html
        tags = re.findall(r"<[^>]*>", html)
        assert not [tag for tag in tags if re.search(r"\sonclick|javascript:", tag)]

    def test_no_heading_is_added(self, html: str) -> None:
        headings = re.findall(r"<h\d[^>]*>(.*?)</h\d>", html, re.DOTALL)
        assert "owned" not in headings
        assert headings.count("Parameters") == 1

    def test_no_cell_is_added(self, html: str) -> None:
        tables = re.findall(r"<table>.*?</table>", html, re.DOTALL)
        for table in tables:
            columns = table.count("<th>")
            assert table.count("<td>") % columns == 0
        assert html.count("<table>") == 4

    @pytest.mark.parametrize("text", ["1. one", "- one", "> one", "# one", "    one", "a_b_c *d*"])
    def test_plain_text_comes_through_as_it_is(self, text: str) -> None:
        assert unescape(html_of(escaped(text))) == f"<p>{text.strip()}</p>"
