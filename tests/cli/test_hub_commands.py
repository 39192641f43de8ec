"""The commands that ask the hub about itself: endpoints, show, key, changes."""

import json
from pathlib import Path

import pytest
from aki_sandbox.faults.effects import LoginPage
from aki_sandbox.server import SandboxServer

from .conftest import ODD, Command


def test_endpoints_are_listed_without_asking_the_hub(aki: Command, hub: SandboxServer) -> None:
    before = hub.hub.request_count
    lines = aki("endpoints").out.splitlines()
    assert lines[0].split() == ["endpoint", "category", "title"]
    assert "flux_dev" in [line.split()[0] for line in lines[2:]]
    assert hub.hub.request_count == before


def test_endpoints_are_listed_by_category(aki: Command) -> None:
    names = [line.split()[0] for line in aki("endpoints", "--category", "tts").out.splitlines()[2:]]
    assert names == ["xttsv2"]
    assert "there are chat, image" in aki("endpoints", "--category", "nonsense").err


def test_endpoints_that_the_package_lacks_are_marked(odd: Command) -> None:
    assert "(not in the package)" in odd("endpoints", "--live").out


def test_an_endpoint_that_the_hub_cannot_describe_hides_no_other(
    odd: Command, odd_hub: SandboxServer
) -> None:
    odd_hub.faults.add(LoginPage(), on="details", endpoint="odd", times=None)
    ran = odd("endpoints", "--live")
    odd_hub.faults.clear()
    assert "(not in the package)" in ran.out
    assert "the details of odd cannot be read: " in ran.err


def test_an_endpoint_is_shown_with_all_that_it_takes(aki: Command, hub: SandboxServer) -> None:
    before = hub.hub.request_count
    out = aki("show", "flux_dev").out
    assert "Whole number, 128–2048 in multiples of 32; the hub fits other values" in out
    assert "images       A list, each item an image" in out
    assert "aki call flux_dev --prompt …" in out
    assert hub.hub.request_count == before


def test_the_line_to_copy_holds_a_name_of_a_hub_as_one_word(
    aki: Command, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, name = tmp_path_factory.mktemp("catalogue"), "odd;$(touch pwned)\n::error ::x"
    (folder / "odd.json").write_text(json.dumps({**ODD, "name": name}))
    with SandboxServer(catalogue=folder) as server:
        out = aki("--server", server.url, "show", name).out
    *_, line = out.splitlines()
    assert (
        line
        == r"aki call $'odd\x3B\x24\x28touch\x20pwned\x29\x0A\x3A\x3Aerror\x20\x3A\x3Ax' --prompt …"
    )
    assert "::" not in out


def test_a_live_hub_is_asked_for_its_workers(aki: Command) -> None:
    assert "workers online: 1 of 1" in aki("show", "flux_dev", "--live").out


def test_nothing_ends_with_spaces_in_a_pipe(aki: Command) -> None:
    lines = [*aki("show", "flux_dev").out.splitlines(), *aki("endpoints").out.splitlines()]
    assert [line for line in lines if line != line.rstrip()] == []


def test_a_good_key_is_good(aki: Command, hub: SandboxServer) -> None:
    assert aki("key").out == f"The key is good for {hub.url}.\n"


def test_no_change_is_status_0(aki: Command) -> None:
    ran = aki("changes")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == "The hub is as it was when the package was generated.\n"


def test_the_worst_change_is_the_status(odd: Command) -> None:
    ran = odd("changes")
    assert ran.status == 12
    assert ran.out.startswith("breaking:\n  apertus_chat\n    the hub has it no longer")
    assert odd("changes", "-o", "json").document["severity"] == "breaking"


def test_changes_keep_the_names_of_a_hub_within_their_lines(
    aki: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.json").write_text(json.dumps({**ODD, "name": "new\nbreaking:"}))
    with SandboxServer(catalogue=tmp_path) as server:
        monkeypatch.setenv("AKI_API_SERVER", server.url)
        lines = aki("changes").out.splitlines()
    assert "  new breaking:" in lines
    assert lines.count("breaking:") == 1
