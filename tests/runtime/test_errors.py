"""The exceptions: their tree, what else they are, and that they travel between processes."""

import builtins
import copy
import pickle
import re
from decimal import Decimal

import pytest
from aki_runtime import errors, public
from aki_runtime.chat.text import ChatText
from aki_runtime.errors import AkiError
from aki_runtime.fields.base import MissingOutputError
from aki_runtime.media.objects import Image, MediaError


def subclasses(kind):
    return [kind, *(deeper for sub in kind.__subclasses__() for deeper in subclasses(sub))]


EXAMPLES = [
    errors.AkiError("no", endpoint="chat", hub_messages=["a"]),
    errors.ConfigurationError("no"),
    errors.MissingKeyError("no key", endpoint="chat"),
    errors.BudgetExceededError(
        "no", endpoint="chat", asked=Decimal(2), left=Decimal(1), budget=Decimal(9)
    ),
    errors.InvalidParametersError("chat", ["a", "b"], by_hub=True),
    errors.ConnectionFailedError("no", endpoint="chat", sent=False),
    errors.DeadlineExceededError("no", endpoint="chat", job_id="job"),
    errors.EndpointRemovedError("gone", endpoint="chat"),
    errors.UnexpectedAnswerError("no", endpoint="chat"),
    *(
        kind("no", status=499, endpoint="chat", hub_messages=["a"])
        for kind in subclasses(errors.StatusError)
    ),
    *(
        kind("no", endpoint="chat", job_id="job", partial={"text": ChatText("half")})
        for kind in subclasses(errors.JobError)
    ),
    MediaError("no"),
    MissingOutputError("no", endpoint="chat"),
]
ALL = pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)


def drawn_parents():
    """Read the tree in the module's docstring: (class, its parent)."""
    above = {}
    for line in errors.__doc__.splitlines():
        found = re.match(r"^((?:│   |    )*)(?:├── |└── )(\w+)", line)
        if found or line.strip() == "AkiError":
            depth = len(found[1]) // 4 + 1 if found else 0
            name = found[2] if found else "AkiError"
            above[depth] = name
            if depth:
                yield name, above[depth - 1]


def test_the_tree_is_as_it_is_drawn():
    real = {
        kind.__name__: kind.__bases__[0].__name__
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, AkiError) and kind is not AkiError
    }
    assert dict(drawn_parents()) == real


def test_every_exception_of_the_tree_is_public():
    assert {name for name, _ in drawn_parents()} <= set(public.__all__)


def test_every_exception_is_tried_here():
    ours = {kind for kind in subclasses(AkiError) if kind.__module__ == errors.__name__}
    assert ours == {type(error) for error in EXAMPLES}


@ALL
@pytest.mark.parametrize("carry", [lambda e: pickle.loads(pickle.dumps(e)), copy.deepcopy])  # noqa: S301
def test_an_exception_survives_the_way(error, carry):
    again = carry(error)
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))


@ALL
def test_an_exceptions_message_is_what_it_shows(error):
    assert str(error) == error.message


def test_typed_partial_outputs_survive_the_way():
    partial = {"images": [Image(b"\x89PNG\r\n\x1a\n")]}
    error = errors.JobFailedError("no", endpoint="flux", job_id="job", partial=partial)
    assert pickle.loads(pickle.dumps(error)).partial == partial  # noqa: S301


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.ConfigurationError, "ValueError"),
        (errors.InvalidParametersError, "ValueError"),
        (errors.ConnectionFailedError, "ConnectionError"),
        (errors.DeadlineExceededError, "TimeoutError"),
        (MissingOutputError, "AttributeError"),
        (MediaError, "ValueError"),
    ],
)
def test_an_exception_is_also_what_python_calls_it(kind, builtin):
    assert issubclass(kind, getattr(builtins, builtin))


def test_one_problem_stands_in_the_line():
    error = errors.InvalidParametersError("chat", ["top_k is too high"])
    assert str(error) == "invalid parameters for chat: top_k is too high"


def test_several_problems_stand_one_below_the_other():
    error = errors.InvalidParametersError("chat", ["a", "b"], by_hub=True)
    assert str(error) == "the hub refused chat:\n  - a\n  - b"


@pytest.mark.parametrize("by_hub", [True, False])
def test_both_sides_refuse_with_the_same_list_of_problems(by_hub):
    assert errors.InvalidParametersError("chat", ["a", "b"], by_hub=by_hub).problems == ("a", "b")
