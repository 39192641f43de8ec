"""Options of the official clients, and helpers that are no longer needed."""

import pytest
from aki_client import Aki, AkiError, Audio, Image, MediaError
from e2e.coming_from_aki_io.shared import bodies, covers, picture


class TestOptions:
    """How calls are carried out."""

    @covers("api_server")
    def test_the_hub_s_address_is_an_argument_or_in_the_environment(self, server, monkeypatch):
        assert Aki().api_server == server.url
        monkeypatch.setenv("AKI_API_SERVER", "https://hub.example")
        assert Aki().api_server == "https://hub.example"
        with Aki(api_server=server.url + "/api/") as aki:
            assert aki.endpoints()
            assert aki.api_server == server.url

    @covers("output_binary_format")
    def test_media_are_bytes_and_base64_at_any_time(self, aki):
        image = aki.z_image_turbo(prompt="A duck", width=128, height=128).images[0]
        assert image.bytes.startswith(b"\xff\xd8\xff")
        assert image.data_uri().startswith("data:image/JPEG;base64,")
        assert Image(image.data_uri()).bytes == image.bytes

    @covers("raise_exceptions")
    def test_failures_are_exceptions(self, aki):
        with pytest.raises(AkiError, match="temperature"):
            aki.llama3_chat(temperature=7)
        with pytest.raises(AkiError, match="out of memory"):
            aki.llama3_chat(prompt_input="Hi [[error=out_of_memory]]")

    @covers("progress_interval")
    def test_the_progress_interval_bounds_the_pauses_between_polls(self, recorder):
        prompt = "Hi [[dur=1.5]]"
        Aki(http_client=recorder, progress_interval=0.5).llama3_chat(prompt_input=prompt)
        few = len(bodies(recorder, "progress"))
        recorder.sent.clear()
        aki = Aki(http_client=recorder)
        aki.llama3_chat.with_options(progress_interval=0.02)(prompt_input=prompt)
        assert len(bodies(recorder, "progress")) > 1.5 * few

    @covers("return_tool_call_dict", "tool_calls")
    def test_tool_calls_are_decoded(self, aki):
        parameters = {"type": "object", "properties": {"query": {"type": "string"}}}
        function = {"name": "get_weather", "parameters": parameters}
        tools = [{"type": "function", "function": function}]
        answer = aki.llama3_chat(prompt_input="In Rome? [[tool=get_weather]]", tools=tools)
        calls = [(call.name, call.arguments) for call in answer.tool_calls]
        assert calls == [("get_weather", {"query": "In Rome?"})]
        answer = aki.llama3_chat(prompt_input="In Rome?", tools=tools)
        assert answer.tool_calls == []


class TestHelpers:
    """What no longer needs a helper."""

    @covers("encode_binary")
    def test_media_are_given_as_they_are(self, recorder, tmp_path):
        aki, data = Aki(http_client=recorder), picture()
        path = tmp_path / "photo.png"
        path.write_bytes(data)
        with path.open("rb") as file, Image(data).open() as pillow_image:
            for image in (data, path, file, Image(data), Image(data).data_uri()):
                aki.qwen_image_edit(prompt="Make it blue", image=image)
            aki.qwen_image_edit(prompt="Make it blue", image=pillow_image)
        sent = [body["image"] for body in bodies(recorder, "call")]
        assert sent[:5] == [Image(data).data_uri()] * 5
        assert all(uri.startswith("data:image/png;base64,") for uri in sent)
        assert aki.qwen_image_edit(prompt="Again", image=aki.z_image_turbo(prompt="A").images[0])

    @covers("decode_binary")
    def test_media_come_decoded(self, aki, tmp_path):
        folder = tmp_path
        image = aki.z_image_turbo(prompt="A duck", width=128, height=128).images[0]
        assert image.format == "jpeg"
        saved = image.save(folder)
        assert (saved.suffix, saved.read_bytes()) == (".jpg", image.bytes)
        text = image.data_uri()
        assert (Image(text).format, Image(text).bytes) == ("jpeg", image.bytes)

    @covers("check_if_valid_base64_string")
    def test_text_stays_text(self, aki):
        said = "data:image/png;base64,AAAA is a picture, is it?"
        assert f'"{said}"' in aki.llama3_chat(prompt_input=said).text
        text = "data:image/png;base64,no base64!"
        with pytest.raises(MediaError):
            _ = Image(text).bytes

    @covers("check_if_valid_json_string")
    def test_json_comes_decoded(self, aki):
        answer = aki.llama3_chat(prompt_input="Hi [[think]]", chat_output_format="json")
        assert set(answer.text.data) == {"thinking", "content"}
        tools = [{"type": "function", "function": {"name": "look"}}]
        answer = aki.llama3_chat(prompt_input="Hi [[tool=look]]", tools=tools)
        assert answer.tool_calls[0].name == "look"

    @covers("detect_media_type_from_media_format")
    def test_the_bytes_tell_the_media_type(self):
        image = Image(picture())
        assert image.mime == "image/png"
        assert Audio(b"RIFF\0\0\0\0WAVEfmt ").mime == "audio/wav"
        assert Image(b"who knows").mime == "application/octet-stream"
