"""What a worker makes: text in its formats, pictures of the right size, sound that plays."""

import base64
import io
import json
import wave
from itertools import pairwise

import pytest
from aki_sandbox.validation.validate import validate_inputs
from aki_sandbox.workers.media import paint
from aki_sandbox.workers.outputs import outputs, progress_data
from aki_sandbox.workers.work import plan_work
from PIL import Image


@pytest.fixture
def work(catalogue):
    """Return a maker of work from the inputs of a call."""

    def make(name, **payload):
        endpoint = catalogue[name]
        inputs, refused = validate_inputs(endpoint.inputs, payload)
        assert refused == []
        return plan_work(endpoint, inputs, job_seconds=1)

    return make


def result(work):
    return outputs(work, work.steps)


def decoded(data_uri):
    return base64.b64decode(data_uri.partition(",")[2])


def opened(data_uri):
    return Image.open(io.BytesIO(decoded(data_uri)))


class TestText:
    """Answers of chat models."""

    def test_an_answer_repeats_the_last_message(self, work):
        messages = [{"role": "user", "content": "one"}, {"role": "user", "content": "two"}]
        text = result(work("llama3_chat", chat_context=json.dumps(messages)))["text"]
        assert '"two"' in text
        assert "one" not in text.split('"')[1]

    def test_directives_are_not_repeated(self, work):
        assert "[[" not in result(work("llama3_chat", prompt_input="hi [[dur=1]]"))["text"]

    def test_chatml_holds_the_thinking_in_tags(self, work):
        text = result(work("gpt_oss_chat", prompt_input="hi"))["text"]
        assert text.startswith("<think>\n")
        assert "\n</think>\n\nHello" in text

    def test_json_is_an_object_of_thinking_and_content(self, work):
        text = result(work("gpt_oss_chat", prompt_input="hi", chat_output_format="json"))["text"]
        assert text.keys() == {"thinking", "content"}
        assert text["content"].startswith("Hello")

    def test_raw_is_text_without_added_lines(self, work):
        text = result(work("gpt_oss_chat", prompt_input="hi", chat_output_format="raw"))["text"]
        assert "</think>Hello" in text

    @pytest.mark.parametrize("output_format", ["chatml", "raw", "json"])
    def test_text_grows_with_every_step(self, work, output_format):
        job = work("gpt_oss_chat", prompt_input="hi", chat_output_format=output_format)
        texts = [progress_data(job, step)["text"] for step in range(1, job.steps)]
        written = [t["thinking"] + t["content"] if isinstance(t, dict) else t for t in texts]
        assert all(
            after.startswith(before) and after != before for before, after in pairwise(written)
        )

    def test_max_gen_tokens_limits_the_words(self, work):
        made = result(work("llama3_chat", prompt_input="hi", max_gen_tokens=5))
        assert len(made["text"].split()) == made["num_generated_tokens"] == 5

    def test_lengths_add_up(self, work):
        made = result(work("llama3_chat", prompt_input="hi"))
        whole = made["prompt_length"] + made["num_generated_tokens"]
        assert made["current_context_length"] == whole

    def test_a_tool_is_called_by_directive_as_a_json_string(self, work):
        tools = json.dumps([{"type": "function", "function": {"name": "look_up"}}])
        made = result(work("llama3_chat", prompt_input="x [[tool=look_up]]", tools=tools))
        assert json.loads(made["tool_calls"])[0]["name"] == "look_up"
        assert made["text"] == ""


class TestPictures:
    """Images and previews."""

    @pytest.mark.parametrize(
        ("endpoint", "name"), [("z_image_turbo", "JPEG"), ("qwen_image", "PNG")]
    )
    def test_a_picture_has_the_size_asked_for_and_the_declared_format(self, work, endpoint, name):
        (uri,) = result(work(endpoint, prompt="a cat", width=256, height=128))["images"]
        assert uri.startswith(f"data:image/{name};base64,")
        with opened(uri) as image:
            assert (image.size, image.format, image.mode) == ((256, 128), name, "RGB")

    def test_the_same_prompt_and_seed_give_the_same_picture(self, work):
        call = {"prompt": "a cat", "seed": 7, "width": 128, "height": 128}
        first, second = (result(work("z_image_turbo", **call)) for _ in range(2))
        assert first == second

    def test_another_seed_gives_another_picture(self, work):
        call = {"prompt": "a cat", "width": 128, "height": 128}
        first, second = (result(work("z_image_turbo", seed=s, **call))["images"] for s in (1, 2))
        assert first != second

    def test_a_seed_of_minus_one_is_replaced_by_the_one_used(self, work):
        assert result(work("z_image_turbo", prompt="x", width=128, height=128))["seed"] >= 0

    def test_several_pictures_come_when_asked_for(self, work):
        made = result(work("flux-dev", prompt="x", width=128, height=128, num_samples=3))
        assert len(set(made["images"])) == 3

    def test_an_enlarged_picture_is_as_large_as_asked_for(self, work):
        data = io.BytesIO()
        Image.new("RGB", (20, 10)).save(data, "PNG")
        uri = f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"
        with opened(result(work("image_upscale", image=uri, scale=4))["image"]) as image:
            assert (image.size, image.format) == ((80, 40), "WEBP")

    def test_previews_come_when_asked_for(self, work):
        call = {"prompt": "x", "width": 256, "height": 128}
        job = work("z_image_turbo", provide_progress_images="decoded", **call)
        reported = progress_data(job, 4)
        assert reported["progress_message"] == "step 4/8"
        with opened(reported["progress_images"][0]) as image:
            assert image.size == (96, 48)

    def test_previews_do_not_come_unasked(self, work):
        job = work("z_image_turbo", prompt="x")
        assert progress_data(job, 4).keys() == {"progress_message"}

    def test_an_unheard_of_format_becomes_jpeg(self):
        assert paint("x", (8, 8), 1, {"format": "heic"}).startswith("data:image/JPEG;base64,")

    def test_a_prompt_that_has_no_utf8_is_painted_all_the_same(self, work):
        assert result(work("z_image_turbo", prompt="\ud800", width=128, height=128))["images"]


class TestSound:
    """Speech."""

    def test_speech_is_a_wav_file_as_long_as_its_words(self, work):
        uri = result(work("xttsv2", text="three short words"))["audio"]
        assert uri.startswith("data:audio/wav;base64,")
        with wave.open(io.BytesIO(decoded(uri))) as sound:
            assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (
                22050,
                1,
                2,
            )
            assert sound.getnframes() / sound.getframerate() == pytest.approx(0.36, abs=0.01)


def test_a_result_holds_the_declared_outputs_and_nothing_else(work):
    job = work("seamless_translate", text="hallo", target_language="eng")
    assert result(job).keys() <= job.endpoint.outputs.keys()
