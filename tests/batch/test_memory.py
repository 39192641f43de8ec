"""Memory that does not grow with the rows, and imports that nobody pays for who has no batch."""

import json
import subprocess
import sys

import pytest

MEASURE = """
import resource, sys
from aki_client import batch
count = batch.check("llama3_8b_chat", sys.argv[1], client=__import__("aki_client").AsyncAki("k", api_server="http://127.0.0.1:1"))
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
FINISHED = """
import resource, sys, json
from aki_client import AsyncAki, batch
source, output = sys.argv[1:]
client = AsyncAki("k", api_server="http://127.0.0.1:1")
from aki_runtime.batch.api import prepared
import asyncio
async def note_all():
    async with prepared("llama3_8b_chat", source, batch.Settings(client=client)) as ready:
        journal, count = await ready.open_journal(__import__("pathlib").Path(output + ".journal"))
        with journal, journal.together():
            for n in range(1, count + 1):
                journal.begin(str(n), place=n)
                journal.note_outcome(str(n), batch.RowState.DONE, {"outputs": {"text": "x" * 100}})
asyncio.run(note_all())
summary = batch.run("llama3_8b_chat", source, output, client=client)
print(summary.done, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def measure(code, *arguments):
    """Return how many rows there were and how much memory was needed, in MB."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    count, kilobytes = done.stdout.split()
    return int(count), int(kilobytes) / 1024


def rows_in(path, count):
    with path.open("w") as file:
        for number in range(count):
            file.write(json.dumps({"prompt_input": f"row {number}"}) + "\n")
    return path


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux counts it")
def test_checking_a_million_rows_takes_no_more_memory_than_a_thousand(tmp_path):
    few, some = measure(MEASURE, rows_in(tmp_path / "few.jsonl", 1000))
    many, more = measure(MEASURE, rows_in(tmp_path / "many.jsonl", 1_000_000))
    assert (few, many) == (1000, 1_000_000)
    assert more < some + 10


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux counts it")
def test_going_on_after_a_hundred_thousand_rows_takes_little_more_memory_than_after_few(tmp_path):
    few, some = measure(FINISHED, rows_in(tmp_path / "few.jsonl", 1000), tmp_path / "few.out.jsonl")
    many, more = measure(
        FINISHED, rows_in(tmp_path / "many.jsonl", 100_000), tmp_path / "many.out.jsonl"
    )
    assert (few, many) == (1000, 100_000)
    # SQLite's own cache is a few MB at most.
    assert more < some + 15


def test_importing_the_client_imports_nothing_of_a_batch():
    code = "import sys, aki_client.client; print([m for m in sys.modules if 'runtime.batch' in m or m == 'sqlite3'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_batches_imports_no_extra():
    code = "import sys, aki_client.batch; print({'pyarrow', 'typer'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
