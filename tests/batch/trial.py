"""A batch against a hub that fails and a process that is killed: carried out, and every promise looked at.

Owns the hub, the process and the counting. The client is the real command in a process of its own, so that killing
it leaves the hub as it is; each row's number stands in its prompt, so that the hub's jobs can be counted per row.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from aki_cli.exits import Exit
from aki_runtime.store.budget import Budget, Reservation
from aki_runtime.usage import Prices
from aki_sandbox.faults.effects import Cut, QueueFull, Reset, Status
from aki_sandbox.faults.plan import FaultPlan
from aki_sandbox.hub.billing import Bill
from aki_sandbox.hub.jobs import SandboxJob
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings

ENDPOINT = "llama3_8b_chat"
KEY = "trial-key"
PATIENCE = 1800.0
PRICES = """
format = 1
currency = "EUR"
[[endpoint.llama3_8b_chat]]
valid_from = 2026-01-01
input_per_million = 1.00
cached_per_million = 0.25
output_per_million = 3.50
"""
"""What the sandbox's tariff says."""
BUDGET = 100
"""More than all rows can cost, with what stays reserved."""
MORE_ROWS = 5
"""For how many rows at most there is room in the budget of the run that its budget stops."""
DAMAGES = ("emptied", "cut", "removed")
"""What becomes of the journal between two kills, before it is put back."""


@dataclass(frozen=True)
class Trial:
    """What is to be endured.

    Attributes:
        rows: How many rows there are.
        kills: How often the process is killed with SIGKILL.
        rate: Which part of all requests fails, before some of them meet the same request.
        seed: Decides which requests fail, and when the process is killed.
    """

    rows: int
    kills: int
    rate: float = 0.0225
    seed: int = 1


@dataclass(frozen=True)
class Figures:
    """What came of it.

    Attributes:
        rows: Rows of the input.
        requests: Requests that reached the hub.
        faults: Requests that were made to fail.
        kills: How often the process was killed.
        damages: How often the journal was emptied, cut or removed between two kills.
        unnoticed: The damages after which a run sent anything, or did not name what to do.
        done: Rows with a result.
        failed: Rows that ended without one, by the name of the error.
        uncertain: Rows that were named uncertain.
        jobs: Jobs that the hub ran.
        billed: What the hub bills for all of them.
        costs: What the outcomes of the rows that are done say that they cost.
        named: What the hub bills for jobs of rows that are named failed or uncertain.
        ledger: What the ledger of the budget says of the same jobs.
        stopped: What the run did that had a budget for a few rows more only, where that was wrong.
        lost: Rows without exactly one outcome, and done rows whose output is not their own.
        twice: Rows that became several jobs without having been named uncertain.
        seconds: How long all of it took.
        rounds: Runs with --retry-failed and --resubmit-uncertain until every row was done.
        done_in_the_end: Rows with a result after these.
    """

    rows: int
    requests: int
    faults: int
    kills: int
    damages: int
    unnoticed: list[str]
    done: int
    failed: dict[str, int]
    uncertain: int
    jobs: int
    billed: Decimal
    costs: Decimal
    named: Decimal
    ledger: "Ledger"
    stopped: str
    lost: list[int]
    twice: list[int]
    seconds: float
    rounds: int
    done_in_the_end: int


@dataclass(frozen=True)
class Ledger:
    """What the ledger of the budget says, beside the hub's bill.

    Attributes:
        settled: What it counts as spent.
        billed: What the hub bills for the jobs that were settled: those of rows that are done, and those whose result
            was lost by a kill after it was counted.
        reserved: What stays reserved for calls whose cost nobody knows.
        rest: What the hub bills for all other jobs.
        calls: The calls for which something stays reserved.
        other_jobs: The hub's other jobs.
    """

    settled: Decimal
    billed: Decimal
    reserved: Decimal
    rest: Decimal
    calls: int
    other_jobs: int

    @property
    def is_right(self) -> bool:
        """Whether what is settled is what is billed, exactly, and what is reserved is no less than the rest."""
        covers = self.reserved >= self.rest and self.calls >= self.other_jobs
        return self.settled == self.billed and covers and self.settled + self.reserved <= BUDGET


def carry_out(trial: Trial, folder: Path) -> Figures:
    """Carry a trial out in an empty folder."""
    source, output = folder / "rows.jsonl", folder / "out.jsonl"
    with source.open("w") as file:
        for number in range(1, trial.rows + 1):
            prompt = f"[[dur=0.05 steps=1]] row {number};"
            row = {"prompt_input": prompt, "max_gen_tokens": 100, "id": number}
            file.write(json.dumps(row) + "\n")
    settings = HubSettings(worker_slots=64, max_queue_length=48, forget_after=1e6)
    with SandboxServer(settings=settings, faults=_faults(trial)) as server:
        began = time.monotonic()
        prices = folder / "prices.toml"
        prices.write_text(PRICES)
        runner = _Runner(server, source, output, prices)
        chance = random.Random(trial.seed)  # noqa: S311 - the same moments in each run
        moments = sorted(chance.sample(range(trial.rows // 20, trial.rows * 9 // 10), trial.kills))
        killed, stopped, noticed = 0, "", list[tuple[str, bool]]()
        for moment in moments:
            killed += runner.kill_after(moment, chance.random() * 0.3)
            if moment == moments[0]:
                stopped = runner.stops_at_its_budget()
            if moment != moments[-1]:
                noticed += [(damage, runner.notices(damage)) for damage in DAMAGES]
        status = runner.finish()
        seconds = time.monotonic() - began
        assert status in (Exit.OK, Exit.INCOMPLETE), output.with_suffix(".log").read_text()[-2000:]
        outcomes = read(output)
        jobs = jobs_per_row(server)
        billed, named = bills(server, outcomes)
        ledger = runner.ledger(outcomes)
        requests, hits = server.hub.request_count, _hits(server)
        rounds = 0
        while status == Exit.INCOMPLETE and rounds < 20:
            rounds += 1
            status = runner.finish("--retry-failed", "--resubmit-uncertain")
        in_the_end = read(output)
        assert runner.ledger([*outcomes, *in_the_end]).is_right
    return Figures(
        rows=trial.rows,
        requests=requests,
        faults=hits,
        kills=killed,
        damages=len(noticed),
        unnoticed=[damage for damage, is_noticed in noticed if not is_noticed],
        done=sum(o["status"] == "done" for o in outcomes),
        failed=dict(Counter(o["error"]["type"] for o in outcomes if o["status"] == "failed")),
        uncertain=sum(o["status"] == "uncertain" for o in outcomes),
        jobs=jobs.total(),
        billed=billed,
        costs=sum((Decimal(o["cost"]) for o in outcomes if o["status"] == "done"), Decimal()),
        named=named,
        ledger=ledger,
        stopped=stopped,
        lost=lost(outcomes, trial.rows),
        twice=twice(outcomes, jobs),
        seconds=seconds,
        rounds=rounds,
        done_in_the_end=sum(o["status"] == "done" for o in in_the_end),
    )


def read(output: Path) -> list[dict]:
    """Return the outcomes, each line of which has to be JSON."""
    return [json.loads(line) for line in output.read_text("utf-8").splitlines()]


def lost(outcomes: list[dict], rows: int) -> list[int]:
    """Return the rows that have not exactly one outcome, in the input's place, with their own output."""
    places = [outcome["row"] for outcome in outcomes]
    counts = Counter(places)
    wrong = {number for number in range(1, rows + 1) if counts[number] != 1}
    wrong |= set(places) - set(range(1, rows + 1))
    if places != sorted(places):
        wrong |= set(places)
    for outcome in outcomes:
        is_own = outcome["input"]["id"] == outcome["row"]
        if outcome["status"] == "done":
            is_own = is_own and f"row {outcome['row']};" in outcome["outputs"]["text"]
        else:
            is_own = is_own and bool(outcome["error"]["message"])
        if not is_own:
            wrong.add(outcome["row"])
    return sorted(wrong)


def twice(outcomes: list[dict], jobs: Counter[int]) -> list[int]:
    """Return the rows that have several jobs without being uncertain, or are done without any."""
    uncertain = {o["row"] for o in outcomes if o["status"] == "uncertain"}
    done = {o["row"] for o in outcomes if o["status"] == "done"}
    many = {row for row, count in jobs.items() if count > 1} - uncertain
    return sorted(many | (done - set(jobs)))


def jobs_per_row(server: SandboxServer) -> Counter[int]:
    """Count the hub's jobs by the row that stands in their prompts."""
    return Counter(map(row_of, server.hub.jobs))


def row_of(job: SandboxJob) -> int:
    """Return the row that stands in a job's prompt."""
    return int(job.work.prompt.removeprefix("row ").removesuffix(";"))


def bills(server: SandboxServer, outcomes: list[dict]) -> tuple[Decimal, Decimal]:
    """Return the hub's bill for all jobs, and for those of rows whose cost the client calls unknown."""
    unknown = {o["row"] for o in outcomes if o["status"] != "done"}
    named = [job for job in server.hub.jobs if row_of(job) in unknown]
    return Decimal(server.hub.bill(KEY).body["amount"]), bill_of(server, named)


def bill_of(server: SandboxServer, jobs: Iterable[SandboxJob]) -> Decimal:
    """Return the hub's bill for some of its jobs."""
    bill = Bill(server.hub.settings)
    for job in jobs:
        bill.add(job)
    return Decimal(bill.of(KEY)["amount"])


def _faults(trial: Trial) -> FaultPlan:
    plan, part = FaultPlan(), trial.rate / 5
    effects = [Reset(), Reset(reached=True), Status(503), Cut()]
    for number, effect in enumerate(effects):
        plan.add_random(effect, rate=part, seed=trial.seed * 10 + number)
    # About half of all requests are submits.
    plan.add_random(QueueFull(), on="submit", rate=part * 2, seed=trial.seed * 10 + 9)
    return plan


def _hits(server: SandboxServer) -> int:
    return sum(rule.hits for rule in server.faults._faults)


class _Runner:
    """The command as a process, as often as it is needed."""

    def __init__(self, server: SandboxServer, source: Path, output: Path, prices: Path) -> None:
        self._server, self._prices = server, Prices.load(prices)
        self._ledger = output.with_name(f"{output.name}.ledger")
        self._journal = output.with_name(f"{output.name}.journal")
        self._log = output.with_suffix(".log")
        self._arguments = [
            *(sys.executable, "-m", "aki_cli", "--server", server.url, "--prices", str(prices)),
            *("batch", ENDPOINT, str(source), "-o", str(output), "--keep", "id"),
            *("--budget", str(BUDGET)),
        ]

    def kill_after(self, jobs: int, later: float) -> bool:
        """Start it, and kill it a moment after the hub has made so many jobs; false where it ended before."""
        process = self._start()
        until = time.monotonic() + PATIENCE
        while self._server.hub.jobs_submitted < jobs and process.poll() is None:
            assert time.monotonic() < until, self._log.read_text()
            time.sleep(0.005)
        time.sleep(later)
        process.send_signal(signal.SIGKILL)
        return process.wait() == -signal.SIGKILL

    def notices(self, damage: str) -> bool:
        """Damage the journal and run: whether nothing is sent and what to do is named. Then put it back."""
        time.sleep(0.5)  # what the killed process has sent has arrived
        files = list(self._journal.parent.glob(f"{self._journal.name}*"))
        for path in files:
            shutil.copy2(path, path.with_name(f"copy of {path.name}"))
            if path != self._journal:
                path.unlink()
        match damage:
            case "emptied":
                os.truncate(self._journal, 0)
            case "cut":
                os.truncate(self._journal, self._journal.stat().st_size // 2)
            case _:
                self._journal.unlink()
        before, said = self._server.hub.request_count, self._log.stat().st_size
        status = self.finish()
        sentence = self._log.read_text("utf-8")[said:]
        for path in files:
            path.with_name(f"copy of {path.name}").replace(path)
        is_named = f"{self._journal}" in sentence and "put" in sentence
        return status == Exit.FAILED and self._server.hub.request_count == before and is_named

    def stops_at_its_budget(self) -> str:
        """Run with a budget for a few rows more: the wrong it does, which should be nothing."""
        time.sleep(0.5)  # what the killed process has sent has arrived
        budget, made = Budget(BUDGET, ledger=self._ledger), self._server.hub.jobs_submitted
        worst = max(call.reserved for call in budget.open_calls())
        # The jobs that were left are settled, which gives room for many rows.
        self.finish("--budget", "0")
        sends_nothing = self._server.hub.jobs_submitted == made
        before = self._log.stat().st_size
        tight = Budget(budget.spent + budget.reserved + MORE_ROWS * worst, ledger=self._ledger)
        status = self.finish("--budget", f"{tight.amount:f}")
        wrong = {
            f"it ended with {status}": status != Exit.INCOMPLETE,
            "it did not say why": "of the budget of" not in self._log.read_text("utf-8")[before:],
            "a row was sent with a budget of 0": not sends_nothing,
            "no row was sent": self._server.hub.jobs_submitted == made,
            "it went beyond its budget": tight.left < 0,
            "it left room for a row": tight.left >= worst,
            "the bill is beyond its budget": self._bill() > tight.amount,
        }
        return ", ".join(what for what, is_so in wrong.items() if is_so)

    def ledger(self, outcomes: list[dict]) -> Ledger:
        """Hold the ledger against the hub's bill, with the outcomes of all runs."""
        budget = Budget(BUDGET, ledger=self._ledger)
        url, known = self._server.url, {outcome.get("job_id") for outcome in outcomes}
        ((*open_jobs,),) = zip(*budget._file.read("SELECT job FROM calls"), strict=True)
        settled, others = list[SandboxJob](), list[SandboxJob]()
        for job in self._server.hub.jobs:
            digest = Reservation(budget, self._prices, ENDPOINT, url, job_id=job.id)._job
            (settled if job.id in known and digest not in open_jobs else others).append(job)
        return Ledger(
            settled=budget.spent,
            billed=bill_of(self._server, settled),
            reserved=budget.reserved,
            rest=bill_of(self._server, others),
            calls=len(open_jobs),
            other_jobs=len(others),
        )

    def _bill(self) -> Decimal:
        return Decimal(self._server.hub.bill(KEY).body["amount"])

    def finish(self, *options: str) -> int:
        """Start it, wait for its end and return its status."""
        return self._start(*options).wait(PATIENCE)

    def _start(self, *options: str) -> "subprocess.Popen[bytes]":
        environment = {**os.environ, "AKI_API_KEY": KEY}
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [*self._arguments, *options], stdout=log, stderr=log, env=environment
            )
