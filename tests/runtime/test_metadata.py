"""What a details document means: every type word and attribute, what is required, and what is odd."""

import math

import pytest
from aki_runtime.metadata import FieldMetadata, missing_sections, read_metadata, why_unreadable
from aki_runtime.metadata.endpoint import MAX_FIELDS, TRANSPORT_PARAMETERS
from aki_runtime.metadata.field import MAX_CHOICES
from support.metadata import details

NUMBERS = ["integer", "float"]
ENUM = {"type": "selection", "supported": ["a", "b"]}
PLAIN = vars(FieldMetadata("value"))


def field_and_faults(attributes):
    """Return a parameter that these attributes describe, and what is odd about them."""
    read = read_metadata(details({"value": attributes}))
    return read.inputs["value"], [problem.what for problem in read.problems]


def field_of(attributes):
    """Return a parameter that these attributes, of which none is odd, describe."""
    field, faults = field_and_faults(attributes)
    assert faults == []
    return field


def means(field):
    """Return what is said of a field beyond what holds for any text."""
    return {name: value for name, value in vars(field).items() if value != PLAIN[name]}


class TestTypeWords:
    """Each word means one type."""

    @pytest.mark.parametrize(
        ("word", "kind"),
        [
            (None, "text"),
            ("string", "text"),
            ("str", "text"),
            ("integer", "integer"),
            ("int", "integer"),
            ("float", "number"),
            ("bool", "boolean"),
            ("boolean", "boolean"),
            ("json", "json"),
            ("chat_context", "chat"),
            ("text_context", "prompt"),
            ("image", "image"),
            ("audio", "audio"),
            ("video", "video"),
            ("image_list", "image_list"),
        ],
    )
    def test_a_word_means_a_type(self, word, kind):
        assert field_of({"type": word}).type == kind

    @pytest.mark.parametrize(
        ("kind", "medium", "is_list"),
        [("image", "image", False), ("audio_list", "audio", True), ("json", None, False)],
    )
    def test_media_have_a_kind(self, kind, medium, is_list):
        field = field_of({"type": kind})
        assert (field.medium, field.is_list) == (medium, is_list)

    @pytest.mark.parametrize(
        ("word", "kind"),
        [("tensor", '"tensor"'), ("String", '"String"'), ("", '""'), (7, "7"), (["x"], '["x"]')],
    )
    def test_any_other_word_is_a_problem_and_stands_for_itself(self, word, kind):
        field, faults = field_and_faults({"type": word})
        assert field.type == kind
        assert faults == [f"its type {word!r} is unknown"]

    def test_attributes_that_nobody_knows_are_kept_aside(self):
        field = field_of({"type": "bool", "unit": "px", "maximum": 8.0})
        assert means(field) == {"type": "boolean", "rest": {"unit": '"px"', "maximum": "8"}}


class TestBounds:
    """Both spellings, zero included; a bound that makes no sense is reported and left out."""

    @pytest.mark.parametrize("word", NUMBERS)
    @pytest.mark.parametrize(("low", "high"), [("minimum", "maximum"), ("min", "max")])
    def test_both_spellings_are_bounds(self, word, low, high):
        field = field_of({"type": word, low: 2, high: 9})
        assert (field.minimum, field.maximum) == (2, 9)

    @pytest.mark.parametrize("word", NUMBERS)
    @pytest.mark.parametrize("spelling", ["minimum", "min"])
    def test_a_minimum_of_zero_is_a_bound(self, word, spelling):
        assert field_of({"type": word, spelling: 0}).minimum == 0

    @pytest.mark.parametrize("word", NUMBERS)
    @pytest.mark.parametrize("spelling", ["maximum", "max"])
    def test_a_maximum_of_zero_is_a_bound(self, word, spelling):
        assert field_of({"type": word, spelling: 0}).maximum == 0

    def test_bounds_of_whole_numbers_are_rounded_inwards(self):
        field = field_of({"type": "int", "min": 0.5, "max": 9.9})
        assert (field.minimum, field.maximum) == (1, 9)

    def test_align_is_the_step(self):
        assert means(field_of({"type": "int", "align": 32})) == {"type": "integer", "step": 32}

    @pytest.mark.parametrize("word", ["int", "float", "bool", "str", "selection"])
    def test_with_auto_convert_the_hub_fits_other_values(self, word):
        said = {"type": word, "auto_convert": True}
        assert field_of(said | ({"supported": ["a"]} if word == "selection" else {})).converts

    @pytest.mark.parametrize("odd", ["5", True, [1], float("nan"), float("inf")])
    def test_a_bound_that_is_not_a_number_is_reported_and_left_out(self, odd):
        field, faults = field_and_faults({"type": "float", "minimum": odd, "maximum": 3})
        assert (field.minimum, field.maximum) == (None, 3)
        assert faults == [f"its minimum {odd!r} is not a number"]

    def test_bounds_that_contradict_each_other_are_reported_and_left_out(self):
        field, faults = field_and_faults({"type": "int", "minimum": 9, "maximum": 2, "align": 2})
        assert means(field) == {"type": "integer", "step": 2}
        assert faults == ["its bounds contradict each other (9 to 2)"]

    @pytest.mark.parametrize("step", [0, -8])
    def test_a_step_that_is_not_above_zero_is_reported_and_left_out(self, step):
        field, faults = field_and_faults({"type": "int", "align": step})
        assert field.step is None
        assert faults == [f"its step {step} is not above zero"]


class TestTextLength:
    """`max_length` counts characters."""

    @pytest.mark.parametrize("length", [0, 500, 500.0])
    def test_a_length_is_kept(self, length):
        assert means(field_of({"max_length": length})) == {"max_length": int(length)}

    @pytest.mark.parametrize("odd", [-1, 2.5, "9", True, 10**30])
    def test_what_is_not_a_length_is_reported_and_left_out(self, odd):
        field, faults = field_and_faults({"max_length": odd})
        assert field.max_length is None
        assert faults == [f"its max_length {odd!r} is not a length"]


class TestSelections:
    """A selection is one of the values in `supported`."""

    def choices(self, *supported):
        return field_of({"type": "selection", "supported": list(supported)}).choices

    def test_the_hubs_order_stays(self):
        assert self.choices("fast", "best", "a") == ("fast", "best", "a")

    def test_repeated_choices_are_merged(self):
        assert self.choices("a", "b", "a") == ("a", "b")

    def test_numbers_of_both_kinds_and_truth_are_choices(self):
        assert self.choices(1, 0.5, "x", True) == (1, 0.5, "x", True)

    def test_one_and_true_are_two_choices(self):
        assert list(map(repr, self.choices(1, True, 1.0))) == ["1", "True", "1.0"]

    @pytest.mark.parametrize("odd", [None, ["a"], float("nan"), "\ud800"])
    def test_a_choice_that_cannot_be_sent_is_reported_and_left_out(self, odd):
        field, faults = field_and_faults({"type": "selection", "supported": ["a", odd]})
        assert field.choices == ("a",)
        assert faults == [f"its choice {odd!r} is not text or a number"]

    @pytest.mark.parametrize("supported", [None, [], "abc", {}])
    def test_a_selection_without_choices_is_reported_and_takes_any_text(self, supported):
        field, faults = field_and_faults({"type": "selection", "supported": supported})
        assert (field.type, field.choices) == ("text", ())
        assert len(faults) == 1

    def test_a_selection_without_choices_converts_where_it_says_so(self):
        field, _ = field_and_faults({"type": "selection", "auto_convert": True})
        assert (field.type, field.converts) == ("text", True)

    def test_a_selection_with_too_many_choices_is_reported_and_takes_any_text(self):
        supported = [str(number) for number in range(MAX_CHOICES + 1)]
        field, faults = field_and_faults({"type": "selection", "supported": supported})
        assert (field.type, field.choices) == ("text", ())
        assert faults == ["it is a selection with 10,001 choices in `supported`"]


class TestChatAndMedia:
    """What a conversation may hold, and which formats media may have."""

    def test_the_media_of_a_conversation_are_those_in_support(self):
        field = field_of({"type": "chat_context", "support": ["audio", "image", "smell", 3]})
        assert list(field.support) == ["image", "audio"]

    def test_formats_of_media_are_named_in_small_letters(self):
        field = field_of({"type": "image", "format": {"supported": ["JPEG", "jpg", "Png"]}})
        assert field.media["format"].supported == ("jpeg", "png")

    @pytest.mark.parametrize("described", ["JPEG", None, {"supported": "JPEG"}, {}])
    def test_a_format_without_a_list_names_no_formats(self, described):
        assert field_of({"type": "image", "format": described}).media == {}

    def test_a_format_that_no_medium_can_have_is_reported_and_left_out(self):
        said = {"type": "image", "format": {"supported": ["png", "x y"]}}
        field, faults = field_and_faults(said)
        assert field.media["format"].supported == ("png",)
        assert faults == ["its format 'x y' is not the name of a format"]

    def test_figures_of_media_in_a_chat_are_limits_of_their_kind(self):
        said = {"type": "chat_context", "support": ["image"], "image": {"size": {"max": [9, 8]}}}
        assert field_of(said).support["image"]["size"].maximum == (9, 8)

    def test_a_size_has_two_figures(self):
        field, faults = field_and_faults({"type": "image", "size": {"max": 9}})
        assert field.media == {}
        assert faults == ["its max of size 9 is not a figure"]


class TestRequired:
    """Whether a call without a parameter is refused."""

    def test_a_parameter_is_optional_unless_it_says_otherwise(self):
        assert not field_of({"type": "integer"}).required

    @pytest.mark.parametrize("more", [{"default": ""}, {"auto_convert": True}, {"default": "x"}])
    def test_required_wins_over_default_and_auto_convert(self, more):
        field = field_of({"type": "string", "required": True, **more})
        assert (field.required, field.default) == (True, None)

    @pytest.mark.parametrize("required", [{}, {"required": False}])
    def test_a_selection_without_default_is_required(self, required):
        assert field_of({**ENUM, **required}).required

    @pytest.mark.parametrize("more", [{"default": "a"}, {"auto_convert": True}])
    def test_a_selection_with_a_stand_in_is_optional(self, more):
        assert not field_of({**ENUM, **more}).required

    @pytest.mark.parametrize(
        "attributes",
        [
            {"default": 5},
            {"type": "text_context", "default": 5},
            {"type": "bool", "default": "no"},
            {"type": "int", "default": True, "minimum": 5},
            {"type": "int", "default": 3.9, "maximum": 2},
        ],
    )
    def test_a_parameter_whose_default_the_hub_refuses_is_required(self, attributes):
        field, _ = field_and_faults(attributes)
        assert (field.required, field.default_refused) == (True, True)

    @pytest.mark.parametrize(
        "attributes",
        [
            {"type": "int", "default": True},
            {"type": "int", "default": 2.5, "maximum": 2},
            {"type": "int", "default": 8.5, "align": 8},
            {"type": "float", "default": math.nan},
        ],
    )
    def test_a_default_that_the_hub_makes_fit_is_not_shown_and_decides_nothing(self, attributes):
        field, _ = field_and_faults(attributes)
        assert (field.required, field.default) == (False, None)


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
        default = field_of(attributes).default
        assert (default, type(default)) == (value, type(value))

    @pytest.mark.parametrize("word", ["json", "chat_context", "image", "audio", "video"])
    def test_an_empty_text_is_no_default_of_what_is_no_text(self, word):
        assert field_of({"type": word, "default": ""}).default is None

    def test_null_is_no_default(self):
        assert field_of({"type": "integer", "default": None}).default is None

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
            ({**ENUM, "default": "c"}, "its default 'c' is not one of its choices"),
            ({"default": "abc", "max_length": 2}, "its default 'abc' is longer than max_length"),
            ({"type": "float", "max": 1, "default": 2}, "its default '2' is out of its own range"),
            (
                {"type": "int", "align": 8, "default": 9},
                "its default '9' is not a multiple of its own step",
            ),
        ],
    )
    def test_one_that_the_hub_would_refuse_is_reported_and_left_out(self, attributes, problem):
        field, faults = field_and_faults(attributes)
        assert field.default is None
        assert faults == [problem]

    def test_one_and_one_point_zero_are_the_same_choice_and_true_is_another(self):
        numbers = {"type": "selection", "supported": [1, 2]}
        assert field_of({**numbers, "default": 1.0}).default == 1
        field, faults = field_and_faults({**numbers, "default": True})
        assert (field.default, field.required) == (None, True)
        assert faults == ["its default 'True' is not one of its choices"]


class TestSections:
    """Inputs, outputs and progress."""

    def test_parameters_of_the_transport_are_left_out(self):
        read = read_metadata(details({**{name: {} for name in TRANSPORT_PARAMETERS}, "prompt": {}}))
        assert list(read.inputs) == ["prompt"]

    def test_outputs_and_progress_are_read_like_parameters_and_keep_the_hubs_order(self):
        read = read_metadata(details(output={"b": {}, "a-1": {}}, progress={"z": {"type": "int"}}))
        assert list(read.outputs) == ["b", "a-1"]
        assert read.progress["z"].type == "integer"

    @pytest.mark.parametrize("word", ["json", "string", None])
    def test_two_outputs_of_a_chat_mean_more_than_their_type(self, word):
        outputs = {"text": {"type": word}, "tool_calls": {"type": word}}
        chat = read_metadata(details({"chat_context": {"type": "chat_context"}}, outputs))
        assert [f.type for f in chat.outputs.values()] == ["chat text", "tool calls"]
        assert read_metadata(details({}, outputs)).outputs["text"].type != "chat text"

    @pytest.mark.parametrize("section", ["input", "output"])
    @pytest.mark.parametrize("odd", [None, [], "x"])
    def test_a_section_that_is_not_an_object_is_reported_and_taken_as_empty(self, section, odd):
        document = details()
        document["parameter_description"][section] = odd
        read = read_metadata(document)
        assert missing_sections(document) == (section,)
        assert [problem.field for problem in read.problems] == [f"({section})"]

    @pytest.mark.parametrize("progress", [{}, None, [], {"OUTPUTS": None}, {"outputs": {"x": {}}}])
    def test_without_outputs_in_capitals_there_is_no_progress(self, progress):
        document = details()
        document["parameter_description"]["progress"] = progress
        read = read_metadata(document)
        assert (read.progress, read.problems) == ({}, ())

    @pytest.mark.parametrize("odd", [None, "string", []])
    def test_a_field_without_attributes_is_reported_and_taken_as_text(self, odd):
        field, faults = field_and_faults(odd)
        assert means(field) == {}
        assert faults == ["its attributes are not an object"]

    def test_a_field_whose_name_cannot_be_sent_is_reported_and_left_out(self):
        read = read_metadata(details({"\ud800": {}, "prompt": {}}))
        assert list(read.inputs) == ["prompt"]
        assert [problem.field for problem in read.problems] == ["'\\ud800'"]

    def test_fields_beyond_the_first_thousand_are_reported_and_left_out(self):
        read = read_metadata(details({f"p{number}": {} for number in range(MAX_FIELDS + 1)}))
        assert len(read.inputs) == MAX_FIELDS
        assert [problem.what for problem in read.problems] == [
            "the section 'input' holds 1,001 fields"
        ]


class TestDocuments:
    """What stands at the top of a details document, and what is none."""

    @pytest.mark.parametrize("odd", [None, 7, ["x"]])
    def test_odd_texts_are_taken_as_missing(self, odd):
        read = read_metadata(details(title=odd, description=odd, category=odd))
        assert (read.title, read.description, read.category) == ("", "", None)

    @pytest.mark.parametrize("odd", ["1", 1.5, True, None])
    def test_a_version_that_is_not_a_whole_number_is_taken_as_missing(self, odd):
        assert read_metadata(details(version=odd)).version is None

    @pytest.mark.parametrize(
        ("document", "why"),
        [
            (None, "its details are a NoneType instead of an object"),
            ([], "its details are a list instead of an object"),
            ({}, "its details hold no parameter_description"),
            ({"parameter_description": []}, "its details hold no parameter_description"),
        ],
    )
    def test_what_describes_no_endpoint_says_why(self, document, why):
        assert read_metadata(document).unreadable == why_unreadable(document) == why

    def test_what_is_nested_too_deeply_is_reported_and_read_as_far_as_it_goes(self):
        deep: object = 1
        for _ in range(100_000):
            deep = [deep]
        read = read_metadata(details({"n": {"unit": deep, "type": "int"}}))
        assert read.unreadable == "its details are nested deeper than 64 levels"
        assert read.inputs["n"].type == "integer"
