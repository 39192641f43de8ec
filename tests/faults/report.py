"""Run the fault table and write what came of it: `python tests/faults/report.py`, into docs/faults.md.

Every figure on the page is measured by this run; a test compares the page with what it sees itself.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

if __name__ == "__main__":
    # Instead of this folder, whose names are no modules of their own.
    sys.path[0] = str(Path(__file__).parents[1])
    from support.package import use_made_package

    use_made_package()

from faults.leaks import watched_logs
from faults.modes import MODES
from faults.running import AT_ONCE, Outcome, Run, no_thread_left, run_all
from faults.table import SLACK, TABLE, Case

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
HEAD = "| fault | ways of calling | ends in | jobs | submits | allowed | took at most |"
INTRODUCTION = """# What goes wrong, and how it ends

Each line is a fault that the sandbox hub makes on request, over a real socket. It is carried out with `Aki` and
with `AsyncAki`, as a call, a stream and submit + result where that makes sense, and has to end as the line says:
in the result or in the exception named, with exactly as many jobs on the hub and submits sent, in the seconds
allowed. In every run no job is polled twice at a time, no connection, thread or task is left behind, and neither
the API key nor the credentials of the hub's worker are shown by a log record (all loggers at DEBUG), an exception,
a traceback with its locals or a pickle.

- *jobs*: jobs that the hub made for the one call. *submits*: submits that reached the hub or what stands before it.
- *allowed*: seconds that the caller gave, and up to 5 s more where the hub does not answer a cancelling; a test
  adds {slack:g} s for a machine that is busy.
- *took at most*: seconds, measured over all modes and ways: {runs} runs on one machine, {at_once} at a time.
- A final answer that is lost on the way is a `ResultGoneError`: the hub hands out a result once.

`python tests/faults/report.py` writes this page; `tests/faults/test_report.py` compares it with what happens.
"""


def runs() -> list[Run]:
    """Return every case in every mode and way."""
    cases = [case for cases in TABLE.values() for case in cases]
    return [Run(case, mode, how) for case in cases for how in case.hows for mode in MODES]


def page(outcomes: Mapping[Run, Outcome]) -> str:
    """Return the page for what came of the runs."""
    parts = [INTRODUCTION.format(slack=SLACK, runs=len(outcomes), at_once=AT_ONCE)]
    for title, cases in TABLE.items():
        rows = [
            row(case, [outcomes[run] for run in outcomes if run.case is case]) for case in cases
        ]
        parts.append("\n".join([f"## {title}\n", HEAD, "|---|---|---|--:|--:|--:|--:|", *rows, ""]))
    return "\n".join(parts)


def row(case: Case, outcomes: Iterable[Outcome]) -> str:
    """Return the line of one case; what differs between its runs is shown as it came."""
    seen = list(outcomes)
    cells = [
        case.name,
        ", ".join(case.hows),
        _all(f"`{each.ended}`" if each.ended != "result" else "the result" for each in seen),
        _all(str(each.jobs) for each in seen),
        _all(str(each.submits) for each in seen),
        f"{case.within:.1f}",
        f"{max(each.seconds for each in seen):.1f}",
    ]
    return "| " + " | ".join(cells) + " |"


def lines(text: str) -> list[tuple[list[str], float, float]]:
    """Return the lines of a page's tables: what is the same in every run, seconds allowed and taken."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [(cells[:5], float(cells[5]), float(cells[6])) for cells in rows if cells[0] != "fault"]


def _all(values: Iterable[str]) -> str:
    return " / ".join(sorted(set(values)))


if __name__ == "__main__":
    with watched_logs() as logs, no_thread_left():
        found = run_all(runs())
    faulty = [run for run, outcome in found.items() if outcome.left or outcome.leaks]
    if logs.leaks or faulty:
        sys.exit(
            f"something is shown or left behind: {logs.leaks[:1]} {[str(run) for run in faulty]}"
        )
    PAGE.write_text(page(found), "utf-8")
    print(f"wrote {PAGE.name} from {len(found)} runs")
