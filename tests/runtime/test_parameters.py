"""What an endpoint's parameters take, as values, and how a value is made to fit."""

import math
from typing import Annotated, Literal

import pytest
from aki_runtime.chat.messages import ChatContext
from aki_runtime.fields.base import InputModel
from aki_runtime.fields.parameters import Parameter, parameters_of
from aki_runtime.media.inputs import ImageInput
from pydantic import Field

LIMITS = {"format": {"supported": ["png"]}, "size": {"maximum": [64, 64]}}


class PaintInput(InputModel):
    """Every kind of parameter."""

    prompt: Annotated[str, Field(max_length=5)]
    width: Annotated[int, Field(ge=128, le=2048, json_schema_extra={"step": 32})] = 1024
    height: Annotated[
        int, Field(json_schema_extra={"converted": {"minimum": 128, "maximum": 2048, "step": 32}})
    ] = 1024
    strength: Annotated[float, Field(ge=0.0, le=1.0)] = 0.8
    mode: Literal["fast", "good"] = "fast"
    scale: Annotated[float, Field(json_schema_extra={"choices": [0.5, 1.0]})] = 1.0
    class_: Annotated[bool, Field(alias="class")] = False
    text_context: Annotated[str | None, Field(json_schema_extra={"kind": "text_context"})] = None
    image: Annotated[ImageInput | None, Field(json_schema_extra={"media": LIMITS})] = None
    chat_context: Annotated[
        ChatContext | None, Field(json_schema_extra={"support": {"image": LIMITS}})
    ] = None


PARAMETERS = parameters_of(PaintInput)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("prompt", "text"),
        ("width", "integer"),
        ("strength", "number"),
        ("mode", "choice"),
        ("scale", "choice"),
        ("class_", "boolean"),
        ("text_context", "prompt"),
        ("image", "image"),
        ("chat_context", "chat"),
    ],
)
def test_each_parameter_has_a_type_word(name: str, word: str) -> None:
    assert PARAMETERS[name].type == word


def test_bounds_step_choices_and_defaults_are_values() -> None:
    width, mode = PARAMETERS["width"], PARAMETERS["mode"]
    assert (width.minimum, width.maximum, width.step, width.default) == (128, 2048, 32, 1024)
    assert (mode.choices, mode.default, mode.required) == (("fast", "good"), "fast", False)
    assert PARAMETERS["prompt"].required
    assert PARAMETERS["prompt"].max_length == 5
    assert PARAMETERS["class_"].wire_name == "class"


def test_what_the_hub_converts_is_shown_as_such() -> None:
    height = PARAMETERS["height"]
    assert height.converts
    assert (height.minimum, height.maximum, height.step) == (128, 2048, 32)
    assert not PARAMETERS["width"].converts


def test_limits_of_media_are_values() -> None:
    assert PARAMETERS["image"].media == LIMITS
    assert PARAMETERS["chat_context"].support == {"image": LIMITS}


@pytest.mark.parametrize(
    ("name", "given", "fitted"),
    [
        ("width", 1000, 992),
        ("width", 1, 128),
        ("width", 9999, 2048),
        ("width", 1024, 1024),
        ("strength", 1.5, 1.0),
        ("mode", "better", "fast"),
        ("mode", "good", "good"),
        ("prompt", "a long prompt", "a lon"),
        ("class_", True, True),
    ],
)
def test_a_value_is_made_to_fit_as_the_hub_would(name: str, given: object, fitted: object) -> None:
    assert PARAMETERS[name].fit(given) == fitted


def test_a_number_below_the_minimum_is_aligned_upwards() -> None:
    assert Parameter("n", "n", "integer", required=True, minimum=100, step=32).fit(90) == 128


@pytest.mark.parametrize(
    ("given", "nearest"), [(1000, (992, 1024)), (128, (128,)), (5000, (2048,)), (-1, (128,))]
)
def test_the_nearest_values_lie_within_the_range(given: int, nearest: tuple[int, ...]) -> None:
    assert PARAMETERS["width"].nearest(given) == nearest


def test_a_range_without_any_multiple_has_no_nearest_value() -> None:
    odd = Parameter("n", "n", "integer", required=True, minimum=5, maximum=7, step=10)
    assert odd.nearest(6) == ()


@pytest.mark.parametrize(
    ("low", "high", "step", "words"),
    [
        (1, 5, None, "1–5"),
        (100, 500, 32, "100–500 in multiples of 32"),
        (1, None, None, "at least 1"),
        (None, 5, 2, "at most 5 in multiples of 2"),
        (None, None, 8, "a multiple of 8"),
        (None, None, None, ""),
    ],
)
def test_a_range_is_told_in_words(
    low: int | None, high: int | None, step: int | None, words: str
) -> None:
    parameter = Parameter("n", "n", "integer", required=True, minimum=low, maximum=high, step=step)
    assert parameter.describe_range() == words


def test_the_closest_choice_forgives_spelling_and_capitals() -> None:
    assert PARAMETERS["mode"].closest_choice("Fast") == "fast"
    assert PARAMETERS["mode"].closest_choice("goood") == "good"
    assert PARAMETERS["scale"].closest_choice(0.9) == 1.0
    assert PARAMETERS["mode"].closest_choice("zzz") is None


def test_a_number_that_is_none_is_given_back() -> None:
    assert math.isnan(Parameter("n", "n", "number", required=True).fit(math.nan))


@pytest.mark.parametrize("value", [10**400, -(10**400), 1e308, math.inf, math.nan])
@pytest.mark.parametrize("step", [None, 32, 0.1])
@pytest.mark.parametrize("word", ["integer", "number"])
def test_a_number_of_any_size_is_fitted_without_a_fault(
    word: str, step: float | None, value: float
) -> None:
    parameter = Parameter("n", "n", word, required=True, step=step)
    parameter.fit(value)
    parameter.nearest(value)
    parameter.closest_choice(value)


def test_a_multiple_of_a_fraction_stays_as_it_is() -> None:
    assert Parameter("n", "n", "number", required=True, step=0.1).fit(0.3) == 0.3


def test_the_closest_number_is_found_on_either_side() -> None:
    parameter = Parameter("n", "n", "choice", required=True, choices=(1, 4, 9))
    found = [parameter.closest_choice(value) for value in (10**400, -(10**400), 5, 8)]
    assert found == [9, 1, 4, 9]
