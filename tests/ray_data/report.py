"""Carry the full trial out and write what came of it into docs/ray.md: `python tests/ray_data/report.py`.

Every figure of the table is measured by this run, of 2,000 rows. `… report.py ROWS` only prints.
"""

import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    # Instead of this folder, whose names are no modules of their own.
    sys.path[0] = str(Path(__file__).parents[1])
    from support.package import use_made_package

    use_made_package()

from ray_data.trial import Figures, broken, carry_out
from support.pages import Part, table

PAGE = Path(__file__).parents[2] / "docs" / "ray.md"
TABLE = Part("<!-- written by tests/ray_data/report.py -->")


def as_text(figures: Figures) -> str:
    """Return the figures as a table."""
    failed = ", ".join(f"{count:,} {name}" for name, count in sorted(figures.failed.items()))
    counted = {
        "rows": f"{figures.rows:,}",
        "requests that reached the hub": f"{figures.requests:,}",
        "of these, made to fail": f"{figures.faults:,}",
        "nodes killed": f"1, with {figures.killed} processes, when the hub had made {figures.jobs_before:,} jobs",
        "rows done": f"{figures.done:,}",
        "rows failed": f"{sum(figures.failed.values()):,}" + (f" ({failed})" if failed else ""),
        "rows named uncertain": f"{figures.uncertain:,}",
        "rows without exactly one outcome": _or_none(figures.lost),
        "jobs on the hub": f"{figures.jobs:,}",
        "rows with several jobs and not named uncertain, or done without one": _or_none(
            figures.twice
        ),
        "columns of the output of another name or type": _or_none(figures.odd_columns),
        "seconds": f"{figures.seconds:,.0f}",
        "rows done after `retry_failed=True, resubmit_uncertain=True`": f"{figures.done_in_the_end:,} "
        f"(in {figures.rounds} more runs)",
    }
    return table(counted)


def _or_none(found: list[int] | list[str]) -> str:
    return ", ".join(map(str, found)) or "none"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="aki-ray-") as scratch:
        figures = carry_out(int(sys.argv[1]) if len(sys.argv) > 1 else 2000, Path(scratch))
    print(as_text(figures))
    if broken(figures):
        sys.exit(f"a promise was broken ({', '.join(broken(figures))}); the page is as it was")
    if len(sys.argv) == 1:
        PAGE.write_text(TABLE.replaced(PAGE.read_text("utf-8"), as_text(figures)), "utf-8")
        print(f"wrote {PAGE.name}")
