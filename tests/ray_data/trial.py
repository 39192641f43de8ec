"""A dataset against a hub that fails and a node that is killed: carried out, and every promise looked at.

`python tests/ray_data/trial.py ROWS` prints the figures as JSON. The hub is a process of its own, so that it
outlives the node; each row's number stands in its prompt, so that the hub's jobs can be counted per row.
"""

import json
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # Instead of this folder, whose names are no modules of their own.
    sys.path[0] = str(Path(__file__).parents[1])

# Reads what Ray has to know before it is imported.
from ray_data.cluster import TwoNodes
from ray_data.hub import HubProcess
from support.patience import until

KEY = "sk-a-secret-key-4711"
ENDPOINT = "llama3_8b_chat"
COLUMNS = {
    "id": "int64",
    "question": "string",
    "aki_outcome": "string",
    "aki_outputs": "string",
    "aki_error_type": "string",
    "aki_error": "string",
    "aki_job_id": "string",
    "answer": "string",
    "tokens": "int64",
}
_FILES = 4
_BLOCK = 40
_LEASE = 6.0


@dataclass(frozen=True)
class Figures:
    """What came of it.

    Attributes:
        rows: Rows of the input.
        requests: Requests that reached the hub.
        faults: Requests that were made to fail.
        killed: Processes of the node that was killed, at once, with SIGKILL.
        jobs_before: Jobs that the hub had made by then.
        workers: Workers that have noted something.
        done: Rows with a result.
        failed: Rows that ended without one, by the name of the error.
        uncertain: Rows that were named uncertain.
        jobs: Jobs that the hub made.
        lost: Rows without exactly one outcome, and done rows whose output is not their own.
        twice: Rows that became several jobs without having been named uncertain, or are done without any.
        odd_columns: Columns of the output that are not of their name and type.
        key_shown: Whether the key stands in anything that Ray or the journal has written.
        seconds: How long all of it took, the start of the cluster aside.
        done_in_the_end: Rows with a result after further runs with retry_failed and resubmit_uncertain.
        rounds: How many further runs there were.
    """

    rows: int
    requests: int
    faults: int
    killed: int
    jobs_before: int
    workers: int
    done: int
    failed: dict[str, int]
    uncertain: int
    jobs: int
    lost: list[int]
    twice: list[int]
    odd_columns: list[str]
    key_shown: bool
    seconds: float
    done_in_the_end: int
    rounds: int


def carry_out(rows: int, folder: Path, rate: float = 0.02) -> Figures:
    """Carry a trial out in an empty folder."""
    import pyarrow.parquet as pq
    from aki_client.batch import Journal
    from aki_client.ray import CallOptions, RowJournal, call_endpoint
    from ray import data

    write_input(folder / "in", rows)
    journal_path = folder / "rows.journal"
    with HubProcess(rate) as hub:
        os.environ.update(AKI_API_KEY=KEY, AKI_API_SERVER=hub.url)
        with TwoNodes() as cluster:
            journal = RowJournal.start(journal_path, lease=_LEASE)
            killer = _Killer(cluster, hub, after=rows * 2 // 5)

            def run(output: Path, **decided: bool) -> list[dict[str, Any]]:
                options = CallOptions(
                    endpoint=ENDPOINT,
                    journal=journal,
                    row_id="id",
                    columns={"question": "prompt_input"},
                    fields={"text": "answer", "num_generated_tokens": "tokens"},
                    **decided,
                )
                questions = data.read_parquet(str(folder / "in"))
                blocks = questions.repartition(target_num_rows_per_block=_BLOCK)
                answers = call_endpoint(blocks, options, batch_size=_BLOCK)
                answers.write_parquet(str(output))
                return pq.read_table(output).to_pylist()

            began = time.monotonic()
            killer.start()
            outcomes = run(folder / "out")
            killer.join()
            seconds = time.monotonic() - began
            told = hub.told()
            rounds, in_the_end = 0, outcomes
            while rounds < 8 and any(o["aki_outcome"] != "done" for o in in_the_end):
                rounds += 1
                again = {"retry_failed": True, "resubmit_uncertain": True}
                in_the_end = run(folder / f"out-{rounds}", **again)
            journal.stop()
            logs = cluster.logs()
        with Journal.open(journal_path) as book:
            workers = {entry.owner.rpartition("/")[0] for entry in book.entries()}
            logs += "".join(map(repr, book.entries()))
    jobs = Counter({_number(prompt): count for prompt, count in told["jobs"].items()})
    return Figures(
        rows=rows,
        requests=told["requests"],
        faults=told["faults"],
        killed=killer.killed,
        jobs_before=killer.jobs_before,
        workers=len(workers),
        done=sum(o["aki_outcome"] == "done" for o in outcomes),
        failed=dict(Counter(o["aki_error_type"] for o in outcomes if o["aki_outcome"] == "failed")),
        uncertain=sum(o["aki_outcome"] == "uncertain" for o in outcomes),
        jobs=jobs.total(),
        lost=lost(outcomes, rows),
        twice=twice(outcomes, jobs),
        odd_columns=odd_columns(folder / "out"),
        key_shown=KEY in logs,
        seconds=seconds,
        done_in_the_end=sum(o["aki_outcome"] == "done" for o in in_the_end),
        rounds=rounds,
    )


def broken(figures: Figures) -> list[str]:
    """Return the promises that were not kept."""
    promises = {
        "every row has exactly one outcome": not figures.lost,
        "one job for each row that is not uncertain": not figures.twice,
        "the output has its columns": not figures.odd_columns,
        "the key is in no log": not figures.key_shown,
        "all rows have an outcome in the table": figures.done
        + sum(figures.failed.values())
        + figures.uncertain
        == figures.rows,
        "a node was killed in the middle, and its rows were taken over": figures.killed > 1
        and figures.workers > 2,
    }
    return [promise for promise, is_kept in promises.items() if not is_kept]


def write_input(folder: Path, rows: int) -> None:
    """Write the questions into a few files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir()
    numbers = list(range(1, rows + 1))
    for file in range(_FILES):
        mine = numbers[file::_FILES]
        questions = [f"[[dur=0.3 steps=2]] row {number};" for number in mine]
        pq.write_table(pa.table({"id": mine, "question": questions}), folder / f"{file}.parquet")


def lost(outcomes: list[dict[str, Any]], rows: int) -> list[int]:
    """Return the rows that have not exactly one outcome, or another one's."""
    counts = Counter(outcome["id"] for outcome in outcomes)
    wrong = {number for number in {*counts, *range(1, rows + 1)} if counts[number] != 1}
    wrong |= set(counts) - set(range(1, rows + 1))
    for outcome in outcomes:
        number = outcome["id"]
        if outcome["aki_outcome"] == "done":
            is_own = f"row {number};" in outcome["answer"] and outcome["tokens"] > 0
            is_own = is_own and json.loads(outcome["aki_outputs"])["text"] == outcome["answer"]
        else:
            is_own = outcome["aki_outcome"] in ("failed", "uncertain") and outcome["aki_error"]
        if not is_own or f"row {number};" not in outcome["question"]:
            wrong.add(number)
    return sorted(wrong)


def twice(outcomes: list[dict[str, Any]], jobs: Counter[int]) -> list[int]:
    """Return the rows that have several jobs without being uncertain, or are done without any."""
    uncertain = {o["id"] for o in outcomes if o["aki_outcome"] == "uncertain"}
    done = {o["id"] for o in outcomes if o["aki_outcome"] == "done"}
    many = {row for row, count in jobs.items() if count > 1} - uncertain
    return sorted(many | (done - set(jobs)))


def odd_columns(folder: Path) -> list[str]:
    """Return what is unlike the promised columns in any file of the output."""
    import pyarrow.parquet as pq

    odd: set[str] = set()
    for path in folder.glob("*.parquet"):
        schema = {field.name: str(field.type) for field in pq.read_schema(path)}
        odd |= {f"{name}: {kind}" for name, kind in schema.items() ^ COLUMNS.items()}
    return sorted(odd)


def _number(prompt: str) -> int:
    return int(prompt.rpartition("row ")[2].removesuffix(";"))


class _Killer(threading.Thread):
    """Kills the second node once the hub has made so many jobs."""

    def __init__(self, cluster: TwoNodes, hub: HubProcess, after: int) -> None:
        super().__init__(daemon=True)
        self._cluster = cluster
        self._hub = hub
        self._after = after
        self.killed = 0
        self.jobs_before = 0

    def run(self) -> None:
        until(lambda: self._hub.told()["submitted"] >= self._after, "jobs are made", 600)
        self.jobs_before = self._hub.told()["submitted"]
        self.killed = self._cluster.kill_second_node()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="aki-ray-") as scratch:
        found = carry_out(int(sys.argv[1]), Path(scratch))
    print(json.dumps({**asdict(found), "broken": broken(found)}))
