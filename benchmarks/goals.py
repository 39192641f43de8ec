"""A goal and what was measured of it: the row that every benchmark hands to the report."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """One ratio.

    Attributes:
        what: What was measured.
        against: What it was divided by.
        goal: What the ratio should not exceed; where `at_least`, what it should reach.
        ratio: What came out.
        figures: The two figures behind it, with units.
        at_least: Whether more is better.
    """

    what: str
    against: str
    goal: float
    ratio: float
    figures: str
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the goal is reached."""
        return self.ratio >= self.goal if self.at_least else self.ratio <= self.goal

    def line(self) -> str:
        """Return it as a row of a Markdown table."""
        sign = "≥" if self.at_least else "≤"
        verdict = "yes" if self.holds else "**no**"
        cells = (self.what, self.against, f"{sign} {self.goal:g}", f"{self.ratio:.3g}")
        return f"| {' | '.join(cells)} | {verdict} | {self.figures} |"


HEADER = """| what | measured against | goal | measured | reached | figures |
|---|---|---|--:|---|---|"""


def table(rows: Iterable[Measured]) -> str:
    """Return rows as a Markdown table."""
    return "\n".join([HEADER, *(row.line() for row in rows)])
