"""`aki batch` as people run it: in a process of its own, stopped and killed."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
from batch.rows import CHAT, write

pytest.importorskip("typer", reason="typer is not installed")
pytestmark = pytest.mark.slow

KEY = "sk-secret-4711"


@pytest.fixture
def source(folder):
    rows = [{"prompt_input": f"[[dur={0.02 if n == 1 else 2}]] row {n};"} for n in range(1, 41)]
    return write(folder / "rows.jsonl", rows[:1] * 6 + rows)


@pytest.fixture
def start(hub):
    """Start the command."""
    started = []

    def start_command(*words, environment=None):
        process = subprocess.Popen(
            [sys.executable, "-m", "aki_cli", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "AKI_API_KEY": KEY, **(environment or {})},
        )
        started.append(process)
        return process

    yield start_command
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def run(start):
    """Run the command to its end, and see that it never shows the key."""

    def run_command(*words, **options):
        process = start(*words, **options)
        out, err = process.communicate(timeout=120)
        assert KEY not in out + err
        return process.returncode, out, err

    return run_command


def until(condition, process):
    while not condition():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def short(folder, count=3):
    path = folder / "short.csv"
    path.write_text("prompt_input,n\n" + "".join(f"row {n};,{n}\n" for n in range(count)))
    return path


def test_all_done_is_status_0_and_told(run, folder, output, read):
    status, out, err = run("batch", CHAT, short(folder), "-o", output, "--keep", "n")
    assert (status, err) == (0, "")
    assert re.match(r"3 rows: 3 done; \d+\.\d s, \d+ tokens, 0\.1 s of computing\noutcomes: ", out)
    assert [o["input"] for o in read()] == [{"n": "0"}, {"n": "1"}, {"n": "2"}]


def test_some_failed_is_status_3_and_what_to_do_is_told(run, folder, output):
    (folder / "rows.csv").write_text("prompt_input\n[[error=out_of_memory]]\nhello\n")
    status, out, _ = run("batch", CHAT, folder / "rows.csv", "-o", output)
    assert status == 3
    assert out.startswith("2 rows: 1 done, 1 failed; ")
    assert "--retry-failed sends the failed rows again" in out


def test_faulty_rows_are_status_2(run, folder, output):
    (folder / "rows.csv").write_text("prompt_input,top_k\nhello,9000\n")
    status, out, err = run("batch", CHAT, folder / "rows.csv", "-o", output)
    assert (status, out) == (2, "")
    assert err == (
        "aki: rows.csv has one fault; nothing was sent:\n"
        "  - line 2: top_k=9000 is out of range 0–1000 (nearest allowed: 1000)\n"
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--map", "prompt_input"], "--map takes COLUMN=PARAMETER, not 'prompt_input'"),
        (["--set", "=5"], "--set takes PARAMETER=VALUE, not '=5'"),
        (["--map", "n=top"], "--map: unknown parameter 'top' of"),
        (["--set", "top_q=5"], "did you mean top_p?"),
        (["--set", "chat_context=["], "--set chat_context must be JSON"),
        (["--concurrency", "many"], "'many' is not a valid int"),
        (["--concurrency", "101"], "101 is not in the range 1<=x<=100"),
    ],
)
def test_a_wrong_option_is_status_2(run, folder, output, words, told):
    status, _, err = run("batch", CHAT, short(folder), "-o", output, "--keep", "n", *words)
    assert status == 2
    assert told in err


@pytest.mark.parametrize("name", ["flux_dev", "flux-dev"])
def test_an_endpoint_goes_by_either_of_its_names(run, folder, name):
    words = ["--map", "prompt_input=prompt", "--keep", "n", "--dry-run"]
    assert run("batch", name, short(folder), *words)[0] == 0


def test_an_output_has_to_be_named(run, folder):
    status, _, err = run("batch", CHAT, short(folder), "--keep", "n")
    assert status == 2
    assert "say -o OUTPUT" in err


def test_columns_are_mapped_and_constants_converted(run, folder, output, hub):
    (folder / "rows.csv").write_text("text,note\nhello,x\n")
    words = ["--map", "text=prompt_input", "--set", "top_k=5", "--ignore-extra"]
    assert run("batch", CHAT, folder / "rows.csv", "-o", output, *words)[0] == 0
    (job,) = hub.hub.jobs._jobs.values()
    assert job.work.inputs["top_k"] == 5


def test_a_dry_run_sends_and_writes_nothing(run, folder, hub):
    before = sorted(folder.iterdir())
    path = short(folder)
    status, out, _ = run("batch", CHAT, path, "--keep", "n", "--dry-run")
    assert (status, out) == (0, "3 rows in order; nothing was sent\n")
    assert sorted(folder.iterdir()) == sorted([*before, path])
    assert hub.hub.request_count == 0


def test_the_key_may_be_in_a_file(run, folder, output):
    (folder / "key").write_text(KEY)
    words = ["--api-key-file", folder / "key", "batch", CHAT, short(folder), "-o", output]
    assert run(*words, "--keep", "n", environment={"AKI_API_KEY": ""})[0] == 0
    for file in (folder / "out.jsonl", folder / "out.jsonl.journal"):
        assert KEY.encode() not in file.read_bytes()


def test_a_second_process_is_refused(start, run, source, output, hub):
    first = start("batch", CHAT, source, "-o", output)
    until(lambda: hub.hub.jobs_submitted, first)
    status, _, err = run("batch", CHAT, source, "-o", output)
    assert status == 1
    assert err.startswith("aki: another process works on the journal ")


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
class TestSignals:
    """Ctrl-C and what is like it."""

    def test_once_finishes_what_runs(self, start, source, output, hub, read):
        process = start("batch", CHAT, source, "-o", output)
        until(lambda: hub.hub.jobs_submitted >= 7, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "no further row is started, those that run are finished" in err
        assert "the same command goes on with the rows that are left" in out
        assert {o["status"] for o in read()} == {"done"}
        assert len(read()) == hub.hub.jobs_submitted < 46

    def test_twice_leaves_jobs_on_the_hub(self, start, run, source, output, hub, read):
        process = start("batch", CHAT, source, "-o", output)
        until(lambda: hub.hub.jobs_submitted >= 10, process)
        process.send_signal(signal.SIGINT)
        assert "no further row is started" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert "jobs that run stay on the hub" in process.stderr.readline()
        process.communicate(timeout=60)
        assert process.returncode == 130
        assert len(read()) < hub.hub.jobs_submitted
        status, out, _ = run("batch", CHAT, source, "-o", output)
        assert status == 0
        assert re.search(r"jobs? of an earlier run (was|were) picked up", out)
        assert hub.hub.jobs_submitted == len(read()) == 46

    @pytest.mark.parametrize("number", [signal.SIGTERM, getattr(signal, "SIGHUP", None)])
    def test_an_end_from_outside_leaves_jobs_on_the_hub(self, start, source, output, hub, number):
        process = start("batch", CHAT, source, "-o", output)
        until(lambda: hub.hub.jobs_submitted >= 10, process)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 143
        assert "jobs that run stay on the hub" in err
