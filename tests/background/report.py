"""Measure 500 tasks with three killed workers, and write the figures: `python tests/background/report.py`.

The figures go into docs/celery.md. A test does a smaller run, and looks whether the page tells of a good one.
"""

import re
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    # Instead of this folder, whose names are no modules of their own.
    sys.path[0] = str(Path(__file__).parents[1])
    from support.package import use_made_package

    use_made_package()

from background.measuring import RATE, SLOTS, TRANSPORT, WORKERS, Figures, as_text, measure
from support.pages import Part

PAGE = Path(__file__).parents[2] / "docs" / "celery.md"
TASKS, KILLS = 500, 3
FIGURES = Part("<!-- figures -->", "<!-- /figures -->")
_TEXT = """{tasks} tasks of a chat endpoint on Redis, {workers} workers with {slots} processes each, a visibility
timeout of {visibility} s; {rate:.0%} of all requests to the sandbox hub fail (connection reset before or after the hub
has acted, answer cut, 503 before or after), another {rate:.0%} of the submits are refused because the queue is full,
and {kills} workers are killed with SIGKILL in the middle, each with all its processes.

| figure | |
|---|--:|
| tasks | {tasks} |
| workers killed | {kills} |
| messages delivered | {deliveries} |
| requests to the hub | {requests} |
| of these failed | {faults} |
| tasks without an outcome | {without} |
| tasks whose outcome changed, or is that of another task | {wrong} |
| succeeded | {succeeded} |
| failed as `UncertainSubmitError`: the answer to the submit was lost, or its worker killed before it | {uncertain} |
| failed as `ResultGoneError`: the hub's only copy was lost on its way | {gone} |
| failed otherwise | {other} |
| jobs on the hub | {jobs} |
| most jobs for one task | {most_jobs} |
| tasks paid twice and not named uncertain | {paid_twice} |
| seconds | {seconds:.0f} |

`python tests/background/report.py` repeats this and writes the table; `make test-full` does a smaller run.
"""


def text(figures: Figures) -> str:
    """Return the figures as a part of the page."""
    outcomes = figures.outcomes
    named = {
        "succeeded": outcomes.get("SUCCESS", 0),
        "uncertain": outcomes.get("UncertainSubmitError", 0),
        "gone": outcomes.get("ResultGoneError", 0),
    }
    return _TEXT.format(
        **vars(figures),
        **named,
        without=figures.tasks - sum(outcomes.values()),
        other=sum(outcomes.values()) - sum(named.values()),
        rate=RATE,
        slots=SLOTS,
        workers=WORKERS,
        visibility=TRANSPORT["visibility_timeout"],
    )


def figures_on(page: str) -> dict[str, str]:
    """Return the lines of the page's table."""
    return dict(re.findall(r"^\| (.+?) \| ([\d.]+) \|$", FIGURES.of(page), re.MULTILINE))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder), TASKS, KILLS)
    print(as_text(measured))
    PAGE.write_text(FIGURES.replaced(PAGE.read_text("utf-8"), text(measured).rstrip("\n")), "utf-8")
