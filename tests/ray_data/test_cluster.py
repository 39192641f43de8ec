"""Datasets on a real Ray cluster of two nodes: the documented recipe, a journal that dies, a node that is killed."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

if not importlib.util.find_spec("ray"):
    pytest.skip("Ray is not installed: make full", allow_module_level=True)

import pyarrow as pa
import pyarrow.parquet as pq
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs" / "ray.md"
KEY = "sk-a-secret-key-4711"

pytestmark = pytest.mark.slow


class Cluster:
    """Runs programs as drivers of a cluster, which is a process of its own: what Ray leaves behind ends with it."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        path = os.pathsep.join([str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._environment = {**os.environ, **environment, "PYTHONPATH": path}
        self._log = (folder / "cluster.log").open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ray_data.cluster"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=self._environment,
        )
        told = self._process.stdout.readline()
        assert told, (folder / "cluster.log").read_text()
        self._environment["RAY_ADDRESS"] = json.loads(told)["address"]

    def run(self, program: str, folder: Path) -> str:
        """Run a program in a folder and return what it prints; its errors are the test's."""
        begin = "import ray; ray.init(log_to_driver=False)\n"
        run = subprocess.run(
            [sys.executable, "-c", begin + program.replace("ray.init()", "")],
            cwd=folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    def close(self) -> None:
        """End the cluster."""
        self._process.communicate(timeout=60)
        self._log.close()


@pytest.fixture(scope="module")
def hub():
    with SandboxServer(settings=HubSettings(worker_slots=64)) as server:
        yield server


@pytest.fixture(scope="module")
def cluster(hub, tmp_path_factory):
    environment = {"AKI_API_KEY": KEY, "AKI_API_SERVER": hub.url}
    cluster = Cluster(tmp_path_factory.mktemp("cluster"), environment)
    yield cluster
    cluster.close()


@pytest.fixture
def folder(tmp_path):
    """A folder with questions."""
    (tmp_path / "questions").mkdir()
    questions = {"id": list(range(60)), "question": [f"row {n};" for n in range(60)]}
    pq.write_table(pa.table(questions), tmp_path / "questions" / "1.parquet")
    return tmp_path


def prompts(hub, word):
    """Return the prompts of the jobs in which a word stands."""
    return sorted(job.work.prompt for job in hub.hub.jobs if word in job.work.prompt)


def test_the_recipe_of_the_page_goes_from_parquet_to_parquet_once(cluster, hub, folder):
    (recipe,) = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    # The questions are those of the test, in a folder of its own.
    recipe, found = re.subn(
        r"data = .*?\n(?=\njournal)", f"data = {str(folder)!r}\n", recipe, flags=re.DOTALL
    )
    assert found == 1
    first = cluster.run(recipe, folder)
    assert "'done': 60" in first
    rows = pq.read_table(folder / "answers").to_pylist()
    assert sorted(row["id"] for row in rows) == list(range(60))
    assert all(f"row {row['id']};" in row["answer"] for row in rows)
    assert len(prompts(hub, "row")) == 60

    cluster.run(recipe, folder)
    again = pq.read_table(folder / "answers").to_pylist()
    assert sorted(again, key=lambda row: row["id"]) == sorted(rows, key=lambda row: row["id"])
    assert len(prompts(hub, "row")) == 60


PROGRAM = """
import threading, time
from aki_client.ray import CallOptions, EndpointCaller, RowJournal
journal = RowJournal.start("rows.journal", name=NAME, lease=5)
options = CallOptions(
    endpoint="llama3_8b_chat", journal=journal, row_id="id", columns={"question": "prompt_input"},
    constants={"top_k": 7}, **MORE)
rows = ray.data.from_items([
    {"id": n, "question": f"[[dur=0.5 steps=2]] {NAME} {n};"} for n in range(40)])
def run():
    return rows.map_batches(
        EndpointCaller, fn_constructor_args=(options,), batch_format="pyarrow", batch_size=40,
        compute=ray.data.ActorPoolStrategy(size=1), num_cpus=0.25).take_all()
"""


def test_a_journal_whose_process_is_killed_in_the_middle_comes_back(cluster, hub, folder):
    program = """
def kill():
    while journal.counts()["submitted"] < 4:
        time.sleep(0.05)
    ray.kill(ray.get_actor(NAME, namespace="aki"), no_restart=False)
killer = threading.Thread(target=kill)
killer.start()
outcomes = run()
killer.join()
print("rows done:", [row["aki_outcome"] for row in outcomes].count("done"))
print(journal.counts())
journal.stop()
"""
    told = cluster.run("NAME, MORE = 'killed', {}\n" + PROGRAM + program, folder)
    assert "rows done: 40\n" in told
    assert "'done': 40" in told
    assert len(prompts(hub, "killed")) == len(set(prompts(hub, "killed"))) == 40


def test_a_refused_key_ends_the_dataset_with_a_sentence_and_without_the_key(cluster, hub, folder):
    (folder / "key").write_text("bad-key")
    program = """
try:
    run()
except Exception as error:
    print(error)
print(journal.counts())
"""
    head = f"NAME, MORE = 'refused', {{'key_file': {str(folder / 'key')!r}}}\n"
    told = cluster.run(head + PROGRAM + program, folder)
    assert "AuthenticationError" in told
    assert "bad-key" not in told
    assert "'submitting': 0, 'submitted': 0, 'done': 0" in told
    assert not prompts(hub, "refused")


def test_a_name_stands_for_one_journal(cluster, folder):
    program = """
from aki_client import ConfigurationError
from aki_client.batch import JournalError
from aki_client.ray import RowJournal
journal = RowJournal.start("one.journal", name="one", lease=9)
print("the same:", RowJournal.find("one") == journal)
for act in (
    lambda: RowJournal.start("other.journal", name="one", lease=9),
    lambda: RowJournal.find("none"),
    lambda: RowJournal.start("questions", name="folder"),
):
    try:
        act()
    except (ConfigurationError, JournalError) as error:
        print(f"{type(error).__name__}: {error}")
"""
    told = cluster.run(program, folder)
    assert "the same: True\n" in told
    assert re.search(r"ConfigurationError: the journal 'one' .*one\.journal.*another name", told)
    assert "JournalError: there is no journal 'none' in the cluster" in told
    assert re.search(r"Journal\w*Error: the journal .*questions cannot be", told)


def test_two_journals_do_not_write_into_one_folder(cluster, folder):
    program = """
import pyarrow as pa
from aki_client.batch import OutputError
from aki_client.ray import CallOptions, EndpointCaller, RowJournal
rows = pa.table({"id": [1], "prompt": ["a hill"], "width": [128], "height": [128]})
def caller(name):
    journal = RowJournal.start(f"{name}.journal", name=name, lease=9)
    return EndpointCaller(CallOptions(endpoint="z_image_turbo", journal=journal, row_id="id", media="media"))
print(caller("hills")(rows)["aki_outcome"])
print("again:", caller("hills")(rows)["aki_outcome"])
try:
    caller("dales")
except OutputError as error:
    print("refused:", error)
"""
    told = cluster.run(program, folder)
    assert "again:" in told
    assert re.search(r"refused: .*media is there, and .*dales\.journal does not say", told)
    assert len(list((folder / "media").iterdir())) == 1


def test_every_row_has_one_outcome_and_one_job_when_a_node_is_killed():
    run = subprocess.run(
        [sys.executable, str(HERE / "trial.py"), "160"], capture_output=True, text=True, timeout=900
    )
    assert run.returncode == 0, run.stderr
    figures = json.loads(run.stdout.splitlines()[-1])
    assert figures.pop("broken") == []
    assert figures["done_in_the_end"] == 160
