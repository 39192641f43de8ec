"""A refused parameter is a sentence that says what to do, and a value that a program can read."""

import copy
import json
import pickle

import pytest
from aki_client import Aki, InvalidParametersError, ParameterProblem


def problems(**given):
    with pytest.raises(InvalidParametersError) as caught:
        Aki("test-key").z_image_turbo(**given)
    return caught.value.problems


@pytest.mark.parametrize(
    ("given", "kind", "nearest", "message"),
    [
        (
            {"width": 1000},
            "step",
            (992, 1024),
            "width=1000 must be a multiple of 32 (nearest allowed: 992, 1024)",
        ),
        ({"steps": 1000}, "range", (50,), "steps=1000 is out of range 1–50 (nearest allowed: 50)"),
        ({"seed": -9}, "range", (-1,), "seed=-9 must be at least -1 (nearest allowed: -1)"),
        ({"widht": 512}, "unknown", ("width",), "unknown parameter 'widht'; did you mean 'width'?"),
        (
            {"provide_progress_images": "decode"},
            "choice",
            ("decoded",),
            "provide_progress_images='decode' must be one of 'none', 'decoded'; "
            "did you mean 'decoded'?",
        ),
        (
            {"width": "wide"},
            "type",
            (),
            "width='wide' must be a whole number, 128–2048 in multiples of 32, not text",
        ),
    ],
    ids=["step", "range", "one bound", "unknown", "choice", "type"],
)
def test_a_problem_says_what_is_wrong_and_what_is_allowed(given, kind, nearest, message):
    (problem,) = problems(prompt="a lake", **given)
    assert isinstance(problem, ParameterProblem)
    ((name, value),) = given.items()
    assert (problem.parameter, problem.kind, problem.nearest) == (name, kind, nearest)
    assert str(problem) == problem.message == message
    assert problem.value == (value if kind != "unknown" else None)


def test_a_missing_parameter_is_a_problem_of_its_own():
    (problem,) = problems()
    assert (problem.parameter, problem.kind, problem) == ("prompt", "missing", "prompt is required")


def test_what_the_hub_says_is_a_problem_too(aki):
    with pytest.raises(InvalidParametersError) as caught:
        aki.call("z_image_turbo", {"prompt": "a lake", "steps": 1000})
    (problem,) = caught.value.problems
    assert (problem.kind, problem.parameter) == ("hub", "")
    assert "steps" in problem.message


@pytest.mark.parametrize(
    "carry",
    [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))],  # noqa: S301
    ids=["copy", "deepcopy", "pickle"],
)
def test_problems_survive_the_way_and_are_json(carry):
    with pytest.raises(InvalidParametersError) as caught:
        Aki("test-key").z_image_turbo(prompt="a lake", width=1000)
    (problem,) = carry(caught.value).problems
    assert (problem.parameter, problem.value, problem.nearest) == ("width", 1000, (992, 1024))
    assert json.loads(json.dumps([problem])) == [problem.message]
