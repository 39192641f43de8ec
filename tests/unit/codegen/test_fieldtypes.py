"""From the attributes of a field to its type: every type word and attribute of the metadata."""

import pytest
from aki_codegen.ir import (
    BooleanType,
    ChatType,
    ChoiceType,
    FloatType,
    IntegerType,
    JsonType,
    MediaListType,
    MediaType,
    PromptType,
    Range,
    TextType,
    UnknownType,
)
from aki_codegen.parsing.fieldtypes import MAX_CHOICES
from support.metadata import faulty, type_of

NUMBERS = [("integer", IntegerType), ("float", FloatType)]


class TestTypeWords:
    """Each word means one type."""

    @pytest.mark.parametrize(
        ("word", "kind"),
        [
            ("string", TextType()),
            ("str", TextType()),
            ("integer", IntegerType()),
            ("int", IntegerType()),
            ("float", FloatType()),
            ("bool", BooleanType()),
            ("boolean", BooleanType()),
            ("json", JsonType()),
            ("chat_context", ChatType()),
            ("text_context", PromptType()),
            ("image", MediaType("image")),
            ("audio", MediaType("audio")),
            ("video", MediaType("video")),
            ("image_list", MediaListType("image")),
        ],
    )
    def test_a_word_means_a_type(self, word, kind):
        assert type_of({"type": word}) == kind

    def test_a_missing_word_means_text(self):
        assert type_of({}) == TextType()

    @pytest.mark.parametrize("word", ["tensor", "String", "", 7, ["string"], {"a": 1}])
    def test_any_other_word_is_a_problem_and_takes_any_json_value(self, word):
        parameter, problems = faulty({"type": word})
        assert parameter.type == UnknownType(repr(word))
        assert problems == [f"its type {word!r} is unknown"]

    def test_attributes_that_nobody_knows_are_no_problem(self):
        assert type_of({"type": "bool", "tooltip": "x", "input_temp_file": "auto"}) == BooleanType()


class TestBounds:
    """Both spellings, zero included; a bound that makes no sense is told and left out."""

    @pytest.mark.parametrize(("word", "kind"), NUMBERS)
    @pytest.mark.parametrize(("low", "high"), [("minimum", "maximum"), ("min", "max")])
    def test_both_spellings_are_bounds(self, word, kind, low, high):
        assert type_of({"type": word, low: 2, high: 9}) == kind(Range(2, 9))

    @pytest.mark.parametrize(("word", "kind"), NUMBERS)
    @pytest.mark.parametrize("spelling", ["minimum", "min"])
    def test_a_minimum_of_zero_is_a_bound(self, word, kind, spelling):
        assert type_of({"type": word, spelling: 0}) == kind(Range(minimum=0))

    @pytest.mark.parametrize(("word", "kind"), NUMBERS)
    @pytest.mark.parametrize("spelling", ["maximum", "max"])
    def test_a_maximum_of_zero_is_a_bound(self, word, kind, spelling):
        assert type_of({"type": word, spelling: 0}) == kind(Range(maximum=0))

    def test_bounds_of_whole_numbers_are_rounded_inwards(self):
        assert type_of({"type": "int", "min": 0.5, "max": 9.9}) == IntegerType(Range(1, 9))

    def test_align_is_the_step(self):
        assert type_of({"type": "int", "align": 32}) == IntegerType(Range(step=32))

    def test_with_auto_convert_bounds_are_only_shown(self):
        kind = type_of({"type": "int", "minimum": 1, "auto_convert": True})
        assert kind == IntegerType(Range(1, enforced=False))

    @pytest.mark.parametrize("odd", ["5", True, [1], float("nan"), float("inf")])
    def test_a_bound_that_is_no_number_is_told_and_left_out(self, odd):
        parameter, problems = faulty({"type": "float", "minimum": odd, "maximum": 3})
        assert parameter.type == FloatType(Range(maximum=3))
        assert problems == [f"its minimum {odd!r} is no number"]

    def test_bounds_that_contradict_each_other_are_told_and_left_out(self):
        parameter, problems = faulty({"type": "int", "minimum": 9, "maximum": 2, "align": 2})
        assert parameter.type == IntegerType(Range(step=2))
        assert problems == ["its bounds contradict each other (9 to 2)"]

    @pytest.mark.parametrize("step", [0, -8])
    def test_a_step_that_is_not_above_zero_is_told_and_left_out(self, step):
        parameter, problems = faulty({"type": "int", "align": step})
        assert parameter.type == IntegerType()
        assert problems == [f"its step {step} is not above zero"]


class TestTextLength:
    """`max_length` counts characters."""

    @pytest.mark.parametrize("length", [0, 500, 500.0])
    def test_a_length_is_kept(self, length):
        assert type_of({"max_length": length}) == TextType(int(length))

    def test_with_auto_convert_a_length_is_only_shown(self):
        kind = type_of({"max_length": 5, "auto_convert": True})
        assert kind == TextType(5, enforced=False)

    @pytest.mark.parametrize("odd", [-1, 2.5, "9", True, 10**30])
    def test_what_is_no_length_is_told_and_left_out(self, odd):
        parameter, problems = faulty({"max_length": odd})
        assert parameter.type == TextType()
        assert problems == [f"its max_length {odd!r} is no length"]


class TestSelections:
    """A selection is one of the values in `supported`."""

    def choices(self, *supported):
        kind = type_of({"type": "selection", "supported": list(supported), "default": supported[0]})
        assert isinstance(kind, ChoiceType)
        return kind.choices

    def test_the_hubs_order_stays(self):
        assert self.choices("fast", "best", "a") == ("fast", "best", "a")

    def test_repeated_choices_are_merged(self):
        assert self.choices("a", "b", "a") == ("a", "b")

    def test_numbers_of_both_kinds_and_truth_are_choices(self):
        assert self.choices(1, 0.5, "x", True) == (1, 0.5, "x", True)

    def test_one_and_true_are_two_choices(self):
        assert list(map(repr, self.choices(1, True, 1.0))) == ["1", "True", "1.0"]

    def test_with_auto_convert_choices_are_only_shown(self):
        kind = type_of({"type": "selection", "supported": ["a"], "auto_convert": True})
        assert kind == ChoiceType(("a",), enforced=False)

    @pytest.mark.parametrize("odd", [None, ["a"], float("nan"), "\ud800"])
    def test_a_choice_that_can_not_be_sent_is_told_and_left_out(self, odd):
        parameter, problems = faulty({"type": "selection", "supported": ["a", odd]})
        assert parameter.type == ChoiceType(("a",))
        assert problems == [f"its choice {odd!r} is no text or number"]

    @pytest.mark.parametrize("supported", [None, [], "abc", {}])
    def test_a_selection_without_choices_is_told_and_takes_any_text(self, supported):
        parameter, problems = faulty({"type": "selection", "supported": supported})
        assert parameter.type == TextType()
        assert len(problems) == 1

    def test_a_selection_with_too_many_choices_is_told_and_takes_any_text(self):
        supported = [str(number) for number in range(MAX_CHOICES + 1)]
        parameter, problems = faulty({"type": "selection", "supported": supported})
        assert parameter.type == TextType()
        assert problems == ["it is a selection with 10,001 choices in `supported`"]


class TestChatAndMedia:
    """What a conversation may hold, and which formats media may have."""

    def test_the_media_of_a_conversation_are_those_in_support(self):
        kind = type_of({"type": "chat_context", "support": ["audio", "image", "smell", 3]})
        assert isinstance(kind, ChatType)
        assert [medium.kind for medium in kind.media] == ["image", "audio"]

    def test_formats_of_media_are_named_in_small_letters(self):
        kind = type_of({"type": "image", "format": {"supported": ["JPEG", "jpg", "Png"]}})
        assert isinstance(kind, MediaType)
        assert kind.formats == ("jpeg", "png")

    @pytest.mark.parametrize("described", ["JPEG", None, {"supported": "JPEG"}, {}])
    def test_a_format_without_a_list_names_no_formats(self, described):
        kind = type_of({"type": "image", "format": described})
        assert isinstance(kind, MediaType)
        assert kind.formats == ()
