"""Fields are made together, and each is as if it had been made alone."""

import json

import pytest
from aki_codegen.parsing.parse import parse
from aki_codegen.rendering import fieldsource
from aki_codegen.rendering.fieldsource import FieldSources
from aki_codegen.rendering.modelfields import FieldRequest
from aki_codegen.rendering.models import Models
from aki_codegen.rendering.verify import RenderedWrongError
from aki_sandbox.catalogue import load_catalogue
from support.metadata import details


def request(wire="a", name=None, schema=None, *, required=False, part="Input"):
    return FieldRequest(
        part, wire, name or wire, required, json.dumps(schema or {"type": "string"})
    )


@pytest.fixture
def calls(monkeypatch):
    """Return the fields of each call of the generator, by their names."""
    found: list[list[str]] = []
    generate = fieldsource._generate

    def noted(sheets, package):
        found.append([request.name for sheet in sheets.values() for request in sheet])
        if "broken" in found[-1]:
            raise ValueError("the generator does not like this one")
        return generate(sheets, package)

    monkeypatch.setattr(fieldsource, "_generate", noted)
    return found


def test_every_field_of_the_catalogue_is_the_same_alone_and_together():
    documents = {name: endpoint.document for name, endpoint in load_catalogue().items()}
    endpoints = parse(documents, {}).endpoints
    together = Models("pkg")
    together.prepare(endpoints)
    for endpoint in endpoints:
        assert together.source(endpoint) == Models("pkg").source(endpoint)


def test_equal_fields_are_made_once(calls):
    sources = FieldSources("pkg")
    sources.make([request("a"), request("b"), request("a")])
    sources.make([request("b"), request("c")])
    assert calls == [["a", "b"], ["c"]]


def test_fields_of_one_name_do_not_meet():
    sources = FieldSources("pkg")
    same = [
        request("a", schema={"type": kind}, required=required, part=part)
        for kind in ("string", "integer")
        for required in (True, False)
        for part in ("Input", "Output")
    ]
    aliased = [request("a-b", "a"), request("a_b", "a"), request("a-b", "a_b")]
    sources.make([*same, *aliased])
    annotations = [str(sources.get(each).field.annotation) for each in same]
    assert annotations == ["str", "str", *["str | None"] * 2, "int", "int", *["int | None"] * 2]
    assert [sources.get(each).field.name for each in aliased] == ["a", "a", "a_b"]
    assert 'alias="a-b"' in sources.get(aliased[0]).statement.replace("'", '"')


def test_one_that_can_not_be_made_leaves_the_others(calls):
    sources = FieldSources("pkg")
    wanted = [request(name) for name in ("a", "b", "broken", "c", "d")]
    sources.make(wanted)
    assert [r.name for r in wanted if sources.get(r) is None] == ["broken"]


def test_an_endpoint_with_such_a_field_is_told_apart_from_the_others(calls):
    good, bad = details({"a": {}}), details({"a": {}, "broken": {}})
    first, second = parse({"bad": bad, "good": good}, {}).endpoints
    models = Models("pkg")
    models.prepare([first, second])
    assert "class GoodInput" in models.source(second).classes
    with pytest.raises(RenderedWrongError, match="no model could be made of its input 'broken'"):
        models.source(first)
