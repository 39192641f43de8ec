"""Each kind of change, by a smallest example: the table of rules is the list of tests, so none goes untested."""

import pytest
from aki_runtime.changes.compare import compare_hubs, worst
from aki_runtime.changes.rules import RULES
from aki_runtime.errors import AkiError
from support.metadata import compare_endpoints, details

INTEGER = {"type": "integer", "minimum": 0, "maximum": 10}
CHOICE = {"type": "selection", "supported": ["a", "b"], "default": "a"}
PHOTO = {"type": "image", "format": {"supported": ["png", "jpeg"]}}
FITTED = {"auto_convert": True}
PAINTER = details({"prompt": {"required": True}, "size": INTEGER}, {"picture": {"type": "image"}})

ENDPOINTS = {
    "title changed": (details(title="A"), details(title="B")),
    "description changed": (details(description="A"), details()),
    "category changed": (details(category="chat"), details(category="tts")),
    "version raised": (details(version=1), details(version=2)),
    "version lowered": (details(version=2), details(version=1)),
    "version dropped": (details(version=2), details()),
}
"""Two documents of one endpoint that differ in this alone."""

HUBS = {
    "endpoint added": ({}, {"painter": PAINTER}),
    "endpoint removed": ({"painter": PAINTER}, {}),
    "endpoint renamed": ({"painter": PAINTER}, {"painter2": PAINTER}),
    "details unreadable": ({"painter": PAINTER}, {"painter": AkiError("HTTP 500")}),
}
"""Two hubs that differ in this alone."""

INPUTS = {
    "parameter added": ({}, {"n": {}}),
    "required parameter added": ({}, {"n": {"required": True}}),
    "parameter removed": ({"n": {}}, {}),
    "parameter renamed": ({"steps": INTEGER}, {"num_steps": INTEGER}),
    "type changed": ({"n": {"type": "integer"}}, {"n": {"type": "string"}}),
    "type changed, converted": ({"n": {"type": "integer"}}, {"n": {"type": "string", **FITTED}}),
    "type widened": ({"n": {"type": "int"}}, {"n": {"type": "float"}}),
    "became required": ({"n": {}}, {"n": {"required": True}}),
    "became optional": ({"n": {"required": True}}, {"n": {"default": "x"}}),
    "range narrowed": ({"n": INTEGER}, {"n": {**INTEGER, "maximum": 9}}),
    "range narrowed, converted": (
        {"n": INTEGER | FITTED},
        {"n": INTEGER | FITTED | {"minimum": 1}},
    ),
    "range widened": ({"n": INTEGER}, {"n": {"type": "integer", "minimum": 0}}),
    "step tightened": ({"n": INTEGER}, {"n": {**INTEGER, "align": 2}}),
    "step tightened, converted": (
        {"n": {**INTEGER, **FITTED, "align": 2}},
        {"n": {**INTEGER, **FITTED, "align": 3}},
    ),
    "step loosened": ({"n": {**INTEGER, "align": 4}}, {"n": {**INTEGER, "align": 2}}),
    "length tightened": ({"n": {}}, {"n": {"max_length": 10}}),
    "length tightened, converted": (
        {"n": {"max_length": 20, **FITTED}},
        {"n": {"max_length": 10, **FITTED}},
    ),
    "length loosened": ({"n": {"max_length": 10}}, {"n": {}}),
    "choice removed": ({"n": CHOICE}, {"n": {**CHOICE, "supported": ["a"]}}),
    "choice removed, converted": (
        {"n": CHOICE | FITTED},
        {"n": {**CHOICE, **FITTED, "supported": ["a"]}},
    ),
    "choice added": ({"n": CHOICE}, {"n": {**CHOICE, "supported": ["a", "b", "c"]}}),
    "default added": ({"n": {}}, {"n": {"default": "x"}}),
    "default changed": ({"n": {"default": "x"}}, {"n": {"default": "y"}}),
    "default removed": ({"n": {"default": "x"}}, {"n": {"default": None}}),
    "conversion gained": ({"n": INTEGER}, {"n": INTEGER | FITTED}),
    "conversion lost": ({"n": INTEGER | FITTED}, {"n": INTEGER}),
    "media limit narrowed": ({"n": PHOTO}, {"n": {**PHOTO, "format": {"supported": ["png"]}}}),
    "media limit narrowed, converted": (
        {"n": {"type": "image", "size": {"maximum": [900, 900], **FITTED}}},
        {"n": {"type": "image", "size": {"maximum": [900, 800], **FITTED}}},
    ),
    "media limit widened": ({"n": PHOTO}, {"n": {"type": "image"}}),
    "media conversion gained": (
        {"n": PHOTO},
        {"n": {"type": "image", "format": {**PHOTO["format"], **FITTED}}},
    ),
    "media conversion lost": (
        {"n": {"type": "image", "format": {**PHOTO["format"], **FITTED}}},
        {"n": PHOTO},
    ),
    "chat medium added": (
        {"n": {"type": "chat_context"}},
        {"n": {"type": "chat_context", "support": ["image"]}},
    ),
    "chat medium removed": (
        {"n": {"type": "chat_context", "support": ["image", "audio"]}},
        {"n": {"type": "chat_context", "support": ["image"]}},
    ),
    "parameter description changed": ({"n": {}}, {"n": {"description": "a number"}}),
    "other attribute changed": ({"n": {"unit": "px"}}, {"n": {"unit": "cm"}}),
}
"""Inputs of one endpoint that differ in this alone."""

OUTPUTS = {
    "field added": ({}, {"n": {}}),
    "field removed": ({"n": {}}, {}),
    "field renamed": ({"duration": {"type": "float"}}, {"total_duration": {"type": "float"}}),
    "field type changed": ({"n": {"type": "int"}}, {"n": {"type": "float"}}),
    "field type narrowed": ({"n": {"type": "float"}}, {"n": {"type": "int"}}),
    "field type opened": ({"n": CHOICE}, {"n": {"type": "string"}}),
    "value added": ({"n": CHOICE}, {"n": {**CHOICE, "supported": ["a", "b", "c"]}}),
    "value removed": ({"n": CHOICE}, {"n": {**CHOICE, "supported": ["a"]}}),
    "encoding changed": (
        {"n": {"type": "image_list", "format": "JPEG"}},
        {"n": {"type": "image_list", "format": "PNG"}},
    ),
    "field description changed": ({"n": {"description": "x"}}, {"n": {}}),
    "other field attribute changed": ({"n": {"maximum": 3}}, {"n": {"maximum": 4}}),
}
"""Outputs, or progress fields, of one endpoint that differ in this alone."""


def kinds(changes):
    return [change.kind for change in changes]


def as_input(fields):
    return details(fields)


def as_output(fields):
    return details({}, fields)


def as_progress(fields):
    return details({}, {}, fields)


def test_every_rule_has_an_example():
    examples = {"endpoint": {*ENDPOINTS, *HUBS}, "input": set(INPUTS), "output": set(OUTPUTS)}
    for scope, known in examples.items():
        assert known == {rule.kind for rule in RULES.values() if rule.scope == scope}


@pytest.mark.parametrize("kind", ENDPOINTS)
def test_a_change_of_an_endpoint(kind):
    (change,) = compare_endpoints("painter", *ENDPOINTS[kind])
    assert (change.kind, change.severity) == (kind, RULES[kind].severity)
    assert (change.endpoint, change.section, change.field) == ("painter", "", "")
    assert " → " in change.message


@pytest.mark.parametrize("kind", HUBS)
def test_a_change_of_a_hub(kind):
    (change,) = compare_hubs(*HUBS[kind])
    assert (change.kind, change.severity) == (kind, RULES[kind].severity)
    assert change.endpoint == "painter"


@pytest.mark.parametrize("kind", INPUTS)
def test_a_change_of_a_parameter(kind):
    (change,) = compare_endpoints("painter", *map(as_input, INPUTS[kind]))
    assert (change.kind, change.severity) == (kind, RULES[kind].severity)
    assert (change.section, change.field) == (
        "input",
        next(iter({**INPUTS[kind][0], **INPUTS[kind][1]})),
    )


@pytest.mark.parametrize(("section", "make"), [("output", as_output), ("progress", as_progress)])
@pytest.mark.parametrize("kind", OUTPUTS)
def test_a_change_of_an_output_or_progress_field(kind, section, make):
    (change,) = compare_endpoints("painter", *map(make, OUTPUTS[kind]))
    assert (change.kind, change.severity) == (kind, RULES[kind].severity)
    assert change.section == section


class TestBoundaries:
    """Where one rule ends and the next begins."""

    @pytest.mark.parametrize("spelling", ["minimum", "min"])
    def test_a_bound_of_zero_counts(self, spelling):
        assert inputs_kinds({"type": "int"}, {"type": "int", spelling: 0}) == ["range narrowed"]

    def test_a_range_that_moves_is_narrower_and_told_once(self):
        (change,) = compare_inputs(INTEGER, {**INTEGER, "minimum": 5, "maximum": 20})
        assert change.kind == "range narrowed"
        assert change.message == "its range narrows: 0–10 → 5–20"

    def test_a_choice_that_nothing_stands_in_for_is_required_in_fact(self):
        free = {"type": "selection", "supported": ["a", "b"]}
        assert inputs_kinds(CHOICE, free) == ["became required"]
        assert inputs_kinds(free, free | FITTED) == ["became optional", "conversion gained"]

    def test_a_default_that_the_hub_itself_refuses_stands_for_nothing(self):
        assert inputs_kinds(CHOICE, {**CHOICE, "default": "z"}) == ["became required"]

    def test_a_default_of_a_required_parameter_decides_nothing(self):
        assert inputs_kinds({"required": True}, {"required": True, "default": ""}) == []

    def test_the_default_of_what_becomes_optional_is_told_with_it(self):
        (change,) = compare_inputs({"required": True}, {"default": "cat"})
        assert change.message == "it is optional now: required → optional (default 'cat')"

    def test_what_is_converted_from_now_on_is_risky_not_breaking(self):
        narrower = {**INTEGER, "maximum": 5, **FITTED}
        assert inputs_kinds(INTEGER, narrower) == ["conversion gained", "range narrowed, converted"]

    def test_what_is_no_longer_converted_is_breaking(self):
        assert inputs_kinds(INTEGER | FITTED, {**INTEGER, "maximum": 5}) == [
            "conversion lost",
            "range narrowed",
        ]

    def test_a_choice_may_widen_to_the_type_of_its_values(self):
        sizes = {"type": "selection", "supported": [256, 512], "default": 256}
        assert inputs_kinds(sizes, {"type": "int", "default": 256}) == ["type widened"]
        assert inputs_kinds(sizes, {"type": "int", "maximum": 300, "default": 256}) == [
            "type changed"
        ]
        assert inputs_kinds(CHOICE, {"default": "a"}) == ["type widened"]

    def test_a_number_is_no_whole_number(self):
        assert inputs_kinds({"type": "float"}, {"type": "int"}) == ["type changed"]
        assert inputs_kinds({"type": "float"}, {"type": "int", **FITTED}) == [
            "type changed, converted"
        ]

    def test_limits_of_a_number_that_becomes_whole_are_part_of_its_new_type(self):
        assert inputs_kinds({"type": "float"}, {"type": "int", "maximum": 9}) == ["type changed"]

    def test_raw_prompt_text_is_required_where_the_hub_refuses_its_default(self):
        assert inputs_kinds({"type": "text_context"}, {"type": "text_context", "default": 5}) == [
            "became required"
        ]

    def test_a_text_is_not_always_a_number_even_where_the_hub_converts(self):
        assert inputs_kinds({}, {"type": "int", **FITTED}) == ["type changed"]

    def test_a_step_of_one_is_none_for_whole_numbers(self):
        assert inputs_kinds({"type": "int"}, {"type": "int", "align": 1}) == []

    def test_limits_of_media_in_a_chat_are_compared_per_kind(self):
        def chat(size):
            return {"type": "chat_context", "support": ["image"], "image": {"size": {"max": size}}}

        (change,) = compare_inputs(chat([9, 9]), chat([9, 8]))
        assert change.kind == "media limit narrowed"
        assert change.message == "its image size limit narrows: at most 9 by 9 → at most 9 by 8"

    def test_attributes_that_lose_their_meaning_with_the_type_are_no_news(self):
        assert inputs_kinds(INTEGER, {**INTEGER, "type": "bool"}) == ["type changed"]

    def test_a_chat_says_its_text_as_text_or_object_whatever_is_declared(self):
        before = details({"chat_context": {"type": "chat_context"}}, {"text": {"type": "string"}})
        after = details({"chat_context": {"type": "chat_context"}}, {"text": {"type": "json"}})
        assert compare_endpoints("chat", before, after) == ()

    def test_the_worst_class_is_that_of_the_gravest_change(self):
        assert worst(compare_inputs({}, {"default": "x", "description": "y"})) == "risky"
        assert worst(()) is None


def compare_inputs(before, after):
    return compare_endpoints("painter", details({"n": before}), details({"n": after}))


def inputs_kinds(before, after):
    return sorted(kinds(compare_inputs(before, after)))
