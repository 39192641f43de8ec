"""Carry an hour of mixed load out and write the figures: `python tests/endurance/report.py`.

The figures go into docs/performance.md. `… report.py SECONDS` only prints.
"""

import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    # Instead of this folder, whose names are no modules of their own.
    sys.path[0] = str(Path(__file__).parents[1])
    from support.package import use_made_package

    use_made_package()

from endurance.measuring import HELD, Figures, measure
from support.pages import Part, table

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
TABLE = Part("<!-- written by tests/endurance/report.py -->")
HOUR = 3600.0


def as_text(figures: Figures) -> str:
    """Return the figures as a table."""
    ended = ", ".join(f"{count:,} {name}" for name, count in figures.outcomes.most_common())
    counted = {
        "minutes": f"{figures.seconds / 60:.0f}",
        "requests that reached the hub": f"{figures.requests:,}",
        "of these, made to fail": f"{figures.faults:,}",
        "jobs on the hub": f"{figures.jobs:,}",
        "calls, by how they ended": f"{figures.outcomes.total():,} ({ended})",
        "jobs of calls without an end": f"{len(figures.without_end) or 'none'}",
        "calls with another's answer, several ends, or several jobs and not named uncertain": f"{len(figures.wrong) or 'none'}",  # noqa: E501
    }
    for process in figures.held:
        for figure in HELD:
            early, late = figures.medians(process, figure)
            counted[f"{process}: {figure}, in the second and in the last fifth"] = (
                f"{early:.0f}, {late:.0f}"
            )
    return table(counted)


if __name__ == "__main__":
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else HOUR
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), seconds)
    print(as_text(found))
    print(*found.wrong[:20], *found.without_end[:20], sep="\n")
    if len(sys.argv) == 1:
        PAGE.write_text(TABLE.replaced(PAGE.read_text("utf-8"), as_text(found)), "utf-8")
