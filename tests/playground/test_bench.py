"""What stands before every run: which field each problem of a call belongs to."""

import pytest
from aki_client import InvalidParametersError
from aki_playground.bench import problems_by_field
from aki_playground.package import HubPackage


def faults_of(endpoint, **arguments):
    card = HubPackage("aki_client").cards[endpoint]
    with pytest.raises(InvalidParametersError) as caught:
        card.info.check(arguments, True)
    return problems_by_field(caught.value.problems, card.parameters)


def test_each_fault_stands_at_its_own_field():
    placed, rest = faults_of("z_image_turbo", width=1000, steps=99)
    assert placed == {
        "prompt": "This is required.",
        "width": "width=1000 must be a multiple of 32 (nearest allowed: 992, 1024).",
        "steps": "steps=99 is out of range 1–50 (nearest allowed: 50).",
    }
    assert rest == []


@pytest.mark.parametrize(
    "value", ["a: b", "it's: so", "both ' and \" : here", "x: " * 100, "\\': "]
)
def test_a_value_with_a_colon_is_not_taken_for_its_reason(value):
    placed, rest = faults_of("xttsv2", text="hi", language=value)
    assert placed["language"].startswith("language=")
    assert "must be one of 'en', 'de'" in placed["language"]
    assert rest == []


def test_a_conversation_is_explained_too():
    placed, _ = faults_of("llama3_chat", chat_context=[{"role": "robot", "content": "hi"}])
    assert placed["chat_context"].startswith("chat_context: message 0 has role 'robot'")


def test_what_belongs_to_no_field_is_told_all_the_same():
    placed, rest = faults_of(
        "llama3_chat", text_context="a", chat_context=[{"role": "user", "content": "hi"}]
    )
    assert placed == {}
    assert "exclude each other" in rest[0]
