"""From details documents to endpoints: what is required, what is dropped, and what becomes a problem."""

import pytest
from aki_codegen.ir import Default, TextType
from aki_codegen.parsing.parse import TRANSPORT_PARAMETERS, EndpointNames, parse
from support.metadata import details, endpoint_of, faulty, parameter_of, parse_one

ENUM = {"type": "selection", "supported": ["a", "b"]}


class TestRequired:
    """Whether a call without a parameter is refused."""

    def test_a_parameter_is_optional_unless_it_says_otherwise(self):
        assert not parameter_of({"type": "integer"}).required

    @pytest.mark.parametrize("more", [{"default": ""}, {"auto_convert": True}, {"default": "x"}])
    def test_required_wins_over_default_and_auto_convert(self, more):
        parameter = parameter_of({"type": "string", "required": True, **more})
        assert (parameter.required, parameter.default) == (True, None)

    @pytest.mark.parametrize("required", [{}, {"required": False}])
    def test_a_selection_without_default_is_required(self, required):
        assert parameter_of({**ENUM, **required}).required

    @pytest.mark.parametrize("more", [{"default": "a"}, {"auto_convert": True}])
    def test_a_selection_with_a_stand_in_is_optional(self, more):
        assert not parameter_of({**ENUM, **more}).required

    def test_required_parameters_come_first_and_apart_from_that_the_hubs_order_stays(self):
        document = details({"b": {}, "z": {"required": True}, "a": {}, "c": {"required": True}})
        assert [p.wire_name for p in endpoint_of(document).inputs] == ["z", "c", "b", "a"]


class TestDefaults:
    """A default is shown where the hub itself would accept it."""

    @pytest.mark.parametrize(
        ("attributes", "value"),
        [
            ({"default": ""}, ""),
            ({"type": "string", "default": "x"}, "x"),
            ({"type": "integer", "minimum": 0, "default": 0}, 0),
            ({"type": "integer", "default": 3.0}, 3),
            ({"type": "float", "default": 1}, 1.0),
            ({"type": "bool", "default": False}, False),
            ({**ENUM, "default": "b"}, "b"),
            ({"type": "json", "default": {"a": [1]}}, {"a": [1]}),
            ({"type": "integer", "maximum": 9, "default": 99, "auto_convert": True}, 99),
        ],
    )
    def test_it_is_kept_in_the_type_of_the_parameter(self, attributes, value):
        default = parameter_of(attributes).default
        assert default == Default(value)
        assert type(default.value) is type(value)

    @pytest.mark.parametrize("word", ["json", "chat_context", "image", "audio", "video"])
    def test_an_empty_text_is_no_default_of_what_is_no_text(self, word):
        assert parameter_of({"type": word, "default": ""}).default is None

    def test_null_is_no_default(self):
        assert parameter_of({"type": "integer", "default": None}).default is None

    @pytest.mark.parametrize(
        ("attributes", "problem"),
        [
            ({"type": "integer", "default": "5"}, "its default '5' is of another type"),
            ({"type": "integer", "default": 2.5}, "its default '2.5' is of another type"),
            ({"type": "integer", "default": True}, "its default 'True' is of another type"),
            ({"type": "float", "default": float("nan")}, "its default 'nan' is of another type"),
            ({"type": "string", "default": 5}, "its default '5' is of another type"),
            ({"type": "bool", "default": 1}, "its default '1' is of another type"),
            ({"type": "image_list", "default": []}, "its default '[]' is of another type"),
            ({**ENUM, "default": "c"}, "its default 'c' is none of its choices"),
            ({"default": "abc", "max_length": 2}, "its default 'abc' is longer than max_length"),
            ({"type": "float", "max": 1, "default": 2}, "its default '2' is out of its own range"),
            (
                {"type": "int", "align": 8, "default": 9},
                "its default '9' is no multiple of its own step",
            ),
        ],
    )
    def test_one_that_the_hub_would_refuse_is_told_and_left_out(self, attributes, problem):
        parameter, problems = faulty(attributes)
        assert parameter.default is None
        assert problems == [problem]


class TestSections:
    """Inputs, outputs and progress."""

    def test_parameters_of_the_transport_are_dropped(self):
        document = details({**{name: {} for name in TRANSPORT_PARAMETERS}, "prompt": {}})
        assert [p.wire_name for p in endpoint_of(document).inputs] == ["prompt"]

    def test_outputs_and_progress_are_read_like_parameters_and_keep_the_hubs_order(self):
        endpoint = endpoint_of(details(output={"b": {}, "a-1": {}}, progress={"z": {}}))
        assert [(o.wire_name, o.name) for o in endpoint.outputs] == [("b", "b"), ("a-1", "a_1")]
        assert [o.type for o in endpoint.progress] == [TextType()]

    @pytest.mark.parametrize("section", ["input", "output"])
    @pytest.mark.parametrize("odd", [None, [], "x"])
    def test_a_section_that_is_no_object_is_told_and_taken_as_empty(self, section, odd):
        document = details()
        document["parameter_description"][section] = odd
        problems = parse_one(document).problems
        assert [(p.field, p.effect) for p in problems] == [(f"({section})", "degraded")]

    @pytest.mark.parametrize("progress", [{}, None, [], {"OUTPUTS": None}, {"outputs": {"x": {}}}])
    def test_without_outputs_in_capitals_there_is_no_progress(self, progress):
        document = details()
        document["parameter_description"]["progress"] = progress
        assert endpoint_of(document).progress == ()

    @pytest.mark.parametrize("odd", [None, "string", []])
    def test_a_field_without_attributes_is_told_and_taken_as_text(self, odd):
        parameter, problems = faulty(odd)
        assert parameter.type == TextType()
        assert problems == ["its attributes are no object"]

    def test_a_field_whose_name_can_not_be_sent_is_told_and_left_out(self):
        parsed = parse_one(details({"\ud800": {}, "prompt": {}}))
        assert [p.wire_name for p in parsed.endpoints[0].inputs] == ["prompt"]
        assert [p.field for p in parsed.problems] == ["'\\ud800'"]


class TestDocument:
    """What stands at the top of a details document."""

    def test_title_description_category_and_version_are_kept(self):
        endpoint = endpoint_of(details(description="Paints.", category="image", version=4))
        told = (endpoint.title, endpoint.description, endpoint.category, endpoint.version)
        assert told == ("Painter", "Paints.", "image", 4)

    @pytest.mark.parametrize("odd", [None, 7, ["x"]])
    def test_odd_texts_are_taken_as_missing_and_the_name_stands_in_for_a_title(self, odd):
        endpoint = endpoint_of(details(title=odd, description=odd, category=odd), "flux")
        assert (endpoint.title, endpoint.description, endpoint.category) == ("flux", "", None)

    @pytest.mark.parametrize("odd", ["1", 1.5, True, None])
    def test_a_version_that_is_no_whole_number_is_taken_as_missing(self, odd):
        assert endpoint_of(details(version=odd)).version is None

    @pytest.mark.parametrize(
        "odd", [None, [], "<html>", {}, {"parameter_description": None}, {"error": "no"}]
    )
    def test_what_is_no_details_document_is_skipped_and_the_others_stay(self, odd):
        parsed = parse({"bad": odd, "good": details()}, {})
        assert [e.wire_name for e in parsed.endpoints] == ["good"]
        assert [(p.endpoint, p.effect) for p in parsed.problems] == [("bad", "skipped")]

    def test_endpoints_are_sorted_by_their_python_names(self):
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
