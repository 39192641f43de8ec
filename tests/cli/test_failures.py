"""Each kind of failure: one sentence on stderr and a status of its own; the key in neither."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from aki_cli.exits import Exit
from aki_cli.failures import STATUS_OF, status_of
from aki_codegen.commands.options import ExitStatus as Theirs
from aki_runtime import errors
from aki_runtime.batch import errors as batch_errors
from aki_sandbox.faults.effects import Status
from aki_sandbox.server import SandboxServer

from .conftest import KEY, Command

PAINT = ("call", "flux_dev", "--prompt")
DOCS = Path(__file__).parents[2] / "docs" / "aki.md"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["cal"], Exit.USAGE, "unknown command 'cal'; did you mean call?"),
        (["show"], Exit.USAGE, "Missing argument 'NAME'"),
        (["call"], Exit.USAGE, "say which endpoint: aki call NAME; `aki endpoints` lists them"),
        (["call", "--output", "json"], Exit.USAGE, "say which endpoint: aki call NAME"),
        (
            [*PAINT, "x", "--promt", "y"],
            Exit.USAGE,
            "No such option: --promt; did you mean --prompt?",
        ),
        (
            ["call", "llama3_chat", "--output", "json", "x"],
            Exit.USAGE,
            "No such option: --output; it stands before `llama3_chat`: aki call --output … llama3_chat",
        ),
        ([*PAINT, "x", "-o", "xml"], Exit.USAGE, "--output 'xml' must be one of text, json, quiet"),
        ([*PAINT, "x", "-s", "no/where.jpg"], Exit.USAGE, "there is no folder no"),
        (["--timeout", "soon", "endpoints"], Exit.USAGE, "not a valid float"),
        (["chat", "flux_dev"], Exit.USAGE, "takes no conversation"),
        (["--package", "no_such", "endpoints"], Exit.CONFIGURATION, "not a generated package"),
        (["--package", "json", "endpoints"], Exit.CONFIGURATION, "not a generated package"),
        (["--server", "ftp://x", "key"], Exit.CONFIGURATION, "not the address of a hub"),
        (["--layout", "odd", "key"], Exit.CONFIGURATION, "layout 'odd' is unknown"),
        (["--server", "http://hub.example", "key"], Exit.CONFIGURATION, "plain http"),
        (["--api-key-file", "none", "key"], Exit.CONFIGURATION, "cannot be read"),
        (["--api-key-file", "~no-such-user/k", "key"], Exit.CONFIGURATION, "cannot be read"),
        (["call", "minimax_m3", "--prompt-input", "x"], Exit.KEY, "not authorized"),
        (["call", "flux_de"], Exit.NO_ENDPOINT, "did you mean flux_dev?"),
        (["show", "FLUX-DEV"], Exit.NO_ENDPOINT, "did you mean flux_dev?"),
        (["Call"], Exit.USAGE, "unknown command 'Call'; did you mean call?"),
        (["changes", "zzz"], Exit.NO_ENDPOINT, "aki_client has no endpoint 'zzz'"),
        (["show", "zzz"], Exit.NO_ENDPOINT, "neither aki_client nor the hub"),
        (["--server", "http://127.0.0.1:9", "key"], Exit.HUB, "could not connect"),
        (
            ["--server", "http://127.0.0.1:9", "show", "flux_devv"],
            Exit.HUB,
            "Connection refused, and aki_client has no endpoint 'flux_devv'; did you mean flux_dev?",
        ),
        (["--timeout", "1", *PAINT, "x [[dur=60 steps=900]]"], Exit.TIMEOUT, "the deadline passed"),
        ([*PAINT, "x [[error=out_of_memory]]"], Exit.JOB, "out of memory"),
        (["job", "flux_dev", "unknown"], Exit.JOB, "does not know this job"),
    ],
)
def test_a_failure_is_a_sentence_and_a_status(
    aki: Command, words: list[str], status: Exit, said: str
) -> None:
    ran = aki(*words)
    assert ran.status == status
    assert ran.err.startswith("aki: ")
    assert said in ran.err
    # Behind the sentence only a line that can be pasted may stand.
    assert len([line for line in ran.err.splitlines() if not line.startswith("  ")]) == 1


def test_a_bad_key_is_told(aki: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AKI_API_KEY", "bad-key")
    assert aki("key").status == Exit.KEY
    ran = aki(*PAINT, "x")
    assert (ran.status, ran.err) == (5, "aki: flux-dev: Key not valid (HTTP 401 Unauthorized)\n")


def test_a_missing_key_says_where_to_put_one(aki: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AKI_API_KEY")
    for words in (("key",), (*PAINT, "x")):
        assert "set AKI_API_KEY or say --api-key-file FILE" in aki(*words).err


def test_the_key_is_read_from_a_file(aki: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AKI_API_KEY")
    Path("key.txt").write_text(f"{KEY}\n")
    assert aki("--api-key-file", "key.txt", "key").status == 0


def test_a_full_queue_and_a_failing_hub_have_their_statuses(
    aki: Command, hub: SandboxServer
) -> None:
    for http_status, status in ((429, Exit.BUSY), (500, Exit.HUB)):
        hub.faults.add(Status(http_status), on="submit", times=None)
        assert aki(*PAINT, "x").status == status
        hub.faults.clear()


def test_debug_shows_the_traceback_and_the_log_without_the_key(aki: Command) -> None:
    ran = aki("--debug", *PAINT, f"{KEY} [[error=bad]]")
    assert ran.status == Exit.JOB, ran.err
    assert "Traceback" in ran.err
    assert "JobFailedError" in ran.err


def test_a_key_that_is_a_common_word_garbles_no_sentence(
    aki: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AKI_API_KEY", "any")
    assert "(any more)" in aki("job", "flux_dev", "unknown").err


def test_without_an_extra_the_sentence_names_it(
    aki: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aki_playground.app", None)
    ran = aki("playground")
    assert ran.status == Exit.CONFIGURATION
    assert "pip install 'aki-client[playground]'" in ran.err


def test_the_playground_is_given_every_global_option(
    aki: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []
    page = SimpleNamespace(launch=lambda *args, **options: given.extend([*args, options]))
    monkeypatch.setitem(sys.modules, "aki_playground.app", page)
    options = ("--server", "http://hub.lan", "--layout", "aime", "--timeout", "5", "--allow-http")
    assert aki(*options, "playground", "--no-browser").status == Exit.OK
    assert given == [
        *("aki_client", "http://hub.lan", None, False, None),
        {"layout": "aime", "timeout": 5.0, "allow_http": True},
    ]


def test_every_exception_of_the_client_has_a_status() -> None:
    named = {**vars(errors), **vars(batch_errors)}
    kinds = [kind for kind in named.values() if isinstance(kind, type)]
    assert set(STATUS_OF) <= {kind for kind in kinds if issubclass(kind, errors.AkiError)}
    without = {
        *("AkiError", "MissingOutputError", "BatchError", "OutputError"),
        *("JournalError", "JournalFullError", "JournalInUseError"),
        "BudgetExceededError",  # no command has a budget but those that go on and tell it: batch, mcp
    }
    without_status = {
        kind.__name__
        for kind in kinds
        if issubclass(kind, errors.AkiError) and status_of(kind.__new__(kind)) is Exit.FAILED
    }
    assert without_status == without


def test_statuses_that_the_generator_has_too_mean_the_same() -> None:
    shared = {status.name: status.value for status in Exit if status.value in {*Theirs}}
    assert shared == {status.name: status.value for status in Theirs}


def test_the_documentation_lists_every_status() -> None:
    listed = re.findall(r"^\| (\d+) \|", DOCS.read_text("utf-8"), re.MULTILINE)
    assert [int(number) for number in listed] == [status.value for status in Exit]


def test_without_typer_the_sentence_names_the_extra(
    aki: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aki_cli.main.find_spec", lambda name: None)
    ran = aki("--help")
    assert ran.status == Exit.CONFIGURATION
    assert ran.err == "aki: the command line needs an extra: pip install 'aki-client[cli]'\n"
