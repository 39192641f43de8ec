"""The playground as a process: where it listens, whom it answers, how it ends, and why it cannot begin."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from faults.running import states
from playground.conftest import KEY, running_playground
from playground.page import LONG, status, visit, write
from support.patience import soon

pytestmark = pytest.mark.slow


def port_of(process):
    return int(process.address.rpartition(":")[2])


def refused(*arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "aki_playground", "--no-browser", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=180,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1
    return lines[0]


def test_it_listens_on_loopback_only(playground):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing; tells the address of this machine
        own = probe.getsockname()[0]
    if own.startswith("127."):
        pytest.skip("this machine has no address but loopback")
    with socket.socket() as client:
        assert client.connect_ex((own, port_of(playground))) != 0


def test_the_page_names_no_other_server_to_load_from(playground):
    page = httpx.get(playground.address).text
    assert "fonts.googleapis" not in page
    assert '<script src="http' not in page
    config = json.loads(httpx.get(f"{playground.address}/config").text)
    assert config["analytics_enabled"] is False
    assert config["stylesheets"] == []


@pytest.mark.parametrize(
    "path", ["/gradio_api/queue/join", "/gradio_api/upload", "/gradio_api/run/x"]
)
def test_what_comes_from_another_page_reaches_no_handler(playground, path):
    evil = httpx.post(
        f"{playground.address}{path}", headers={"Origin": "https://evil.example"}, json={}
    )
    own = httpx.post(f"{playground.address}{path}", headers={"Origin": playground.address}, json={})
    assert evil.status_code == 403
    assert own.status_code != 403


def test_a_name_that_was_made_to_point_here_is_refused(playground):
    named = httpx.get(playground.address, headers={"Host": f"evil.example:{port_of(playground)}"})
    assert named.status_code == 403


def test_no_file_of_this_machine_is_served(playground):
    for path in (__file__, "/etc/hostname", "../../../../etc/hostname"):
        answer = httpx.get(f"{playground.address}/gradio_api/file={path}")
        assert answer.status_code in (403, 404)


def test_the_key_is_nowhere_on_the_page(playground):
    for path in ("/", "/config", "/gradio_api/info"):
        assert KEY not in httpx.get(f"{playground.address}{path}").text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ending_the_program_cancels_its_jobs_and_leaves_no_file(
    hub, context, tmp_path, monkeypatch, number
):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with running_playground("--server", hub.url) as process:
        page = context.new_page()
        visit(page, process.address)
        write(page, "draft", f"A story {LONG}")
        page.locator("#run").click()
        status(page, "Running")
        assert list(Path(tmp_path).glob("aki-playground-*"))
        process.send_signal(number)
        process.wait(timeout=120)
        page.close()
    assert soon(lambda: states(hub) == ["canceled"])
    assert not list(Path(tmp_path).glob("aki-playground-*"))


def test_a_taken_port_is_one_sentence(shared_hub):
    assert "cannot be used; choose another one" in refused("--port", str(shared_hub.port))
    assert "cannot be used; choose another one" in refused("--port", "99999")


def test_a_package_that_is_none_is_one_sentence():
    assert "give the name of a package that aki-codegen generated" in refused("--package", "json")


def test_a_key_that_would_go_over_plain_http_is_one_sentence_without_the_key():
    said = refused("--server", "http://hub.example", AKI_API_KEY=KEY)
    assert "http" in said
    assert KEY not in said


def test_a_key_is_read_from_a_file_and_a_missing_one_is_one_sentence(hub, tmp_path):
    assert f"the key file {tmp_path / 'none'} cannot be read" in refused(
        "--api-key-file", str(tmp_path / "none")
    )
    (tmp_path / "key").write_text(f"{KEY}\n", encoding="utf-8")
    with running_playground("--server", hub.url, "--api-key-file", str(tmp_path / "key"), key=""):
        pass


LOG_CONNECTIONS = """
import os, sys

def note(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        with open(os.environ["CONNECTIONS"], "a") as file:
            file.write(f"{arguments[1][0]}\\n")
    elif event == "socket.getaddrinfo":
        with open(os.environ["CONNECTIONS"], "a") as file:
            file.write(f"{arguments[0]}\\n")

sys.addaudithook(note)
"""


def test_the_program_itself_talks_to_the_hub_alone(hub, context, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(LOG_CONNECTIONS, encoding="utf-8")
    log = tmp_path / "connections"
    monkeypatch.setenv("CONNECTIONS", str(log))
    with running_playground("--server", hub.url, path=[tmp_path]) as process:
        page = context.new_page()
        visit(page, process.address)
        write(page, "draft", "Hello")
        page.locator("#run").click()
        status(page, "Done")
        page.close()
    reached = set(log.read_text(encoding="utf-8").split())
    assert "127.0.0.1" in reached
    assert reached <= {"127.0.0.1", "::1", "localhost", "None"}


def test_where_gradio_is_missing_one_sentence_says_what_to_install(tmp_path):
    (tmp_path / "gradio.py").write_text("raise ImportError('no gradio')", encoding="utf-8")
    said = refused(PYTHONPATH=str(tmp_path))
    assert "pip install 'aki-client[playground]'" in said
