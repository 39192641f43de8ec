"""The facts that are compared are what the generator makes of the same attributes."""

import pytest
from aki_codegen.ir import ChoiceType, FloatType, IntegerType, MediaType, TextType
from aki_codegen.parsing.medialimits import LIMITED
from aki_codegen.parsing.parse import TRANSPORT_PARAMETERS
from aki_runtime.changes import facts
from aki_runtime.changes.fact_media import MEDIA_FIGURES
from aki_runtime.changes.facts import field_facts, json_text
from hypothesis import given
from hypothesis import strategies as st
from support.metadata import details, parse_one

NUMBERS = st.sampled_from([None, 0, 1, 2.5, 8, 32, 1e6, -1, 1e-13, True, "8"])
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(
            [None, "int", "integer", "float", "str", "selection", "image", "bool"]
        ),
        **dict.fromkeys(("min", "minimum", "max", "maximum", "align"), NUMBERS),
        "default": NUMBERS | st.sampled_from(["a", "b", ""]),
        "supported": st.lists(st.sampled_from(["a", "b", 1, None, []]), max_size=4),
        "max_length": NUMBERS,
        "required": st.sampled_from([True, False, None, "yes"]),
        "auto_convert": st.booleans(),
        "size": st.fixed_dictionaries(
            {}, optional={"max": st.just([9, 9]), "align": st.just([2, 2])}
        ),
    },
)


@given(FIELDS)
def test_the_generator_reads_the_same(attributes):
    parameter = parse_one(details({"value": attributes})).endpoints[0].inputs[0]
    read = field_facts(attributes)
    assert read.required == parameter.required
    default = parameter.default.value if parameter.default is not None else None
    assert read.default == (None if default is None else json_text(default))
    match parameter.type:
        case IntegerType(limits) | FloatType(limits):
            step = None if (read.type, limits.step) == ("integer", 1) else limits.step
            assert (read.minimum, read.maximum, read.step) == (limits.minimum, limits.maximum, step)
            assert read.converts is not limits.enforced
        case ChoiceType(choices, enforced):
            assert read.choices == tuple(sorted(map(json_text, choices)))
            assert read.converts is not enforced
        case TextType(max_length):
            assert (read.type, read.max_length) == ("text", max_length)
        case MediaType(kind, limits):
            named = [(name, limit.maximum, limit.align) for name, limit in limits]
            assert (read.type, [(n, m.maximum, m.align) for n, m in read.media]) == (kind, named)
        case _:
            assert read.type == "boolean"


def test_lists_that_both_keep_are_the_same():
    assert facts.TRANSPORT_PARAMETERS == TRANSPORT_PARAMETERS
    assert MEDIA_FIGURES == LIMITED


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("chat_context", "chat"),
        ("text_context", "prompt"),
        ("tensor", '"tensor"'),
        (5, "5"),
        ([], "[]"),
    ],
)
def test_words_for_types(word, kind):
    assert field_facts({"type": word}).type == kind
