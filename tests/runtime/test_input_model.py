"""Inputs refuse what the hub would refuse, and send what was given and nothing else."""

import json
import math
import pathlib
from typing import Annotated, Literal

import pytest
from aki_runtime.client.endpoint import check_with_model
from aki_runtime.errors import InvalidParametersError
from aki_runtime.fields.base import InputModel
from pydantic import Field, ValidationError
from support.samples import ChatInput, PictureInput
from support.wire import as_received

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)


def wire(model, **given):
    return as_received(model.model_validate(given).to_wire())


def test_only_what_was_given_is_sent():
    assert wire(PictureInput, prompt="cat", width=512) == {"prompt": "cat", "width": 512}


def test_a_value_that_equals_the_default_is_sent_when_given():
    assert wire(PictureInput, prompt="cat", width=1024) == {"prompt": "cat", "width": 1024}


def test_none_is_as_good_as_absent():
    assert wire(PictureInput, prompt="cat", width=None, image=None) == {"prompt": "cat"}


def test_a_required_parameter_can_not_be_none():
    with pytest.raises(ValidationError):
        wire(PictureInput, prompt=None)


def test_a_parameter_is_sent_under_the_hubs_name():
    assert wire(PictureInput, prompt="cat", class_="a") == {"prompt": "cat", "class": "a"}


def test_a_parameter_goes_by_its_python_name_alone():
    assert wire(PictureInput, prompt="cat", class_="a")["class"] == "a"
    with pytest.raises(ValidationError, match="class"):
        wire(PictureInput, **{"prompt": "cat", "class": "a"})


@pytest.mark.parametrize(
    "given",
    [
        {"prompt": 5},
        {"prompt": "cat", "width": "512"},
        {"prompt": "cat", "width": 512.5},
        {"prompt": "cat", "width": True},
        {"prompt": "cat", "width": 2080},
        {"prompt": "cat", "width": 96},
        {"prompt": "cat", "nonsense": 1},
        {"prompt": "cat", "strength": float("nan")},
        {"prompt": "cat", "strength": float("inf")},
        {"prompt": b"cat"},
    ],
    ids=str,
)
def test_what_the_hub_would_refuse_is_refused(given):
    with pytest.raises(ValidationError):
        wire(PictureInput, **given)


def test_a_whole_number_is_a_number():
    assert wire(ChatInput, temperature=1) == {"temperature": 1.0}


def test_a_step_takes_its_multiples_only():
    assert wire(PictureInput, prompt="cat", width=544)["width"] == 544
    with pytest.raises(ValidationError):
        wire(PictureInput, prompt="cat", width=545)


@pytest.mark.parametrize("strength", [0.1, 0.3, 0.7, 1.1, -0.2])
def test_a_step_with_a_fraction_takes_what_floats_make_of_its_multiples(strength):
    assert wire(PictureInput, prompt="cat", strength=strength)["strength"] == strength


def test_a_step_with_a_fraction_refuses_what_lies_between():
    with pytest.raises(ValidationError):
        wire(PictureInput, prompt="cat", strength=0.15)


def test_a_number_that_is_a_choice_is_taken():
    assert wire(PictureInput, prompt="cat", ratio=2)["ratio"] == 2.0


def test_a_number_that_is_no_choice_is_refused():
    with pytest.raises(ValidationError):
        wire(PictureInput, prompt="cat", ratio=1.5)


def test_a_raw_prompt_and_a_conversation_exclude_each_other():
    with pytest.raises(ValidationError, match="text_context and chat_context exclude each other"):
        wire(ChatInput, text_context="Hi", chat_context=[{"role": "user", "content": "Hi"}])


@pytest.mark.parametrize("given", [{"text_context": "Hi"}, {"text_context": ""}])
def test_a_raw_prompt_alone_is_sent(given):
    assert wire(ChatInput, **given) == given


def test_a_raw_prompt_of_none_leaves_room_for_a_conversation():
    messages = [{"role": "user", "content": "Hi"}]
    assert set(wire(ChatInput, text_context=None, chat_context=messages)) == {"chat_context"}


def test_json_is_sent_as_text():
    settings = {"a": [1, None, True], "b": "ü"}
    sent = wire(PictureInput, prompt="cat", settings=settings)["settings"]
    assert (type(sent), json.loads(sent)) == (str, settings)


def test_media_are_sent_as_data_uris():
    sent = wire(PictureInput, prompt="cat", image=PNG)["image"]
    assert sent.startswith("data:image/png;base64,iVBOR")


def test_the_callers_values_stay_as_they_were():
    settings = {"a": [1]}
    messages = [{"role": "user", "content": [{"text": "Hi"}, {"image": PNG}]}]
    wire(PictureInput, prompt="cat", settings=settings)
    wire(ChatInput, chat_context=messages)
    assert settings == {"a": [1]}
    assert messages == [{"role": "user", "content": [{"text": "Hi"}, {"image": PNG}]}]


def test_a_refusal_shows_no_value_in_pydantics_own_words():
    with pytest.raises(ValidationError) as caught:
        wire(PictureInput, prompt=["a secret"])
    assert "a secret" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused():
    with pytest.raises(ValidationError, match="cannot be read: No such file"):
        wire(PictureInput, prompt="cat", image=pathlib.Path("nowhere") / "cat.png")


class MixedInput(InputModel):
    """Choices that Python holds for equal."""

    mixed: Annotated[
        Literal[True, "1"] | float, Field(json_schema_extra={"choices": [1, True, "1", 2.5]})
    ]
    whole: Literal[1, 2] | None = None
    truth: Literal[True] | None = None
    fitted: Annotated[
        Literal[1] | int | None, Field(json_schema_extra={"converted": {"choices": [1]}})
    ] = None


@pytest.mark.parametrize("value", [1, True, "1", 2.5], ids=repr)
def test_each_choice_is_sent_as_it_is_given(value):
    sent = wire(MixedInput, mixed=value)["mixed"]
    assert (type(sent), sent) == (type(value), value)


def test_a_number_is_sent_as_the_choice_that_it_equals():
    assert repr(wire(MixedInput, mixed="1", whole=2.0)["whole"]) == "2"


@pytest.mark.parametrize(
    "given",
    [{"whole": True}, {"whole": 3}, {"whole": 10**400}, {"whole": math.nan}, {"truth": 1}],
    ids=lambda given: next(iter(given)),
)
def test_a_truth_value_and_a_number_are_no_choice_for_each_other(given):
    with pytest.raises(ValidationError, match="one of"):
        wire(MixedInput, mixed="1", **given)


@pytest.mark.parametrize("value", [True, 7, "3"], ids=repr)
def test_a_hub_that_fits_choices_gets_what_was_given(value):
    assert wire(MixedInput, mixed="1", fitted=value)["fitted"] is value


def test_a_text_that_the_hub_can_not_read_as_a_choice_is_refused():
    with pytest.raises(ValidationError):
        wire(MixedInput, mixed="1", fitted="one")


@pytest.mark.parametrize("value", [10**400, -(10**400), 1e308, 10**5000], ids=["a", "b", "c", "d"])
@pytest.mark.parametrize("name", ["width", "ratio", "strength"])
def test_numbers_of_any_size_are_taken_or_refused_in_a_sentence(name, value):
    with pytest.raises(InvalidParametersError) as caught:
        check_with_model("paint", PictureInput, "", {"prompt": "cat", name: value})
    assert len(caught.value.problems) == 1
