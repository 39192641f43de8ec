"""A hub whose endpoint list is odd: one clear sentence from every command, and nothing is lost."""

import json

import pytest
from aki_codegen.cli import main
from support.command import KEY, PACKAGE, PAINTER

NO_LISTS = {
    "null": (
        {"success": True, "endpoints": None},
        'answered no endpoint list (…): {"endpoints": null}',
    ),
    "a text": ({"endpoints": "painter"}, 'answered no endpoint list (…): {"endpoints": "painter"}'),
    "a refusal": (
        {"success": False, "error": "under maintenance"},
        "answered no endpoint list (…): under maintenance",
    ),
    "a refusal that repeats the key": (
        {"success": False, "error": f"no rights: ?key={KEY}"},
        "answered no endpoint list (…): no rights: ?key=***",
    ),
    "objects": (
        {"endpoints": [{"name": "painter"}]},
        "holds no name of one, but {'name': 'painter'}",
    ),
    "lists": ({"endpoints": [["painter"], ["singer"]]}, "holds no name of one, but ['painter']"),
    "no names": ({"endpoints": ["", 1, None, "\ud800", ".."]}, "holds no name of one, but ''"),
}


@pytest.fixture
def package(generate, hub, monkeypatch):
    """A package of the hub as it was before."""
    monkeypatch.setenv("AKI_API_KEY", KEY)
    assert generate("--server", hub.url)[0] == 0
    return generate


@pytest.mark.parametrize("command", ["generate", "check --live", "diff", "generate --force"])
@pytest.mark.parametrize(("answer", "sentence"), NO_LISTS.values(), ids=NO_LISTS)
def test_what_is_no_list_of_names_is_one_sentence(package, hub, capsys, command, answer, sentence):
    hub.answers["/api/endpoints"] = answer
    before = package.content()
    words = [*command.split(), "--out", str(package.out), "--package", PACKAGE]
    assert main(words) == 1
    told = capsys.readouterr()
    assert (told.out, package.content()) == ("", before)
    (said,) = told.err.split("aki-codegen: ")[1:]
    expected = sentence.replace("(…)", "(expected an object with 'endpoints')")
    assert f"{hub.url} " in said
    assert expected in said
    assert said.endswith("; check the address\n")
    assert KEY not in told.err


def test_a_list_that_is_odd_in_part_loses_no_endpoint(package, hub):
    hub.answers["/api/endpoints"] = {"endpoints": ["painter", 1, None, "", "..", "\ud800"]}
    status, output, _ = package("--server", hub.url)
    assert (status, "2 endpoints (2 unchanged)" in output) == (3, True)
    assert output.count("the list names an endpoint that is not usable text (skipped)") == 5
    assert "singer: it is not on the list, but the hub still describes it" in output


def test_a_key_that_the_hub_repeats_is_in_no_file_of_the_package(package, hub):
    hub.answers["/api/endpoints/painter"] = {**PAINTER, "description": f"Call it by ?key={KEY}."}
    status, _, _ = package("--server", hub.url)
    assert status == 0
    assert not [name for name, content in package.content().items() if KEY.encode() in content]
    document = json.loads(package.content()[f"{PACKAGE}/spec/endpoints/painter.json"])
    assert document["description"] == "Call it by ?key=***."
