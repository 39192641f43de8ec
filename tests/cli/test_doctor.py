"""What `aki doctor` finds, where it says that it is wrong, and what it never shows."""

import re
from pathlib import Path

import pytest
from aki_cli.exits import Exit
from aki_sandbox.faults.effects import Raw
from aki_sandbox.server import SandboxServer
from support.stub_hub import Answer, StubHub

from .conftest import KEY, Command


def lines(out: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in out.splitlines():
        what, _, rest = line.partition(" ")
        found.setdefault(what, []).append(rest.strip())
    return found


def test_a_machine_in_order_is_described(aki: Command, hub: SandboxServer) -> None:
    ran = aki("doctor")
    assert (ran.status, ran.err) == (0, "")
    found = lines(ran.out)
    assert re.match(r"\d+\.\d+\.\d+, Python 3\.\d+\.\d+", found["aki"][0])
    assert "pydantic 2." in found["with"][0]
    assert found["server"] == [f"{hub.url} (AKI_API_SERVER)"]
    assert found["timeout"] == ["3600 s (default)"]
    assert found["key"] == ["in AKI_API_KEY", "the hub takes it"]
    assert found["routes"] == ["those of aki"]
    assert found["clock"] == ["as the hub's"]
    assert re.fullmatch(r"answers in \d+\.\d\d s", found["hub"][0])
    assert "WRONG" not in ran.out


def test_each_option_is_shown_with_where_it_came_from(
    aki: Command, hub: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AKI_API_SERVER")
    Path("key.txt").write_text(KEY)
    Path("pyproject.toml").write_text(f'[tool.aki]\nserver = "{hub.url}"\ntimeout = 90\n')
    found = lines(aki("--api-key-file", "key.txt", "--layout", "aki", "doctor").out)
    assert found["server"] == [f"{hub.url} ({Path.cwd() / 'pyproject.toml'})"]
    assert found["timeout"] == [f"90 s ({Path.cwd() / 'pyproject.toml'})"]
    assert found["layout"] == ["aki (--layout)"]
    assert found["key"][0] == "in the file key.txt (--api-key-file)"


def test_a_proxy_is_shown_without_its_password_and_home_as_a_tilde(
    aki: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://joe:hunter2@proxy.example:3128")
    monkeypatch.setenv("HOME", str(aki.folder))
    monkeypatch.setenv("AKI_API_KEY_FILE", str(aki.folder / "key.txt"))
    ran = aki("doctor")
    assert "env      HTTPS_PROXY=http://***@proxy.example:3128" in ran.out
    assert "hunter2" not in ran.out
    assert "in the file ~/key.txt (AKI_API_KEY_FILE)" in ran.out


def test_a_missing_key_and_a_bad_one_are_wrong(
    aki: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AKI_API_KEY", "bad-key")
    ran = aki("doctor")
    assert ran.status == Exit.KEY
    assert "WRONG: the hub does not take it: Key not valid" in ran.out
    assert "bad-key" not in ran.out
    monkeypatch.delenv("AKI_API_KEY")
    monkeypatch.setenv("AKI_IO_API_KEY", "a key of another name")
    ran = aki("doctor")
    assert ran.status == Exit.CONFIGURATION
    assert "WRONG: there is no key; set AKI_API_KEY" in ran.out
    assert "AKI_IO_API_KEY is not read" in ran.out


def test_a_hub_that_is_not_reached_is_wrong(aki: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AKI_API_SERVER", "http://127.0.0.1:9")
    ran = aki("doctor")
    assert ran.status == Exit.HUB
    assert "WRONG: could not connect to 127.0.0.1:9" in ran.out
    assert "is the network there" in ran.out


def test_a_package_that_is_not_there_is_wrong(aki: Command) -> None:
    ran = aki("--package", "no_such", "doctor")
    assert ran.status == Exit.CONFIGURATION
    assert "WRONG: 'no_such' is not a generated package" in ran.out


@pytest.fixture
def other_hub(monkeypatch: pytest.MonkeyPatch) -> StubHub:
    """A hub with the routes of an AIME API Server."""
    made = StubHub({"/api/endpoints": {"endpoints": ["painter"]}})
    made.answers["/api/validate_key"] = {"success": True, "error": None}
    unknown = {"success": False, "error": ["Client has no active request with this job id"]}
    made.answers_to_post = {"/painter/progress": Answer(unknown, 402)}
    return made


def test_the_routes_of_another_layout_are_found(
    aki: Command, other_hub: StubHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with other_hub:
        monkeypatch.setenv("AKI_API_SERVER", other_hub.url)
        ran = aki("doctor")
        assert ran.status == Exit.CONFIGURATION
        assert "WRONG: those of aime, not of aki; say --layout aime" in ran.out
        assert aki("--layout", "aime", "doctor").status == 0
    assert {path for path, _ in other_hub.posted} == {
        "/api/progress/painter",
        "/painter/progress",
    }, "nothing makes a job"


def test_clocks_that_differ_are_wrong(aki: Command, hub: SandboxServer) -> None:
    old = b"Date: Sat, 01 Jan 2000 00:00:00 GMT"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n"
    hub.faults.add(Raw(head + old + b'\r\n\r\n{"success": true}'))
    ran = aki("doctor")
    hub.faults.clear()
    assert ran.status == Exit.FAILED
    assert re.search(r"clock +WRONG: the hub's is \d+ s behind", ran.out)


def test_it_says_how_many_jobs_are_left_and_names_none(aki: Command) -> None:
    job_id = aki("call", "flux_dev", "a lake [[dur=60]]", "-d").out.strip()
    ran = aki("doctor")
    assert "1 left to be fetched" in ran.out
    assert job_id not in ran.out
