"""From details documents to endpoints: their order and names, and what becomes a problem."""

import pytest
from aki_codegen.parsing.parse import EndpointNames, parse
from support.metadata import details, endpoint_of, parse_one


def test_required_parameters_come_first_and_apart_from_that_the_hubs_order_stays():
    document = details({"b": {}, "z": {"required": True}, "a": {}, "c": {"required": True}})
    assert [p.wire_name for p in endpoint_of(document).inputs] == ["z", "c", "b", "a"]


def test_title_description_category_and_version_are_kept():
    endpoint = endpoint_of(details(description="Paints.", category="image", version=4))
    told = (endpoint.title, endpoint.description, endpoint.category, endpoint.version)
    assert told == ("Painter", "Paints.", "image", 4)


def test_the_name_stands_in_for_a_title():
    assert endpoint_of(details(title=None), "flux").title == "flux"


def test_what_is_odd_is_told_with_the_endpoint_and_the_field():
    (problem,) = parse_one(details({"value": {"type": "tensor"}})).problems
    assert (problem.endpoint, problem.field, problem.effect) == ("painter", "value", "degraded")


@pytest.mark.parametrize(
    "odd", [None, [], "<html>", {}, {"parameter_description": None}, {"error": "no"}]
)
def test_what_is_no_details_document_is_skipped_and_the_others_stay(odd):
    parsed = parse({"bad": odd, "good": details()}, {})
    assert [e.wire_name for e in parsed.endpoints] == ["good"]
    assert [(p.endpoint, p.effect) for p in parsed.problems] == [("bad", "skipped")]


def test_endpoints_are_sorted_by_their_python_names():
    parsed = parse({name: details() for name in ("b", "-a", "C")}, {})
    assert [str(e.name) for e in parsed.endpoints] == ["C", "a", "b"]


class TestNames:
    """Names given before are used, and those given now are told."""

    def test_names_of_endpoint_models_and_fields_are_remembered(self):
        given = EndpointNames("paint", "Paint", {"input": {"a-b": "ab"}})
        endpoint = parse({"flux": details({"a-b": {}})}, {"flux": given}).endpoints[0]
        assert (endpoint.name, endpoint.models, endpoint.inputs[0].name) == ("paint", "Paint", "ab")

    def test_names_of_what_is_gone_are_still_told(self):
        gone = EndpointNames("gone", "Gone")
        here = EndpointNames("flux", "Flux", {"input": {"old": "old"}})
        names = parse({"flux": details({"new": {}})}, {"gone": gone, "flux": here}).names
        assert names["gone"] == gone
        assert names["flux"].fields["input"] == {"old": "old", "new": "new"}
