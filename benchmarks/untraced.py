"""What tracing costs where nobody has asked for it: CPU of asking whether anybody has, in a submit and its polls.

    python -m benchmarks.untraced

Between runs with and without, the difference is lost among what else differs. So the places that ask are counted in the
source, each is taken to be passed with every request, and what one costs is measured by itself.
"""

import re
import time
from pathlib import Path
from statistics import median
from timeit import repeat

import aki_runtime
from aki_client import Aki
from aki_runtime.hub import HubContext

from benchmarks.canned import POLLS, canned_hub
from benchmarks.goals import Measured, table
from benchmarks.request_cost import INPUTS

ROUNDS, BATCH, TIMES, GOAL = 40, 10, 100_000, 0.01
_ASKS = re.compile(r"\b(?:begin|begin_trace|leave|trace) is (?:not )?None")
_KEY = "a-key-of-the-usual-length"


def measure() -> list[Measured]:
    """Measure a submit and its polls, and what asks in them whether anybody traces."""
    with canned_hub() as url, Aki(_KEY, api_server=url, layout="aki") as aki:
        call = median([_calls(aki) for _ in range(ROUNDS)][3:]) / BATCH
    once = min(repeat("c.trace is None", globals={"c": HubContext}, number=TIMES)) / TIMES
    sources = Path(aki_runtime.__file__).parent.rglob("*.py")
    places = sum(len(_ASKS.findall(path.read_text("utf-8"))) for path in sources)
    asking = once * places * (1 + POLLS)
    figures = f"{asking * 1e6:.1f} µs, {call * 1e6:.0f} µs; {places} places"
    what = f"CPU of asking whether anybody traces, in a submit and {POLLS} polls, at most"
    return [Measured(what, "the submit and the polls", GOAL, asking / call, figures)]


def _calls(aki: Aki) -> float:
    began = time.process_time()
    for _ in range(BATCH):
        job_id = aki.flux_dev.submit(**INPUTS).id
        for _ in range(POLLS):
            # A handle that is made anew asks at once.
            aki.flux_dev.job(job_id).status()
    return time.process_time() - began


if __name__ == "__main__":
    print(table(measure()))
