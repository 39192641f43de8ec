"""A goal and what was measured of it: the row that every benchmark hands to the report."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """One ratio.

    Attributes:
        what: What was measured.
        against: What it was divided by.
        goal: What the ratio should not exceed; where `at_least`, what it should reach; None where the row only says
            what else there is.
        ratio: What came out.
        figures: The two figures behind it, with units.
        at_least: Whether more is better.
    """

    what: str
    against: str
    goal: float | None
    ratio: float
    figures: str
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the goal is reached, where there is one."""
        if self.goal is None:
            return True
        return self.ratio >= self.goal if self.at_least else self.ratio <= self.goal

    def line(self) -> str:
        """Return it as a row of a Markdown table."""
        goal = verdict = "–"
        if self.goal is not None:
            goal = f"{'≥' if self.at_least else '≤'} {self.goal:g}"
            verdict = "yes" if self.holds else "**no**"
        cells = (self.what, self.against, goal, f"{self.ratio:.3g}")
        return f"| {' | '.join(cells)} | {verdict} | {self.figures} |"


HEADER = """| what | measured against | goal | measured | reached | figures |
|---|---|---|--:|---|---|"""


def table(rows: Iterable[Measured]) -> str:
    """Return rows as a Markdown table."""
    return "\n".join([HEADER, *(row.line() for row in rows)])
