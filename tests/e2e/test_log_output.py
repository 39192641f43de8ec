"""AKI_LOG shows the client's log lines on stderr: once, with nothing secret, and beside a program's own set-up."""

import logging
import os
import re
import subprocess
import sys

import pytest
from support.package import made_package
from support.stub_hub import Answer, StubHub

KEY = "a-key-that-is-secret"
CALL = """
from aki_client import Aki
with Aki() as aki:
    job = aki.llama3_chat.submit(prompt_input="Hi")
    job.result()
"""
SET_UP = "import logging; logging.basicConfig(format='mine %(name)s %(message)s')"
EVIL = "\x1b[2Jowned\n::error ::out\x1b]0;title\x07"
LINE = re.compile(r"\d{4}-\d\d-\d\d [\d:,]+ (\d+) (DEBUG|INFO|WARNING) (aki_client[.a-z]*): (.+)")


def run(hub, program, **environment):
    """Run a program, text or a file, in a process of its own, and return what it printed to stderr."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("AKI_")}
    done = subprocess.run(
        [sys.executable, *(["-c", program] if isinstance(program, str) else [program])],
        env={
            **mine,
            "PYTHONPATH": str(made_package()),
            "AKI_API_KEY": KEY,
            "AKI_API_SERVER": hub.url,
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def parts(text):
    """Return the loggers and messages, the ids of jobs as ID."""
    lines = [LINE.fullmatch(line) for line in text.splitlines()]
    assert all(lines), text
    return [(line[3], re.sub(r"\b[0-9a-f]{8}\b", "ID", line[4])) for line in lines if line]


def test_debug_shows_requests_and_jobs(hub):
    shown = parts(run(hub, CALL, AKI_LOG="debug"))
    loggers = [logger for logger, _ in shown]
    assert loggers[:2] == ["aki_client.http", "aki_client"]
    assert re.fullmatch(r"POST /api/call/llama3_chat: 200, \d+ bytes, after [\d.]+ s", shown[0][1])
    assert shown[1] == ("aki_client", "llama3_chat: job ID submitted")
    assert shown[-1] == ("aki_client", "llama3_chat: job ID is done")


def test_info_shows_jobs_alone(hub):
    assert {logger for logger, _ in parts(run(hub, CALL, AKI_LOG=" INFO "))} == {"aki_client"}


@pytest.mark.parametrize("level", ["", "warning", "error"])
def test_nothing_is_shown_where_nothing_is_wrong(hub, level):
    assert run(hub, CALL, AKI_LOG=level) == ""


def test_another_word_is_named_and_the_call_goes_on(hub):
    assert run(hub, CALL, AKI_LOG="loud\x1b[31m") == (
        "AKI_LOG=loud[31m must be one of debug, info, warning, error; it is ignored\n"
    )


def test_neither_the_key_nor_a_whole_job_id_is_shown(hub):
    text = run(hub, CALL, AKI_LOG="debug")
    (job,) = list(hub.hub.polls.by_job)[-1:]
    assert job[:8] in text
    assert job not in text
    assert KEY not in text


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_worker_processes_show_theirs(hub, tmp_path, method):
    program = tmp_path / "program.py"
    program.write_text(f"""
import multiprocessing
from aki_client import Aki

def work():
    with Aki() as aki:
        aki.llama3_chat(prompt_input="Hi")

if __name__ == "__main__":
    work()
    process = multiprocessing.get_context("{method}").Process(target=work)
    process.start()
    process.join()
""")
    text = run(hub, program, AKI_LOG="info")
    assert len({line.split()[2] for line in text.splitlines()}) == 2
    assert [message for _, message in parts(text)].count("llama3_chat: job ID submitted") == 2


class TestBesideAProgramsOwnSetUp:
    """A line is shown once, and in the way that the program wants."""

    def test_lines_go_to_the_handler_that_the_program_has(self, hub):
        text = run(hub, f"{SET_UP}\n{CALL}", AKI_LOG="info")
        lines = [re.sub(r"\b[0-9a-f]{8}\b", "ID", line) for line in text.splitlines()]
        assert all(line.startswith("mine aki_client llama3_chat: ") for line in lines)
        for said in ("job ID submitted", "job ID is done"):
            assert lines.count(f"mine aki_client llama3_chat: {said}") == 1

    def test_a_set_up_that_comes_later_takes_over(self, hub):
        text = run(
            hub, CALL.replace("    job.result()", f"    {SET_UP}\n    job.result()"), AKI_LOG="info"
        )
        first, *rest = text.splitlines()
        assert parts(first) == [("aki_client", "llama3_chat: job ID submitted")]
        assert rest
        assert all(line.startswith("mine aki_client llama3_chat: ") for line in rest)

    def test_a_level_that_the_program_has_set_is_kept(self, hub):
        quiet = "import logging; logging.getLogger('aki_client').setLevel('ERROR')"
        assert run(hub, f"{quiet}\n{CALL}", AKI_LOG="debug") == ""

    def test_a_handler_that_shows_nothing_is_not_one(self, hub):
        null = "import logging; logging.getLogger('aki_client').addHandler(logging.NullHandler())"
        assert parts(run(hub, f"{null}\n{CALL}", AKI_LOG="info"))

    def test_a_closed_stderr_breaks_nothing(self, hub):
        assert run(hub, f"import sys; sys.stderr.close()\n{CALL}", AKI_LOG="debug") == ""


def test_what_a_hub_says_is_one_line_without_what_a_terminal_obeys():
    code = CALL.replace("job.result()", "try: job.result(timeout=1)\n    except AkiError: pass")
    with StubHub({}) as hub:
        hub.answers_to_post = {
            "/api/call/llama3_chat": Answer({"success": True, "job_id": "id#1"}),
            "/api/progress/llama3_chat": Answer({"message": EVIL}, 503),
        }
        text = run(hub, code.replace("import Aki", "import Aki, AkiError"), AKI_LOG="debug")
    again = [message for _, message in parts(text) if "trying again" in message]
    assert again
    assert all("owned" in message and message.isprintable() for message in again)


@pytest.mark.parametrize("logger", ["aki_client", "aki_client.http"])
def test_a_program_s_own_handlers_get_harmless_lines_too(caplog, logger):
    logging.getLogger(logger).warning("%s, after %.1f s", ConnectionError(EVIL), 1.25)
    (message,) = caplog.messages
    assert message.isprintable()
    assert re.fullmatch(r".*owned.*out.*title, after 1\.2 s", message)
