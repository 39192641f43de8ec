"""`fit` makes of a value what the hub's own conversion makes of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from aki_sandbox.validation.validate import validate_inputs
from hypothesis import example, given, settings
from hypothesis import strategies as st

from .compare import generated, made_up_documents

FITTING = {
    name: document
    for name, document in made_up_documents().items()
    if name in ("rules_of_fitting", "rules_of_fitted_choices", "rules_of_text")
}
NUMBERS = st.one_of(st.integers(), st.floats(-1e6, 1e6), st.sampled_from([10**400, -(10**400)]))


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with generated(FITTING, tmp_path_factory.mktemp("fit"), "fitting_client") as infos:
        yield lambda endpoint, name: infos[endpoint].parameters[name]


def by_hub(endpoint: str, name: str, value: object) -> object:
    attributes = FITTING[endpoint]["parameter_description"]["input"][name]
    values, refusals = validate_inputs({name: attributes}, {name: value})
    assert refusals == []
    return values[name]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(NUMBERS)
@example(1000)
@example(99.9)
@example(-1.5)
def test_numbers(fitted: Any, value: float) -> None:
    for name in ("fitted", "required_fitted"):
        made = fitted("rules_of_fitting", name).fit(value)
        assert json.dumps(made) == json.dumps(by_hub("rules_of_fitting", name, value))
    # What no float can hold is beyond the bounds anyhow.
    held = max(min(value, 2.0), -2.0)
    fraction = fitted("rules_of_fitting", "fitted_fraction").fit(value)
    assert fraction == by_hub("rules_of_fitting", "fitted_fraction", held)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=9))
def test_texts_and_choices(fitted: Any, value: str) -> None:
    assert fitted("rules_of_text", "cut").fit(value) == by_hub("rules_of_text", "cut", value)
    choice = fitted("rules_of_fitted_choices", "choice_fitted")
    assert choice.fit(value) == by_hub("rules_of_fitted_choices", "choice_fitted", value)


@pytest.mark.parametrize("value", [1, 2, 3, -7, 2.0])
def test_choices_of_numbers(fitted: Any, value: float) -> None:
    choice = fitted("rules_of_fitted_choices", "choice_of_numbers_fitted")
    assert choice.fit(value) == by_hub("rules_of_fitted_choices", "choice_of_numbers_fitted", value)
