"""Which values an endpoint takes, what it makes of them, and how it refuses the others."""

import pytest
from aki_sandbox.validation.validate import validate_inputs
from unit.sandbox.judging import converted, refusals

HINT = (
    "\n\nSet auto_convert = true for x in the [INPUT] section of the endpoint config file "
    "to avoid this error.\n"
)


class TestPresence:
    """Required values, defaults and unknown names."""

    def test_unknown_names_are_refused_in_one_sentence(self):
        _, refused = validate_inputs({}, {"foo": 1, "bar": "2"})
        assert refused == ["Invalid input parameter(s): foo, bar"]

    @pytest.mark.parametrize("payload", [{}, {"x": None}])
    def test_a_missing_required_value_is_refused_whatever_its_default(self, payload):
        attributes = {"required": True, "default": "", "auto_convert": True}
        _, refused = validate_inputs({"x": attributes}, payload)
        assert refused == ["Missing required argument: x"]

    def test_an_absent_value_becomes_the_default(self):
        assert validate_inputs({"x": {"type": "integer", "default": 3}}, {}) == ({"x": 3}, [])

    def test_a_null_becomes_the_default(self):
        assert converted({"type": "integer", "default": 3}, None) == 3

    def test_a_default_is_checked_like_any_value(self):
        _, refused = validate_inputs({"x": {"type": "integer", "default": 3, "maximum": 2}}, {})
        assert len(refused) == 1

    def test_an_absent_value_without_default_stays_absent(self):
        assert validate_inputs({"x": {"type": "integer"}}, {}) == ({}, [])

    def test_refusals_come_together_unknown_names_first_then_as_declared(self):
        parameters = {"b": {"required": True}, "a": {"type": "int"}}
        _, refused = validate_inputs(parameters, {"a": "1", "c": 1})
        assert [sentence.split()[0] for sentence in refused] == ["Invalid", "Missing", "Invalid"]


class TestTypes:
    """The JSON types that each type word takes."""

    @pytest.mark.parametrize(
        ("word", "value"),
        [
            ("string", "a"),
            ("str", "a"),
            ("integer", 1),
            ("int", 1),
            ("float", 0.5),
            ("bool", True),
            ("boolean", False),
            ("text_context", "a"),
        ],
    )
    def test_a_value_of_the_declared_type_passes_unchanged(self, word, value):
        assert converted({"type": word}, value) == value

    @pytest.mark.parametrize(
        ("word", "value", "expected", "got"),
        [
            ("int", "40", "int", "str"),
            ("float", "hot", "float", "str"),
            ("string", 5, "str", "int"),
            ("bool", "true", "bool", "str"),
            ("bool", 1, "bool", "int"),
            ("json", {"a": 1}, "str", "dict"),
            ("chat_context", [], "str", "list"),
            ("image", 5, "str", "int"),
            ("int", 3.9, "int", "float"),
            ("int", True, "int", "bool"),
            ("float", True, "float", "bool"),
        ],
    )
    def test_a_value_of_another_type_is_refused(self, word, value, expected, got):
        assert refusals({"type": word}, value) == [
            f"Invalid argument type x={value}. "
            f"Expected: <class '{expected}'> but got <class '{got}'>!"
        ]

    def test_a_missing_type_means_string(self):
        assert len(refusals({}, 5)) == 1

    def test_a_whole_number_is_fine_for_a_float(self):
        assert isinstance(converted({"type": "float"}, 1), float)

    def test_a_float_without_fraction_is_an_integer(self):
        assert isinstance(converted({"type": "integer"}, 3.0), int)

    @pytest.mark.parametrize(
        ("word", "value", "result"),
        [("int", "7", 7), ("float", "0.5", 0.5), ("str", 5, "5"), ("int", 3.9, 3)],
    )
    def test_auto_convert_coerces_the_type(self, word, value, result):
        assert converted({"type": word, "auto_convert": True}, value) == result

    def test_auto_convert_reads_the_word_false_as_false(self):
        assert converted({"type": "bool", "auto_convert": True}, "false") is False

    def test_auto_convert_refuses_what_cannot_be_converted(self):
        assert refusals({"type": "int", "auto_convert": True}, "many") == [
            "Parameter x = many cannot be read as int."
        ]

    def test_a_long_value_is_cut_in_the_sentence(self):
        assert len(refusals({"type": "int"}, "9" * 5000)[0]) < 250


class TestNumbers:
    """Bounds and alignment."""

    @pytest.mark.parametrize("spelling", ["maximum", "max"])
    def test_a_number_above_the_maximum_is_refused(self, spelling):
        assert refusals({"type": "int", spelling: 1000}, 100000) == [
            "Parameter x = 100000 is too high. Max supported value for x on this endpoint is 1000!"
            + HINT
        ]

    @pytest.mark.parametrize("spelling", ["minimum", "min"])
    def test_a_number_below_the_minimum_is_refused(self, spelling):
        assert refusals({"type": "int", spelling: 1}, 0) == [
            "Parameter x = 0 is too low. Min supported value for x on this endpoint is 1!" + HINT
        ]

    @pytest.mark.parametrize("value", [1, 9])
    def test_bounds_are_inclusive(self, value):
        assert converted({"type": "int", "minimum": 1, "maximum": 9}, value) == value

    @pytest.mark.parametrize(("spelling", "value"), [("min", -1), ("max", 1)])
    def test_a_bound_of_zero_holds_in_the_short_spelling_too(self, spelling, value):
        assert len(refusals({"type": "int", spelling: 0}, value)) == 1

    def test_a_number_that_is_no_multiple_is_refused(self):
        assert refusals({"type": "int", "align": 32}, 1000) == [
            "Parameter x = 1000 is not a multiple of 32, and only multiples are taken." + HINT
        ]

    @pytest.mark.parametrize(
        ("value", "result"), [(1_000_000, 2048), (1, 128), (1000, 992), (333, 320), (140, 140)]
    )
    def test_auto_convert_clamps_and_aligns_downwards(self, value, result):
        align = 32 if value != 140 else 20
        attributes = {"type": "int", "minimum": 128, "maximum": 2048, "align": align}
        assert converted({**attributes, "auto_convert": True}, value) == result

    def test_auto_convert_aligns_upwards_where_down_falls_below_the_minimum(self):
        attributes = {"type": "int", "minimum": 100, "align": 32, "auto_convert": True}
        assert converted(attributes, 110) == 128


class TestText:
    """The length of strings."""

    def test_a_text_of_the_greatest_length_passes(self):
        assert converted({"type": "string", "max_length": 3}, "abc") == "abc"

    def test_a_longer_text_is_refused(self):
        assert refusals({"type": "string", "max_length": 3}, "abcd") == [
            "Parameter x = abcd is too long: it has 4 characters, and 3 are the most."
        ]

    def test_auto_convert_cuts_a_longer_text(self):
        attributes = {"type": "string", "max_length": 3, "auto_convert": True}
        assert converted(attributes, "abcd") == "abc"


class TestSelection:
    """Values out of a list."""

    def test_an_unknown_value_is_refused(self):
        assert refusals({"type": "selection", "supported": ["a", "b"]}, "c") == [
            "Parameter x = c not in supported values ['a', 'b']!\n" + HINT.lstrip()
        ]

    @pytest.mark.parametrize(("supported", "value"), [([2, 4], 4), ([0.25, 1.0], 1)])
    def test_values_may_be_numbers(self, supported, value):
        assert converted({"type": "selection", "supported": supported}, value) == value

    def test_a_value_of_another_type_is_refused_twice(self):
        assert len(refusals({"type": "selection", "supported": ["a"]}, 3)) == 2

    def test_without_default_a_selection_is_in_fact_required(self):
        attributes = {"type": "selection", "supported": ["a"], "required": False}
        assert refusals(attributes, None) == [
            "Parameter x = None not in supported values ['a']!\n" + HINT.lstrip()
        ]

    @pytest.mark.parametrize(("default", "result"), [({"default": "b"}, "b"), ({}, "a")])
    def test_auto_convert_replaces_an_unknown_value(self, default, result):
        attributes = {"type": "selection", "supported": ["a", "b"], "auto_convert": True}
        assert converted({**attributes, **default}, "c") == result


class TestJson:
    """Values that travel as JSON in a string."""

    @pytest.mark.parametrize(("text", "value"), [("[1]", [1]), ('{"a": null}', {"a": None})])
    def test_a_json_string_becomes_its_value(self, text, value):
        assert converted({"type": "json"}, text) == value

    def test_broken_json_is_refused(self):
        assert refusals({"type": "json"}, "[{") == ["Input parameter x=[{ has invalid json format!"]


class TestDefectsOfThePublicServer:
    """What the public server does instead of what its metadata says."""

    @pytest.mark.parametrize(("spelling", "value"), [("min", -5), ("max", 5)])
    def test_a_short_bound_of_zero_is_forgotten(self, spelling, value):
        attributes = {"type": "int", spelling: 0}
        assert converted(attributes, value, public_server_defects=True) == value

    def test_a_long_bound_of_zero_holds(self):
        assert refusals({"type": "int", "minimum": 0}, -1, public_server_defects=True)

    def test_a_float_for_an_integer_is_cut(self):
        assert converted({"type": "int"}, 3.9, public_server_defects=True) == 3

    def test_true_passes_as_an_integer(self):
        assert converted({"type": "int"}, True, public_server_defects=True) == 1

    def test_a_text_too_long_becomes_the_number(self):
        attributes = {"type": "string", "max_length": 3, "auto_convert": True}
        assert converted(attributes, "abcd", public_server_defects=True) == 3
