"""A call that is not in the cassette: what came, what was expected, what differs, what to do."""

import json
import warnings
from contextlib import suppress
from pathlib import Path

import pytest
from aki_client import Aki, AkiError
from aki_runtime.testing import CassetteError, CassetteWarning, cassette
from aki_sandbox.server import SandboxServer

KEY = "the-key-of-the-tests"


@pytest.fixture
def recorded(path: Path, hub: SandboxServer) -> Path:
    with cassette(path, record=True), Aki(KEY, api_server=hub.url) as aki:
        aki.llama3_chat(prompt_input="Say hello", temperature=0.5)
        aki.z_image_turbo(prompt="a robot")
    return path


def message_of(path: Path, **parameters: object) -> str:
    with pytest.raises(CassetteError) as raised, cassette(path), Aki() as aki:
        aki.llama3_chat(**parameters)  # type: ignore[call-overload]
    return str(raised.value)


def test_it_names_the_call_the_nearest_one_and_the_difference(recorded):
    said = message_of(recorded, prompt_input="Say hallo", temperature=0.5)
    assert (
        f'llama3_chat(prompt_input="Say hallo", temperature=0.5) is not in the cassette {recorded}'
        in said
    )
    assert (
        'expected: llama3_chat(prompt_input="Say hello", temperature=0.5), the nearest of 2' in said
    )
    assert 'differs:  prompt_input was "Say hello" and is "Say hallo"' in said
    assert "pytest --aki-record" in said


def test_an_omitted_parameter_is_a_difference(recorded):
    assert "temperature was 0.5 and is omitted" in message_of(recorded, prompt_input="Say hello")


def test_a_long_text_is_shown_where_it_differs(path, hub):
    with cassette(path, record=True), Aki(KEY, api_server=hub.url) as aki:
        aki.llama3_chat(prompt_input="x" * 5000 + "old")
    said = message_of(path, prompt_input="x" * 5000 + "new")
    assert f'was …{"x" * 20}old" and is …{"x" * 20}new"' in said


def test_a_call_more_than_was_recorded(recorded):
    again = pytest.raises(CassetteError, match=r"came more often than it is in .*\(1\)")
    with again, cassette(recorded), Aki() as aki:
        for _ in range(2):
            aki.z_image_turbo(prompt="a robot")


def test_where_there_is_no_cassette(path):
    with pytest.raises(CassetteError, match=r"there is no cassette .*--aki-record"), cassette(path):
        pass


@pytest.mark.parametrize(
    "edit",
    [
        lambda call: call.update(answers=[]),
        lambda call: call.update(answers="none"),
        lambda call: call.update(parameters=None),
        lambda call: call.update(id=1),
        lambda call: call["answers"][0].pop("at"),
        lambda call: call["answers"][0].update(at="soon"),
        lambda call: call["answers"][0].update(status="200"),
        lambda call: call["answers"][0].pop("body"),
        lambda call: call["answers"].insert(0, {"at": 0, "status": 200, "bytes": "no base64!"}),
        lambda call: call["answers"].insert(0, {"at": 0, "failure": "no connection"}),
        lambda call: call["answers"].insert(0, "an answer"),
    ],
)
def test_one_that_somebody_has_spoilt_is_refused_before_anything_is_called(recorded, edit):
    document = json.loads(recorded.read_text("utf-8"))
    edit(document["calls"][0])
    recorded.write_text(json.dumps(document), "utf-8")
    with pytest.raises(CassetteError, match="cannot be read"), cassette(recorded):
        pytest.fail("it was read")


@pytest.mark.parametrize("content", ["", "{", "null", "[" * 100_000])
def test_one_that_is_no_json_is_refused(path, content):
    path.write_text(content)
    with pytest.raises(CassetteError, match="cannot be read"), cassette(path):
        pytest.fail("it was read")


def test_code_that_takes_it_for_a_failure_of_its_own_fails_at_the_end_of_the_block(recorded):
    at_the_end = pytest.raises(CassetteError, match="Say nothing")
    with at_the_end, cassette(recorded), suppress(Exception):
        Aki().llama3_chat(prompt_input="Say nothing")


def test_code_that_handles_failures_of_a_hub_does_not_take_it_for_one():
    assert not issubclass(CassetteError, AkiError)


class TestOlderThanThePackage:
    """The package's snapshot has moved on since the recording."""

    @pytest.fixture
    def old(self, recorded: Path) -> Path:
        document = json.loads(recorded.read_text("utf-8"))
        document["calls"][0]["snapshot"] = "version 1, 000000000000"
        recorded.write_text(json.dumps(document))
        return recorded

    def test_what_fits_is_replayed_and_the_endpoint_named(self, old):
        moved = pytest.warns(CassetteWarning, match="the package's description of llama3_chat;")
        with moved, cassette(old), Aki() as aki:
            aki.llama3_chat(prompt_input="Say hello", temperature=0.5)

    def test_what_does_not_fit_says_so(self, old):
        assert "another description" in message_of(old, prompt_input="Say hallo")

    def test_others_are_not_named(self, old):
        with warnings.catch_warnings(), cassette(old), Aki() as aki:
            warnings.simplefilter("error")
            aki.z_image_turbo(prompt="a robot")
