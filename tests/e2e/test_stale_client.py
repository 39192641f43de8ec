"""A deployed client learns early that the hub has changed since it was generated."""

import asyncio
import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aki_client import (
    Aki,
    AkiError,
    AsyncAki,
    ConfigurationError,
    InvalidParametersError,
    UnexpectedAnswerError,
)
from aki_runtime.client import staleness
from aki_sandbox.catalogue import BUNDLED
from aki_sandbox.faults.edits import Edit, put
from aki_sandbox.faults.effects import Cut, Delay, LoginPage, Reset, Status
from aki_sandbox.server import SandboxServer
from support.stub_hub import StubHub


@pytest.fixture
def changed_hub(tmp_path: Path) -> Iterator[SandboxServer]:
    """A hub that has narrowed, added and removed since the client was generated."""
    catalogue = tmp_path / "catalogue"
    shutil.copytree(BUNDLED, catalogue)
    path = catalogue / "flux-dev.json"
    document = json.loads(path.read_text())
    document["parameter_description"]["input"]["steps"]["maximum"] = 45
    path.write_text(json.dumps(document))
    (catalogue / "newcomer.json").write_text(json.dumps({**document, "name": "newcomer"}))
    (catalogue / "xttsv2.json").unlink()
    with SandboxServer(catalogue=catalogue) as server:
        yield server


def test_a_hub_that_is_as_generated_gives_no_changes(aki: Aki) -> None:
    assert aki.check() == ()


@pytest.mark.parametrize("name", ["flux_dev", "flux-dev"])
def test_the_changes_of_one_endpoint_are_values(changed_hub: SandboxServer, name: str) -> None:
    with Aki("key", api_server=changed_hub.url) as aki:
        (change,) = aki.check(name)
    assert (change.endpoint, change.field, change.severity) == ("flux-dev", "steps", "breaking")


def test_all_endpoints_are_compared_newcomers_and_lost_ones_included(
    changed_hub: SandboxServer,
) -> None:
    async def check() -> set[str]:
        async with AsyncAki("key", api_server=changed_hub.url) as aki:
            return {change.endpoint for change in await aki.check()}

    assert asyncio.run(check()) == {"flux-dev", "newcomer", "xttsv2"}


@pytest.mark.parametrize(
    "fault", [Status(500), Status(402), LoginPage(), Reset(), Cut()], ids=lambda f: type(f).__name__
)
def test_an_endpoint_that_cannot_be_read_is_named_and_hides_no_other(
    changed_hub: SandboxServer, fault: Any
) -> None:
    changed_hub.faults.add(fault, on="details", endpoint="qwen_image", times=None)
    with Aki("key", api_server=changed_hub.url, max_retries=0) as aki:
        found = {change.endpoint: change for change in aki.check()}
    assert found.keys() == {"flux-dev", "newcomer", "xttsv2", "qwen_image"}
    assert (found["qwen_image"].kind, found["qwen_image"].severity) == (
        "details unreadable",
        "risky",
    )
    assert found["qwen_image"].message.startswith("its details cannot be read: ")
    # Where it is the same with every endpoint, the hub is what is wrong.
    changed_hub.faults.add(fault, on="details", times=None)
    with Aki("key", api_server=changed_hub.url, max_retries=0) as aki, pytest.raises(AkiError):
        aki.check()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"success": True}, "answered no list of endpoints"),
        ({"endpoints": None}, 'answered no list of endpoints: {"endpoints": null}'),
        ({"endpoints": "flux-dev"}, "answered no list of endpoints"),
        (
            {"success": False, "error": "under maintenance"},
            "no list of endpoints: under maintenance",
        ),
        ({"endpoints": [{"name": "flux-dev"}]}, "list of endpoints holds no name of one"),
        ({"endpoints": ["", 1, None, "\ud800"]}, "list of endpoints holds no name of one"),
    ],
)
def test_what_is_no_list_of_endpoints_is_one_sentence(answer: object, said: str) -> None:
    with StubHub({"/api/endpoints": answer}) as hub, Aki("key", api_server=hub.url) as aki:
        for ask in (aki.check, aki.endpoints):
            with pytest.raises(UnexpectedAnswerError, match=re.escape(said)):
                ask()


def test_a_list_that_is_odd_in_part_tells_of_what_it_names(changed_hub: SandboxServer) -> None:
    listed = ["newcomer", 1, None, "", "..", "\ud800"]
    changed_hub.faults.add(Edit(put("endpoints", listed)), on="list", times=None)
    with Aki("key", api_server=changed_hub.url) as aki:
        assert {change.endpoint for change in aki.check()} == {"flux-dev", "newcomer", "xttsv2"}


def test_an_unknown_endpoint_is_one_sentence(aki: Aki) -> None:
    with pytest.raises(ConfigurationError, match="no endpoint 'flux_de' in"):
        aki.check("flux_de")


def test_a_refusal_says_how_the_endpoint_has_changed(changed_hub: SandboxServer) -> None:
    with (
        Aki("key", api_server=changed_hub.url) as aki,
        pytest.raises(InvalidParametersError, match="has changed since") as caught,
    ):
        aki.flux_dev(prompt="a lake", steps=50)
    assert caught.value.by_hub
    assert len(caught.value.changes) == 1
    assert "steps" in str(caught.value)


def test_what_explains_a_refusal_is_not_waited_for_without_end(
    changed_hub: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staleness, "EXPLAIN_SECONDS", 0.1)
    changed_hub.faults.add(Delay(90), on="details", endpoint="flux-dev", times=None)
    began = time.monotonic()
    with (
        Aki("key", api_server=changed_hub.url) as aki,
        pytest.raises(InvalidParametersError, match="45") as caught,
    ):
        aki.flux_dev(prompt="a lake", steps=50)
    assert caught.value.changes == ()
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("way", ["submit", "__call__"])
def test_a_refusal_says_how_the_endpoint_has_changed_to_async_callers_too(
    changed_hub: SandboxServer, way: str
) -> None:
    async def paint() -> None:
        async with AsyncAki("key", api_server=changed_hub.url) as aki:
            await getattr(aki.flux_dev, way)(prompt="a lake", steps=50)

    with pytest.raises(InvalidParametersError, match="has changed since") as caught:
        asyncio.run(paint())
    assert len(caught.value.changes) == 1


def test_a_refusal_of_an_unchanged_endpoint_blames_nothing(aki: Aki) -> None:
    with pytest.raises(InvalidParametersError) as caught:
        aki.call("flux-dev", {"prompt": "x", "steps": 1000})
    assert caught.value.changes == ()
