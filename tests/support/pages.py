"""Figures on a page of the documentation: a table between two marks, which a program writes and a test reads."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """The part of a page between two marks.

    Attributes:
        begin: The line before it.
        end: The line behind it.
    """

    begin: str
    end: str = "<!-- end -->"

    def of(self, page: str) -> str:
        """Return what stands there."""
        return page.partition(self.begin)[2].partition(self.end)[0].strip("\n")

    def replaced(self, page: str, text: str) -> str:
        """Return the page with something else there."""
        before, _, rest = page.partition(self.begin)
        _, _, after = rest.partition(self.end)
        return f"{before}{self.begin}\n{text}\n{self.end}{after}"


def table(figures: Mapping[str, str]) -> str:
    """Return a table of what was counted and how many there were."""
    lines = [f"| {name} | {value} |" for name, value in figures.items()]
    return "\n".join(["| what | how many |", "| --- | --: |", *lines])
