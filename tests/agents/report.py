"""Kill a server of agents a hundred times: `python tests/agents/report.py` writes what came of it into docs/agents.md.

`… report.py KILLS` only prints.
"""

import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    # Instead of this folder, whose names are no modules of their own.
    sys.path[0] = str(Path(__file__).parents[1])
    from support.package import use_made_package

    use_made_package()

from agents.trial import Figures, carry_out
from support.pages import Part, table

PAGE = Path(__file__).parents[2] / "docs" / "agents.md"
TABLE = Part("<!-- written by tests/agents/report.py -->", "<!-- end of the figures -->")


def as_text(figures: Figures) -> str:
    """Return the figures as a table."""
    return table(
        {
            "SIGKILLs": f"{figures.kills}",
            "calls": f"{figures.calls}",
            "of these, cut off before anything was noted or sent": f"{figures.refused}",
            "ended with their result": f"{figures.done}",
            "named uncertain: killed amid the submit": f"{figures.uncertain}",
            "named lost: killed between the hub's one answer and its note": f"{figures.lost}",
            "without a name, or without an end": "none"
            if not figures.unnamed
            else f"{figures.unnamed}",
            "that became several jobs": "none" if not figures.twice else f"{figures.twice}",
            "seconds, restarts included": f"{figures.seconds:,.0f}",
        }
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = carry_out(int(sys.argv[1]) if len(sys.argv) > 1 else 100, Path(folder))
    print(as_text(found))
    if found.unnamed or found.twice:
        sys.exit("a promise was broken; the page is as it was")
    if len(sys.argv) == 1:
        PAGE.write_text(TABLE.replaced(PAGE.read_text("utf-8"), as_text(found)), "utf-8")
        print(f"wrote {PAGE.name}")
