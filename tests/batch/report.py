"""Carry the full trial out and write what came of it into docs/batches.md: `python tests/batch/report.py`.

Every figure of the table is measured by this run: 10,000 rows and five kills. `… report.py ROWS KILLS` only prints.
"""

import sys
import tempfile
from decimal import Decimal
from pathlib import Path

if __name__ == "__main__":
    # Instead of this folder, whose names are no modules of their own.
    sys.path[0] = str(Path(__file__).parents[1])
    from support.package import use_made_package

    use_made_package()

from batch.trial import MORE_ROWS, Figures, Trial, carry_out
from support.pages import Part, table

PAGE = Path(__file__).parents[2] / "docs" / "batches.md"
TABLE = Part("<!-- written by tests/batch/report.py -->")


def money(amount: Decimal) -> str:
    """Return an amount with the digits that it has."""
    return f"{amount.normalize():f}"


def as_text(figures: Figures) -> str:
    """Return the figures as a table."""
    failed = ", ".join(f"{count:,} {name}" for name, count in sorted(figures.failed.items()))
    counted = {
        "rows": f"{figures.rows:,}",
        "requests that reached the hub": f"{figures.requests:,}",
        "of these, made to fail": f"{figures.faults:,}",
        "SIGKILLs": f"{figures.kills}",
        "journals emptied, cut or removed between two SIGKILLs, and put back": f"{figures.damages}",
        "of these, not refused with what to do, or anything sent": ", ".join(figures.unnoticed)
        or "none",
        "rows done": f"{figures.done:,}",
        "rows failed": f"{sum(figures.failed.values()):,} ({failed or 'none'})",
        "rows named uncertain": f"{figures.uncertain:,}",
        "rows without exactly one outcome": "none" if not figures.lost else f"{figures.lost}",
        "jobs on the hub": f"{figures.jobs:,}",
        "what the hub bills for them, in EUR": money(figures.billed),
        "of this, for rows that are done, by their [`cost`](money.md)": money(figures.costs),
        "… for rows that are named failed or uncertain": money(figures.named),
        "what the [ledger](money.md#budgets) of `--budget` counts as spent": money(
            figures.ledger.settled
        ),
        "… what the hub bills for the jobs that it settled": money(figures.ledger.billed),
        "what it keeps reserved, for calls whose cost is not known": f"{money(figures.ledger.reserved)} "
        f"for {figures.ledger.calls:,}",
        "… what the hub bills for all other jobs": f"{money(figures.ledger.rest)} "
        f"for {figures.ledger.other_jobs:,}",
        f"a run with a budget for {MORE_ROWS} rows more": figures.stopped
        or "stopped there, and said why",
        "rows with several jobs, or done without one": "none"
        if not figures.twice
        else f"{figures.twice}",
        "seconds, kills and restarts included": f"{figures.seconds:,.0f}",
        "rows done after `--retry-failed --resubmit-uncertain`": f"{figures.done_in_the_end:,} "
        f"(in {figures.rounds} more runs)",
    }
    return table(counted)


if __name__ == "__main__":
    rows, kills = (int(word) for word in sys.argv[1:3] or ("10000", "5"))
    with tempfile.TemporaryDirectory() as folder:
        found = carry_out(Trial(rows, kills), Path(folder))
    print(as_text(found))
    is_billed = found.costs + found.named == found.billed and found.ledger.is_right
    if (
        not is_billed
        or found.stopped
        or found.lost
        or found.twice
        or found.unnoticed
        or found.kills != kills
    ):
        sys.exit("a promise was broken; the page is as it was")
    if len(sys.argv) == 1:
        PAGE.write_text(TABLE.replaced(PAGE.read_text("utf-8"), as_text(found)), "utf-8")
        print(f"wrote {PAGE.name}")
