"""What is no change: other words for the same, another order, figures of the moment. And nothing ever raises."""

import copy
import json

import pytest
from aki_runtime.changes.compare import compare_hubs, fingerprint
from hypothesis import given
from hypothesis import strategies as st
from support.metadata import compare_endpoints, details

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
WORDS = st.sampled_from(
    [
        *("str", "string", "int", "integer", "float", "bool", "boolean", "selection", "json"),
        *("chat_context", "text_context", "image", "audio", "image_list", "tensor"),
    ]
)
VALUES = st.one_of(
    st.sampled_from([0, 1, 1.0, 8, 2.5, -1, True, "a", "", None, "png", 32]),
    st.lists(st.sampled_from(["a", "b", 1, 1.0, True, "image", "PNG", None]), max_size=4),
    JSON,
)
LIMITS = st.dictionaries(
    st.sampled_from(["supported", "min", "minimum", "max", "maximum", "align", "auto_convert"]),
    st.one_of(VALUES, st.tuples(st.integers(0, 9), st.integers(0, 9)).map(list)),
    max_size=3,
)
NAMES = (
    *("required", "default", "auto_convert", "min", "minimum", "max", "maximum", "align"),
    *("max_length", "supported", "support", "description", "unit"),
)
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "type": WORDS,
        **dict.fromkeys(NAMES, VALUES),
        "format": LIMITS | st.just("JPEG"),
        "size": LIMITS,
        "image": LIMITS | st.dictionaries(st.sampled_from(["format", "size"]), LIMITS),
    },
)
FIELDS = st.dictionaries(
    st.sampled_from(["a", "b", "text", "tool_calls", "chat_context", "key"]),
    ATTRIBUTES | JSON,
    max_size=3,
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "parameter_description": st.fixed_dictionaries(
            {},
            optional={
                "input": FIELDS,
                "output": FIELDS,
                "progress": st.fixed_dictionaries({}, optional={"OUTPUTS": FIELDS}),
            },
        )
    },
    optional=dict.fromkeys(("title", "description", "category", "version", "workers"), JSON),
)


def reordered(value):
    if isinstance(value, dict):
        return {name: reordered(value[name]) for name in reversed(value)}
    return [reordered(inner) for inner in value] if isinstance(value, list) else value


@given(DOCUMENTS | JSON)
def test_a_document_is_as_itself_in_any_order(document):
    other = reordered(copy.deepcopy(document))
    assert compare_endpoints("a", document, other) == ()
    assert fingerprint(document) == fingerprint(other)


@given(DOCUMENTS | JSON, DOCUMENTS | JSON)
def test_nothing_raises_and_fingerprints_agree_with_the_comparison(old, new):
    changes = compare_endpoints("a", old, new)
    assert (changes == ()) == (fingerprint(old) == fingerprint(new))
    assert all(str(change).isprintable() for change in changes)
    assert (compare_endpoints("a", new, old) == ()) == (changes == ())


@given(st.dictionaries(st.text(max_size=3), DOCUMENTS | JSON, max_size=4), st.data())
def test_hubs_in_any_order_are_the_same_and_any_two_can_be_compared(hub, data):
    assert compare_hubs(hub, reordered(hub)) == ()
    other = data.draw(st.dictionaries(st.text(max_size=3), DOCUMENTS, max_size=4))
    changes = compare_hubs(hub, other)
    assert list(changes) == sorted(changes)
    assert {change.endpoint for change in changes} <= hub.keys() | other.keys()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"type": "int"}, {"type": "integer"}),
        ({"type": "str"}, {}),
        ({"type": "string"}, {"type": None}),
        ({"type": "bool"}, {"type": "boolean"}),
        ({"type": "int", "min": 0, "max": 9}, {"type": "int", "minimum": 0, "maximum": 9.0}),
        ({"default": None}, {}),
        ({"required": False, "auto_convert": False}, {}),
        (
            {"type": "selection", "supported": ["a", "b", "a"]},
            {"type": "selection", "supported": ["b", "a"]},
        ),
        ({"type": "int", "default": 8}, {"type": "int", "default": 8.0}),
        (
            {"type": "image", "format": {"supported": ["JPG"]}},
            {"type": "image", "format": {"supported": ["jpeg"]}},
        ),
        ({"type": "chat_context", "support": []}, {"type": "chat_context"}),
        ({}, ["no", "object"]),
        # What the generated client leaves out is not compared either.
        (
            {"type": "selection", "supported": ["a", "\ud800"]},
            {"type": "selection", "supported": ["a"]},
        ),
        (
            {"type": "image", "format": {"supported": ["png", "x y"]}},
            {"type": "image", "format": {"supported": ["png"]}},
        ),
        (
            {"type": "selection", "supported": [1], "default": 1.0},
            {"type": "selection", "supported": [1], "default": 1},
        ),
    ],
)
def test_other_words_for_the_same(one, other):
    assert compare_endpoints("a", details({"n": one}), details({"n": other})) == ()


def test_true_is_not_one():
    before = details({"n": {"type": "selection", "supported": [1, 2], "default": 1}})
    after = details({"n": {"type": "selection", "supported": [True, 2], "default": True}})
    assert [c.kind for c in compare_endpoints("a", before, after)] == [
        "choice added",
        "choice removed",
        "default changed",
    ]


def test_parameters_of_the_transport_and_figures_of_the_moment_are_left_out():
    before = details({}, num_workers=3, free_queue_slots=1, http_methods=["POST"])
    after = details(
        {name: {"required": True} for name in ("key", "client_session_auth_key", "wait_for_result")}
    )
    assert compare_endpoints("a", before, after) == ()


def test_sections_that_are_missing_are_empty():
    odd = {"parameter_description": {"input": [], "progress": {"outputs": {"x": {}}}}}
    assert compare_endpoints("a", odd, {}) == ()


def test_what_is_nested_too_deeply_is_no_failure():
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    before, after = details({"n": {"unit": deep}}), details({"n": {"unit": 1}})
    assert [c.kind for c in compare_endpoints("a", before, after)] == ["other attribute changed"]


def test_long_values_are_shown_short_and_harmlessly():
    before = details({"n": {"default": "x" * 10_000}}, title="\x1b[2J\ud800")
    after = details({"n": {"type": "selection", "supported": [f"\u202e{i}" for i in range(500)]}})
    for change in compare_endpoints("a\x1b" * 100, before, after):
        assert str(change).isprintable()
        assert len(str(change)) < 500
        json.dumps(change.message).encode()
