"""The code blocks of a page of Markdown, in order; knows nothing of what they hold."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).parents[2]
_FENCE = re.compile(r"^( *)(`{3,})([\w+-]*) *(?:title=\"([^\"]+)\")? *(.*)$")


@dataclass(frozen=True)
class Block:
    """What stands between two fences, those of tabs and lists without their indentation.

    Attributes:
        page: The file, from the top of the checkout.
        line: Where its text begins.
        language: The word behind the fence.
        title: The file that it is, where it says so.
        text: The lines, with the last one's end.
    """

    page: str
    line: int
    language: str
    title: str
    text: str

    @property
    def place(self) -> str:
        """Where it stands, as editors and terminals word it."""
        return f"{self.page}:{self.line}"

    @property
    def first_line(self) -> str:
        """What names it in the list of those that are not run."""
        return self.text.partition("\n")[0]


def pages() -> list[str]:
    """Return the README and every page of docs/, from the top of the checkout."""
    found = sorted((TOP / "docs").rglob("*.md"))
    return ["README.md", *(path.relative_to(TOP).as_posix() for path in found)]


def blocks_of(page: str) -> list[Block]:
    """Return the blocks of a page; raises where a fence is left open or has words that nobody reads."""
    return list(_blocks(page, (TOP / page).read_text("utf-8").splitlines()))


def _blocks(page: str, lines: list[str]) -> Iterator[Block]:
    numbered = iter(enumerate(lines, 1))
    for number, line in numbered:
        opened = _FENCE.match(line)
        if not opened:
            continue
        indent, ticks, language, title, rest = opened.groups()
        assert not rest, f"{page}:{number}: {rest!r} behind the fence is not understood"
        text: list[str] = []
        for _, inner in numbered:
            if inner.strip() == ticks:
                break
            text.append(inner.removeprefix(indent))
        else:
            raise AssertionError(f"{page}:{number}: the fence is not closed")
        yield Block(page, number + 1, language, title or "", "".join(f"{x}\n" for x in text))


def indented_code(page: str) -> list[int]:
    """Return the lines at which Markdown sees code without a fence, which says nothing of what it is."""
    found: list[int] = []
    open_fence, before, inside = "", "", False
    for number, line in enumerate((TOP / page).read_text("utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if open_fence or fence:
            if open_fence:
                open_fence = "" if line.strip() == open_fence else open_fence
            elif fence:
                open_fence = fence[2]
            before = line
            continue
        if re.match(r"\s*([-*]|\d+\.|===|!!!|\?\?\?|<!--)[ +]", line):
            inside = True  # a list, a tab or a note, whose own lines are indented
        elif line and not line.startswith(" "):
            inside = False
        if line.startswith("    ") and not before.strip() and not inside:
            found.append(number)
        before = line
    return found
