"""Runs every benchmark and writes docs/performance.md: `python -m benchmarks.report`, or `make bench`.

Both sides of a ratio are measured in the same run. Give it a machine with nothing else to do, and three quarters of
an hour.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks import (
    agents,
    command_line,
    editors,
    generation,
    growing_text,
    imports,
    in_flight,
    large_media,
    linting,
    notice,
    replayed,
    request_cost,
    untraced,
)
from benchmarks.goals import Measured, table

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"

SECTIONS: dict[str, Callable[[], Iterable[Measured]]] = {
    "Starting": lambda: [*imports.measure(), *command_line.measure()],
    "Requests": lambda: [*request_cost.measure(), *untraced.measure(), *in_flight.measure()],
    "Noticing the end of a job": notice.goals,
    "Hubs that are far away": notice.far_goals,
    "Large media": large_media.measure,
    "Growing text": growing_text.measure,
    "Generating": generation.measure,
    "Editors": lambda: [*editors.measure(), *linting.measure()],
    "Agents": agents.measure,
    "Replayed tests": replayed.measure,
}


def main() -> None:
    """Measure all sections, or those that are named, write them into the page, and say what was missed."""
    text = PAGE.read_text("utf-8")
    missed = 0
    wanted = sys.argv[1:] or SECTIONS
    for title, measure in SECTIONS.items():
        if title not in wanted:
            continue
        print(f"{title} …", flush=True)
        began = time.perf_counter()
        rows = list(measure())
        print(f"{table(rows)}\n{title}: {time.perf_counter() - began:.0f} s", flush=True)
        missed += sum(not row.holds for row in rows)
        text = _replace(text, title, table(rows))
    if "Single functions" in (sys.argv[1:] or ["Single functions"]):
        text = _replace(text, "Single functions", _functions())
    text = _replace(text, "The machine", _machine())
    PAGE.write_text(text, "utf-8")
    print(f"{PAGE.name} is written; {missed} goals are missed.")


def _replace(text: str, mark: str, figures: str) -> str:
    """Put figures between the marks of a section; what is said beside them stays."""
    begin, end = f"<!-- figures: {mark} -->", "<!-- end of figures -->"
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n\n{figures}\n\n{end}{rest.partition(end)[2]}"


def _functions() -> str:
    """Run the benchmarks of single functions, and return their medians."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.json"
        command = [sys.executable, "-m", "pytest", "-q", "benchmarks", f"--benchmark-json={found}"]
        subprocess.run(command, check=True)
        benchmarks = json.loads(found.read_text("utf-8"))["benchmarks"]
    lines = [
        f"| {entry['name'].removeprefix('test_').replace('_', ' ')} | {entry['stats']['median'] * 1e6:.1f} µs |"
        for entry in benchmarks
    ]
    return "\n".join(["| function | median |", "|---|--:|", *lines])


def _machine() -> str:
    cores, kernel = os.cpu_count(), platform.system()
    return f"{cores} cores, {platform.machine()}, {kernel}, CPython {platform.python_version()}."


if __name__ == "__main__":
    main()
