"""A refused argument is told in one sentence that says what to do."""

import pytest
from aki_runtime.client.endpoint import check_with_model
from aki_runtime.errors import InvalidParametersError
from support.samples import ChatInput, PictureInput

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)


class Odd:
    """A value whose repr does harm."""

    def __repr__(self):
        raise RuntimeError("no")


def problems(model, **given):
    with pytest.raises(InvalidParametersError) as caught:
        check_with_model("some_endpoint", model, "", given)
    return list(caught.value.problems)


def sentence(model=PictureInput, **given):
    (said,) = problems(model, **({"prompt": "cat"} if model is PictureInput else {}), **given)
    return said


def test_accepted_arguments_are_returned_for_the_wire():
    assert check_with_model("x", PictureInput, "", {"prompt": "cat"}) == {"prompt": "cat"}


def test_a_missing_argument_is_required():
    assert problems(PictureInput) == ["prompt is required"]


def test_a_misspelt_argument_gets_a_hint():
    assert sentence(widht=512) == "unknown parameter 'widht'; did you mean 'width'?"


def test_an_unknown_argument_is_told_what_there_is():
    said = sentence(zzz=1)
    assert said.startswith("unknown parameter 'zzz'; the endpoint takes prompt, class_, width")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"width": 4096}, "width=4096 is out of range 128–2048 (nearest allowed: 2048)"),
        ({"width": 5}, "width=5 is out of range 128–2048 (nearest allowed: 128)"),
        ({"width": 1000}, "width=1000 must be a multiple of 32 (nearest allowed: 992, 1024)"),
        (
            {"width": "big"},
            "width='big' must be a whole number, 128–2048 in multiples of 32, not text",
        ),
        ({"class_": 5}, "class_=5 must be text, not int"),
    ],
)
def test_a_refused_value_is_told_with_what_is_taken(given, said):
    assert sentence(**given).startswith(said)


def test_a_refused_choice_is_told_the_choices():
    assert sentence(ChatInput, mode="xml").startswith(
        "mode='xml' must be one of 'chatml', 'raw', 'json'"
    )


def test_all_problems_come_together_in_the_order_of_the_parameters():
    told = problems(PictureInput, zzz=1, width=1, ratio=9.0, class_=5)
    assert [problem.parameter for problem in told] == ["prompt", "class_", "width", "ratio", "zzz"]


def test_an_argument_is_called_by_its_python_name():
    assert sentence(class_=5).startswith("class_=5")


def test_two_arguments_that_exclude_each_other_are_named():
    messages = [{"role": "user", "content": "Hi"}]
    assert sentence(ChatInput, text_context="Hi", chat_context=messages) == (
        "text_context and chat_context exclude each other; leave one out"
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"", "image: the image is empty"),
        ("nowhere.png", "image: 'nowhere.png' cannot be read: No such file or directory"),
    ],
)
def test_refused_media_are_told_without_their_data(value, said):
    assert sentence(image=value) == said


def test_a_long_value_is_cut_short():
    assert len(sentence(width="9" * 10_000)) < 250
    assert sentence(width="9" * 61).startswith(f"width='{'9' * 57}…' must be ")


def test_a_value_whose_repr_fails_is_told_by_its_type():
    assert sentence(width=Odd()).startswith("width=<Odd> ")


def test_no_sentence_spans_lines():
    assert "\n" not in sentence(width="a\nb")
