"""Which inputs an endpoint takes, what it makes of them, and how it refuses the others."""

import base64
import io
import wave

import pytest
from aki_codegen.sandbox.validation.validate import validate_inputs
from PIL import Image

HINT = (
    "\n\nSet auto_convert = true for x in the [INPUT] section of the endpoint config file "
    "to avoid this error.\n"
)


def refusals(attributes, value, **options):
    return validate_inputs({"x": attributes}, {"x": value}, **options)[1]


def converted(attributes, value, **options):
    values, refused = validate_inputs({"x": attributes}, {"x": value}, **options)
    assert refused == []
    return values.get("x")


def data_uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def picture(format_name: str = "PNG", size=(64, 64), mode: str = "RGB") -> str:
    data = io.BytesIO()
    Image.new(mode, size).save(data, format_name)
    return data_uri(f"image/{format_name}", data.getvalue())


def recording(rate: int = 16000, channels: int = 1, seconds: float = 0.1) -> str:
    data = io.BytesIO()
    with wave.open(data, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(bytes(2 * channels * int(rate * seconds)))
    return data_uri("audio/wav", data.getvalue())


class TestPresence:
    """Required values, defaults and unknown names."""

    def test_unknown_names_are_refused_in_one_sentence(self):
        _, refused = validate_inputs({}, {"foo": 1, "bar": "2"})
        assert refused == ["Invalid input parameter(s): foo, bar"]

    @pytest.mark.parametrize("payload", [{}, {"x": None}])
    def test_a_missing_required_value_is_refused_whatever_its_default(self, payload):
        attributes = {"required": True, "default": "", "auto_convert": True}
        _, refused = validate_inputs({"x": attributes}, payload)
        assert refused == ["Missing required argument: x"]

    def test_an_absent_value_becomes_the_default(self):
        assert validate_inputs({"x": {"type": "integer", "default": 3}}, {}) == ({"x": 3}, [])

    def test_a_null_becomes_the_default(self):
        assert converted({"type": "integer", "default": 3}, None) == 3

    def test_a_default_is_checked_like_any_value(self):
        _, refused = validate_inputs({"x": {"type": "integer", "default": 3, "maximum": 2}}, {})
        assert len(refused) == 1

    def test_an_absent_value_without_default_stays_absent(self):
        assert validate_inputs({"x": {"type": "integer"}}, {}) == ({}, [])

    def test_refusals_come_together_unknown_names_first_then_as_declared(self):
        parameters = {"b": {"required": True}, "a": {"type": "int"}}
        _, refused = validate_inputs(parameters, {"a": "1", "c": 1})
        assert [sentence.split()[0] for sentence in refused] == ["Invalid", "Missing", "Invalid"]


class TestTypes:
    """The JSON types that each type word takes."""

    @pytest.mark.parametrize(
        ("word", "value"),
        [
            ("string", "a"),
            ("str", "a"),
            ("integer", 1),
            ("int", 1),
            ("float", 0.5),
            ("bool", True),
            ("boolean", False),
            ("text_context", "a"),
        ],
    )
    def test_a_value_of_the_declared_type_passes_unchanged(self, word, value):
        assert converted({"type": word}, value) == value

    @pytest.mark.parametrize(
        ("word", "value", "expected", "got"),
        [
            ("int", "40", "int", "str"),
            ("float", "hot", "float", "str"),
            ("string", 5, "str", "int"),
            ("bool", "true", "bool", "str"),
            ("bool", 1, "bool", "int"),
            ("json", {"a": 1}, "str", "dict"),
            ("chat_context", [], "str", "list"),
            ("image", 5, "str", "int"),
            ("int", 3.9, "int", "float"),
            ("int", True, "int", "bool"),
            ("float", True, "float", "bool"),
        ],
    )
    def test_a_value_of_another_type_is_refused(self, word, value, expected, got):
        assert refusals({"type": word}, value) == [
            f"Invalid argument type x={value}. "
            f"Expected: <class '{expected}'> but got <class '{got}'>!"
        ]

    def test_a_missing_type_means_string(self):
        assert len(refusals({}, 5)) == 1

    def test_a_whole_number_is_fine_for_a_float(self):
        assert isinstance(converted({"type": "float"}, 1), float)

    def test_a_float_without_fraction_is_an_integer(self):
        assert isinstance(converted({"type": "integer"}, 3.0), int)

    @pytest.mark.parametrize(
        ("word", "value", "result"),
        [("int", "7", 7), ("float", "0.5", 0.5), ("str", 5, "5"), ("int", 3.9, 3)],
    )
    def test_auto_convert_coerces_the_type(self, word, value, result):
        assert converted({"type": word, "auto_convert": True}, value) == result

    def test_auto_convert_reads_the_word_false_as_false(self):
        assert converted({"type": "bool", "auto_convert": True}, "false") is False

    def test_auto_convert_refuses_what_cannot_be_converted(self):
        assert refusals({"type": "int", "auto_convert": True}, "many") == [
            "Parameter x = many cannot be read as int."
        ]

    def test_a_long_value_is_cut_in_the_sentence(self):
        assert len(refusals({"type": "int"}, "9" * 5000)[0]) < 250


class TestNumbers:
    """Bounds and alignment."""

    @pytest.mark.parametrize("spelling", ["maximum", "max"])
    def test_a_number_above_the_maximum_is_refused(self, spelling):
        assert refusals({"type": "int", spelling: 1000}, 100000) == [
            "Parameter x = 100000 is too high. Max supported value for x on this endpoint is 1000!"
            + HINT
        ]

    @pytest.mark.parametrize("spelling", ["minimum", "min"])
    def test_a_number_below_the_minimum_is_refused(self, spelling):
        assert refusals({"type": "int", spelling: 1}, 0) == [
            "Parameter x = 0 is too low. Min supported value for x on this endpoint is 1!" + HINT
        ]

    @pytest.mark.parametrize("value", [1, 9])
    def test_bounds_are_inclusive(self, value):
        assert converted({"type": "int", "minimum": 1, "maximum": 9}, value) == value

    @pytest.mark.parametrize(("spelling", "value"), [("min", -1), ("max", 1)])
    def test_a_bound_of_zero_holds_in_the_short_spelling_too(self, spelling, value):
        assert len(refusals({"type": "int", spelling: 0}, value)) == 1

    def test_a_number_that_is_no_multiple_is_refused(self):
        assert refusals({"type": "int", "align": 32}, 1000) == [
            "Parameter x = 1000 is no multiple of 32, and only multiples are taken." + HINT
        ]

    @pytest.mark.parametrize(
        ("value", "result"), [(1_000_000, 2048), (1, 128), (1000, 992), (333, 320), (140, 140)]
    )
    def test_auto_convert_clamps_and_aligns_downwards(self, value, result):
        align = 32 if value != 140 else 20
        attributes = {"type": "int", "minimum": 128, "maximum": 2048, "align": align}
        assert converted({**attributes, "auto_convert": True}, value) == result

    def test_auto_convert_aligns_upwards_where_down_falls_below_the_minimum(self):
        attributes = {"type": "int", "minimum": 100, "align": 32, "auto_convert": True}
        assert converted(attributes, 110) == 128


class TestText:
    """The length of strings."""

    def test_a_text_of_the_greatest_length_passes(self):
        assert converted({"type": "string", "max_length": 3}, "abc") == "abc"

    def test_a_longer_text_is_refused(self):
        assert refusals({"type": "string", "max_length": 3}, "abcd") == [
            "Parameter x = abcd is too long: it has 4 characters, and 3 are the most."
        ]

    def test_auto_convert_cuts_a_longer_text(self):
        attributes = {"type": "string", "max_length": 3, "auto_convert": True}
        assert converted(attributes, "abcd") == "abc"


class TestSelection:
    """Values out of a list."""

    def test_an_unknown_value_is_refused(self):
        assert refusals({"type": "selection", "supported": ["a", "b"]}, "c") == [
            "Parameter x = c not in supported values ['a', 'b']!\n" + HINT.lstrip()
        ]

    @pytest.mark.parametrize(("supported", "value"), [([2, 4], 4), ([0.25, 1.0], 1)])
    def test_values_may_be_numbers(self, supported, value):
        assert converted({"type": "selection", "supported": supported}, value) == value

    def test_a_value_of_another_type_is_refused_twice(self):
        assert len(refusals({"type": "selection", "supported": ["a"]}, 3)) == 2

    def test_without_default_a_selection_is_in_fact_required(self):
        attributes = {"type": "selection", "supported": ["a"], "required": False}
        assert refusals(attributes, None) == [
            "Parameter x = None not in supported values ['a']!\n" + HINT.lstrip()
        ]

    @pytest.mark.parametrize(("default", "result"), [({"default": "b"}, "b"), ({}, "a")])
    def test_auto_convert_replaces_an_unknown_value(self, default, result):
        attributes = {"type": "selection", "supported": ["a", "b"], "auto_convert": True}
        assert converted({**attributes, **default}, "c") == result


class TestJson:
    """Values that travel as JSON in a string."""

    @pytest.mark.parametrize(("text", "value"), [("[1]", [1]), ('{"a": null}', {"a": None})])
    def test_a_json_string_becomes_its_value(self, text, value):
        assert converted({"type": "json"}, text) == value

    def test_broken_json_is_refused(self):
        assert refusals({"type": "json"}, "[{") == ["Input parameter x=[{ has invalid json format!"]


class TestChat:
    """Messages and their parts."""

    @pytest.mark.parametrize(
        ("messages", "complaint"),
        [
            ('{"role": "user"}', "is not a list of messages!"),
            ('[{"role": "user"}]', "without the required keys 'role' and 'content'"),
            ('["hi"]', "without the required keys 'role' and 'content'"),
            (
                '[{"role": "tool", "content": "x"}]',
                "has an item with an invalid value for key 'role'. "
                "Only {'user', 'system', 'assistant'} are allowed!",
            ),
            ('[{"role": "user", "content": 5}]', "is neither a string nor a list!"),
            ('[{"role": "user", "content": [{"text": 5}]}]', "'text' is not a string!"),
            (
                '[{"role": "user", "content": [{"text": "a", "image": "b"}]}]',
                "not an object with exactly one key!",
            ),
            (
                '[{"role": "user", "content": [{"image": "data:"}]}]',
                "of kind 'image' that is not supported!",
            ),
        ],
    )
    def test_a_context_that_breaks_a_rule_is_refused(self, messages, complaint):
        (sentence,) = refusals({"type": "chat_context"}, messages)
        assert sentence.endswith(complaint)

    def test_further_keys_of_a_message_pass(self):
        messages = '[{"role": "user", "content": "hi", "name": "Ada"}]'
        assert converted({"type": "chat_context"}, messages)[0]["name"] == "Ada"

    def test_a_medium_named_in_support_passes(self):
        messages = f'[{{"role": "user", "content": [{{"image": "{picture()}"}}]}}]'
        assert converted({"type": "chat_context", "support": ["image"]}, messages)

    def test_limits_of_a_medium_stand_under_its_kind(self):
        limits = {"size": {"maximum": [32, 32]}}
        messages = f'[{{"role": "user", "content": [{{"image": "{picture(size=(64, 8))}"}}]}}]'
        attributes = {"type": "chat_context", "support": ["image"], "image": limits}
        (sentence,) = refusals(attributes, messages)
        assert sentence.startswith("Parameter x.image.size = 64 is too high.")

    @pytest.mark.parametrize("text", ["x", ""])
    def test_a_text_context_beside_a_chat_context_is_refused(self, text):
        parameters = {"chat": {"type": "chat_context"}, "text": {"type": "text_context"}}
        _, refused = validate_inputs(parameters, {"chat": "[]", "text": text})
        assert refused == [
            "Parameter 'text' is of type 'text_context', but the parameter(s) of type "
            "'chat_context' were also provided: chat. Only one type of parameter, either "
            "'chat_context' or 'text_context', can be included in the request. Please remove the "
            "conflicting parameter(s) and try again."
        ]


class TestMedia:
    """Data URIs, what their bytes are, and what the endpoint takes of that."""

    @pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"])
    def test_every_format_of_pictures_is_known_by_its_bytes(self, name):
        assert converted({"type": "image"}, picture(name)) == picture(name)

    @pytest.mark.parametrize(
        ("kind", "head"),
        [
            ("audio", b"ID3\x04"),
            ("audio", b"\xff\xfb\x90"),
            ("audio", b"OggS"),
            ("audio", b"fLaC"),
            ("video", b"\x1a\x45\xdf\xa3"),
            ("video", b"\x00\x00\x00\x18ftypmp42"),
        ],
    )
    def test_formats_of_sound_and_video_are_known_by_their_first_bytes(self, kind, head):
        assert refusals({"type": kind}, data_uri("x/y", head + bytes(20))) == []

    @pytest.mark.parametrize(
        "value",
        [
            "data:image/png;base64,AAAA",
            "data:image/png;base64,???",
            "iVBORw0KGgo=",
            "",
            data_uri("image/png", b"\x89PNG\r\n\x1a\n but no more"),
        ],
    )
    def test_what_holds_no_medium_is_denied(self, value):
        assert refusals({"type": "image"}, value) == [
            "Parameter x denied. Format not recognized by ffprobe."
        ]

    def test_the_header_is_ignored_in_favour_of_the_bytes(self):
        mislabelled = picture().replace("image/PNG", "audio/wav")
        assert refusals({"type": "image"}, mislabelled) == []

    def test_a_medium_of_another_kind_is_denied(self):
        assert refusals({"type": "image"}, recording()) == [
            "Parameter x holds wav, which is no image."
        ]

    @pytest.mark.parametrize("supported", [["JPEG"], ["jpg"], ["png", "jpeg"]])
    def test_format_names_are_compared_without_case_and_jpg_is_jpeg(self, supported):
        attributes = {"type": "image", "format": {"supported": supported}}
        assert refusals(attributes, picture("JPEG")) == []

    @pytest.mark.parametrize(
        ("limits", "value"),
        [
            ({"format": {"supported": ["JPEG"]}}, picture("PNG")),
            ({"color_space": {"supported": ["GRAY"]}}, picture()),
            ({"size": {"minimum": [65, 1]}}, picture()),
            ({"size": {"max": [64, 63]}}, picture()),
            ({"size": {"align": [60, 64]}}, picture()),
        ],
    )
    def test_a_picture_outside_a_limit_is_refused_once(self, limits, value):
        assert len(refusals({"type": "image", **limits}, value)) == 1

    @pytest.mark.parametrize(
        "limits",
        [
            {"sample_rate": {"supported": [8000, 48000]}},
            {"sample_rate": {"maximum": 8000}},
            {"sample_bit_depth": {"supported": [8]}},
            {"channels": {"maximum": 1}},
            {"duration": {"minimum": 1}},
            {"audio_bit_rate": {"maximum": 1000}},
        ],
    )
    def test_a_recording_outside_a_limit_is_refused_once(self, limits):
        assert len(refusals({"type": "audio", **limits}, recording(channels=2))) == 1

    def test_limits_with_auto_convert_refuse_nothing(self):
        limits = {"size": {"maximum": [8, 8], "auto_convert": True}}
        formats = {"format": {"supported": ["JPEG"], "auto_convert": True}}
        assert refusals({"type": "image", **limits, **formats}, picture()) == []

    def test_each_picture_of_a_list_is_checked(self):
        assert len(refusals({"type": "image_list"}, [picture(), "no", "nor this"])) == 2


class TestDefectsOfThePublicServer:
    """What the public server does instead of what its metadata says."""

    @pytest.mark.parametrize(("spelling", "value"), [("min", -5), ("max", 5)])
    def test_a_short_bound_of_zero_is_forgotten(self, spelling, value):
        attributes = {"type": "int", spelling: 0}
        assert converted(attributes, value, public_server_defects=True) == value

    def test_a_long_bound_of_zero_holds(self):
        assert refusals({"type": "int", "minimum": 0}, -1, public_server_defects=True)

    def test_a_float_for_an_integer_is_cut(self):
        assert converted({"type": "int"}, 3.9, public_server_defects=True) == 3

    def test_true_passes_as_an_integer(self):
        assert converted({"type": "int"}, True, public_server_defects=True) == 1

    def test_a_text_too_long_becomes_the_number(self):
        attributes = {"type": "string", "max_length": 3, "auto_convert": True}
        assert converted(attributes, "abcd", public_server_defects=True) == 3
