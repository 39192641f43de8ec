"""Which chats, pictures, recordings and films an endpoint takes, judged by their bytes."""

import base64
import io
import wave

import pytest
from aki_sandbox.validation.validate import validate_inputs
from PIL import Image
from unit.sandbox.judging import converted, refusals


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
            "Parameter x holds wav, which is not of kind image."
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
