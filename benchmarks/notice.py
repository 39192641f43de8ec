"""How late a caller learns that its job has ended, and how often it asks until then.

Ours and the official client take turns with the same job lengths, over sockets, against a sandbox hub
in another process. The delay is the time from the end of the job on the hub to the moment at which the
caller's function returns. The official client polls as soon as it is given a progress callback.
"""

import argparse
import asyncio
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import NormalDist, fmean

import aki_io  # type: ignore[import-untyped]  # it has no types
from aki_client import Aki, AsyncAki

from benchmarks.far import far_away
from benchmarks.goals import Measured
from benchmarks.notice_hub import Seen, hub_process

LENGTHS = (0.3, 0.7, 2.0, 5.0)
"""Seconds that the jobs take, before the jitter."""

JITTER = 0.15
"""The lengths of jobs are spread as by a normal distribution with this share of the mean as its deviation."""

SEED = 6
FAR_GOALS = {0.05: (0.97, 0.48, 0.78, 0.71), 0.2: (0.6, 0.6, 0.6, 0.6)}
"""Seconds to hubs that are far away and back, and for each length the share of the official client's delay that ours
should not exceed where the hub tells nothing: at 50 ms what it was before round trips were known."""

FAR_JOBS = 24
"""Jobs of each length there."""

CROWD_SECONDS = 2.0
"""Seconds that the jobs take of which many are started at once."""

AT_ONCE = 12
"""Callers at a time; each has one job."""

_KEY = "a-key"
_ENDPOINT = "llama3_8b_chat"


@dataclass(frozen=True)
class NoticeRow:
    """Means over the jobs of one length, in seconds and polls."""

    length: float
    ours: float
    theirs: float
    our_polls: float
    their_polls: float

    @property
    def ratio(self) -> float:
        """Our delay for each second of theirs."""
        return self.ours / self.theirs


@dataclass(frozen=True)
class NoticeTable:
    """One pair of clients on one kind of hub."""

    title: str
    rows: tuple[NoticeRow, ...]

    @property
    def poll_ratio(self) -> float:
        """Our polls for each of theirs, over all lengths."""
        return sum(row.our_polls for row in self.rows) / sum(row.their_polls for row in self.rows)


@dataclass(frozen=True)
class NoticeResult:
    """Everything that was measured, a table for each pair of clients and kind of hub."""

    jobs: int
    tables: tuple[NoticeTable, ...]


@dataclass(frozen=True)
class _Turn:
    length: float
    seconds: float
    ours_first: bool


@dataclass(frozen=True)
class _Noticed:
    length: float
    ours: bool
    job_id: str
    at: float


def measure(jobs: int = 50, round_trip: float = 0.0, *, in_tasks: bool = True) -> NoticeResult:
    """Measure the delays and polls of both clients.

    Args:
        jobs: How many of each length, for each client.
        round_trip: Seconds to the hub and back.
        in_tasks: Whether the async clients are measured as well.
    """
    tables: list[NoticeTable] = []
    for silent in (True, False):
        kind = "the hub tells nothing" if silent else "the hub estimates the end"
        if round_trip:
            kind += f", {round_trip * 1e3:.0f} ms away"
        with hub_process(silent=silent) as (near, seen), far_away(near, round_trip) as (url, _):
            tables.append(_table(f"Aki, {kind}", _in_threads(url, jobs), seen))
            if in_tasks:
                noticed = asyncio.run(_in_tasks(url, jobs))
                tables.append(_table(f"AsyncAki, {kind}", noticed, seen))
    return NoticeResult(jobs, tuple(tables))


def goals() -> list[Measured]:
    """Measure, and return a row for each length and one for the polls."""
    rows: list[Measured] = []
    for found in measure().tables:
        against = f"the official client ({found.title})"
        rows += [
            Measured(
                f"delay after a job of {row.length:g} s",
                against,
                0.4 if row.length < 1 else 0.8,
                row.ratio,
                f"{row.ours * 1e3:.0f} ms, {row.theirs * 1e3:.0f} ms",
            )
            for row in found.rows
        ]
        ours = sum(row.our_polls for row in found.rows)
        theirs = sum(row.their_polls for row in found.rows)
        figures = f"{ours:.1f}, {theirs:.1f}"
        rows.append(
            Measured("polls, over the four lengths", against, 1.5, found.poll_ratio, figures)
        )
    return rows


def far_goals() -> list[Measured]:
    """Measure `Aki` at two distances, and return a row for each length and one for the polls."""
    rows: list[Measured] = []
    for round_trip, shares in FAR_GOALS.items():
        silent, estimating = measure(FAR_JOBS, round_trip, in_tasks=False).tables
        rows += far_rows(round_trip, shares, silent, estimating)
    return rows


def far_rows(
    round_trip: float, shares: tuple[float, ...], silent: NoticeTable, estimating: NoticeTable
) -> list[Measured]:
    """Return the rows of one distance."""
    bound = round_trip / 2 + 0.06
    rows: list[Measured] = []
    for found in (silent, estimating):
        client = f"the official client ({found.title})"
        for row, share in zip(found.rows, shares, strict=True):
            what = f"delay after a job of {row.length:g} s"
            figures = f"{row.ours * 1e3:.0f} ms, {row.theirs * 1e3:.0f} ms"
            if found is silent:
                rows.append(Measured(what, client, share, row.ratio, figures))
            else:
                against = f"half a round trip and 60 ms ({found.title})"
                rows.append(Measured(what, against, 1.0, row.ours / bound, figures))
        ours = sum(row.our_polls for row in found.rows)
        theirs = sum(row.their_polls for row in found.rows)
        figures = f"{ours:.1f}, {theirs:.1f}"
        rows.append(
            Measured("polls, over the four lengths", client, 1.5, found.poll_ratio, figures)
        )
    return rows


def crowds(round_trip: float) -> list[str]:
    """Start many jobs at once on one client, and return lines of Markdown: how late, how many polls and connections."""
    written = [
        f"Jobs of about {CROWD_SECONDS:g} s at once, {round_trip * 1e3:.0f} ms away, the hub estimates the end",
        "",
        "| jobs at once | client | delay | polls of each | connections |",
        "|--:|---|--:|--:|--:|",
    ]
    spread = NormalDist(CROWD_SECONDS, CROWD_SECONDS * JITTER)
    for count in (1, 100, 1_000):
        lengths = [spread.inv_cdf((index + 0.5) / count) for index in range(count)]
        for carry_out in (_crowd_in_threads, _crowd_in_tasks):
            with (
                hub_process(silent=False) as (near, seen),
                far_away(near, round_trip) as (url, connections),
            ):
                client, noticed = carry_out(url, lengths)
                known = [(at, seen(job_id)) for job_id, at in noticed]
                delay = fmean(at - its.ended_at for at, its in known)
                polls = fmean(its.polls for _, its in known)
                written.append(
                    f"| {count:,} | `{client}` | {delay * 1e3:.0f} ms | {polls:.1f} | {connections():,} |"
                )
    return [*written, ""]


def _crowd_in_threads(url: str, lengths: list[float]) -> tuple[str, list[tuple[str, float]]]:
    with Aki(_KEY, api_server=url) as aki, ThreadPoolExecutor(len(lengths)) as pool:

        def one(seconds: float) -> tuple[str, float]:
            job_id = aki.llama3_8b_chat(prompt_input=_prompt(seconds)).meta.job_id
            return job_id, time.time()

        return "Aki", list(pool.map(one, lengths))


def _crowd_in_tasks(url: str, lengths: list[float]) -> tuple[str, list[tuple[str, float]]]:
    async def all_of_them() -> list[tuple[str, float]]:
        async with AsyncAki(_KEY, api_server=url) as aki:

            async def one(seconds: float) -> tuple[str, float]:
                job_id = (await aki.llama3_8b_chat(prompt_input=_prompt(seconds))).meta.job_id
                return job_id, time.time()

            return list(await asyncio.gather(*map(one, lengths)))

    return "AsyncAki", asyncio.run(all_of_them())


def _turns(jobs: int) -> list[_Turn]:
    # Quantiles instead of draws, and no sharp ends: a range of lengths that happened to suit the beat
    # of one of the schedules would move its mean by a fifth.
    spread = NormalDist(1.0, JITTER)
    shares = [spread.inv_cdf((index + 0.5) / jobs) for index in range(jobs)]
    turns = [
        _Turn(length, length * share, ours_first=index % 2 == 0)
        for length in LENGTHS
        for index, share in enumerate(shares)
    ]
    random.Random(SEED).shuffle(turns)  # noqa: S311 - the order of jobs is no secret
    return turns


def _prompt(seconds: float) -> str:
    return f"[[dur={seconds:.4f} steps=1]]"


def _in_threads(url: str, jobs: int) -> list[_Noticed]:
    with Aki(_KEY, api_server=url) as aki, ThreadPoolExecutor(AT_ONCE) as pool:

        def ours(seconds: float) -> str:
            return aki.llama3_8b_chat(prompt_input=_prompt(seconds)).meta.job_id

        def theirs(seconds: float) -> str:
            official = aki_io.Aki(_ENDPOINT, _KEY, api_server=url)
            inputs = {"prompt_input": _prompt(seconds)}
            result = official.do_api_request(inputs, progress_callback=lambda *_: None)
            return str(result["job_id"])

        def take(turn: _Turn) -> list[_Noticed]:
            noticed: list[_Noticed] = []
            for is_ours in (turn.ours_first, not turn.ours_first):
                job_id = (ours if is_ours else theirs)(turn.seconds)
                noticed.append(_Noticed(turn.length, is_ours, job_id, time.time()))
            return noticed

        return [one for pair in pool.map(take, _turns(jobs)) for one in pair]


async def _in_tasks(url: str, jobs: int) -> list[_Noticed]:
    free = asyncio.Semaphore(AT_ONCE)
    async with AsyncAki(_KEY, api_server=url) as aki:

        async def ours(seconds: float) -> str:
            return (await aki.llama3_8b_chat(prompt_input=_prompt(seconds))).meta.job_id

        async def theirs(seconds: float) -> str:
            official = aki_io.Aki(_ENDPOINT, _KEY, api_server=url)
            inputs = {"prompt_input": _prompt(seconds)}
            result = await official.do_api_request_async(
                inputs, lambda *_: None, progress_callback=lambda *_: None
            )
            job_id = str(result["job_id"])
            noticed_at[job_id] = time.time()
            await official.close_session()
            return job_id

        noticed_at: dict[str, float] = {}

        async def take(turn: _Turn) -> list[_Noticed]:
            noticed: list[_Noticed] = []
            async with free:
                for is_ours in (turn.ours_first, not turn.ours_first):
                    job_id = await (ours if is_ours else theirs)(turn.seconds)
                    at = noticed_at.get(job_id) or time.time()
                    noticed.append(_Noticed(turn.length, is_ours, job_id, at))
            return noticed

        pairs = await asyncio.gather(*map(take, _turns(jobs)))
    return [one for pair in pairs for one in pair]


def _table(title: str, noticed: list[_Noticed], seen: Callable[[str], Seen]) -> NoticeTable:
    rows: list[NoticeRow] = []
    for length in LENGTHS:
        means: dict[bool, tuple[float, float]] = {}
        for is_ours in (True, False):
            some = [one for one in noticed if one.length == length and one.ours == is_ours]
            known = [seen(one.job_id) for one in some]
            delays = [one.at - its.ended_at for one, its in zip(some, known, strict=True)]
            means[is_ours] = fmean(delays), fmean(its.polls for its in known)
        (ours, our_polls), (theirs, their_polls) = means[True], means[False]
        rows.append(NoticeRow(length, ours, theirs, our_polls, their_polls))
    return NoticeTable(title, tuple(rows))


def lines(result: NoticeResult) -> list[str]:
    """Return the tables as lines of Markdown."""
    written: list[str] = []
    for table in result.tables:
        written += [
            f"{table.title}: mean of {result.jobs} jobs of each length",
            "",
            "| job | ours | aki_io | ratio | our polls | their polls |",
            "|---|---|---|---|---|---|",
            *(
                f"| {row.length} s | {row.ours * 1000:.0f} ms | {row.theirs * 1000:.0f} ms "
                f"| {row.ratio:.2f} | {row.our_polls:.1f} | {row.their_polls:.1f} |"
                for row in table.rows
            ),
            "",
            f"Polls over all lengths: {table.poll_ratio:.2f} times theirs.",
            "",
        ]
    return written


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jobs", type=int, default=50, help="jobs of each length (50)")
    parser.add_argument("--round-trip", type=float, default=0.0, help="seconds to the hub and back")
    parser.add_argument("--crowds", action="store_true", help="1, 100 and 1,000 jobs at once")
    given = parser.parse_args()
    found = (
        crowds(given.round_trip) if given.crowds else lines(measure(given.jobs, given.round_trip))
    )
    print("\n".join(found))


if __name__ == "__main__":
    main()
