"""Which field of the form stands for which parameter, and what was filled in as arguments of a call."""

import pytest
from aki_client import Parameter
from aki_playground.form import fields_of, read_form
from aki_playground.package import HubPackage


@pytest.fixture(scope="module")
def package():
    return HubPackage("aki_client")


def form(package, endpoint):
    card = package.cards[endpoint]
    return {field.name: field for field in fields_of(card.parameters, card.texts)}


def field_of(**attributes):
    given = {"name": "value", "wire_name": "value", "required": False, **attributes}
    return fields_of({"value": Parameter(**given)}, {})[0]


def test_a_number_with_bounds_is_a_slider_with_the_true_range_and_step(package):
    width = form(package, "z_image_turbo")["width"]
    assert (width.widget, width.minimum, width.maximum, width.step) == ("slider", 128, 2048, 32)
    assert width.initial == 1024


def test_a_number_without_an_upper_bound_is_a_box(package):
    assert form(package, "z_image_turbo")["seed"].widget == "number"


def test_a_slider_begins_at_the_first_multiple_of_its_step():
    field = field_of(type="integer", default=128, minimum=100, maximum=300, step=64)
    assert (field.minimum, field.maximum) == (128, 256)


def test_a_fraction_gets_a_step_that_divides_its_range_finely():
    field = field_of(type="number", default=0.5, minimum=0.0, maximum=1.0)
    assert field.widget == "slider"
    assert field.step == pytest.approx(0.01)


def test_a_number_that_may_be_left_out_is_a_box_because_a_slider_always_holds_one():
    assert field_of(type="integer", minimum=0, maximum=10).widget == "number"


def test_a_range_too_wide_for_a_mouse_is_a_box():
    assert field_of(type="integer", default=0, minimum=0, maximum=2**32).widget == "number"


def test_a_default_beside_the_grid_is_shown_as_it_is():
    field = field_of(type="integer", default=1000, minimum=0, maximum=2048, step=32)
    assert (field.widget, field.initial) == ("number", 1000)


@pytest.mark.parametrize(("low", "high"), [(5, 5), (9, 3), (33, 60)])
def test_a_range_without_two_numbers_is_a_box(low, high):
    field = field_of(type="integer", default=64, minimum=low, maximum=high, step=32)
    assert field.widget == "number"


def test_choices_keep_their_types(package):
    assert form(package, "image_upscale")["scale"].choices == (("2", 2), ("4", 4))


def test_a_choice_that_the_hub_fits_takes_other_values_too(package):
    assert form(package, "whisper_transcribe")["language"].widget == "open_choice"
    assert form(package, "xttsv2")["language"].widget == "choice"


def test_truth_without_a_default_can_be_left_out():
    field = field_of(type="boolean")
    assert (field.widget, field.choices) == ("choice", (("yes", True), ("no", False)))
    assert field_of(type="boolean", default=True).widget == "checkbox"


def test_media_are_uploads_and_json_is_a_box(package):
    assert form(package, "qwen_image_edit")["image"].widget == "image"
    assert form(package, "whisper_transcribe")["audio"].widget == "audio"
    assert form(package, "video_caption")["video"].widget == "video"
    assert form(package, "seamless_translate")["glossary"].widget == "json"


def test_what_must_be_given_comes_first_and_is_never_folded_away(package):
    fields = list(form(package, "qwen_image_edit").values())
    assert [field.name for field in fields if not field.advanced] == [
        "prompt",
        "image",
        "negative_prompt",
        "width",
    ]
    assert all(not field.advanced for field in fields if field.parameter.required)


def test_a_conversation_and_what_excludes_it_are_no_fields(package):
    fields = form(package, "llama3_chat")
    assert "chat_context" not in fields
    assert "text_context" not in fields
    assert all(field.advanced for field in fields.values())


def test_each_field_says_what_it_takes_and_what_the_default_is(package):
    fields = form(package, "flux_dev")
    assert fields["steps"].text == "Whole number, 1–50. Default 40."
    assert fields["prompt"].text == "Required."
    assert fields["image"].text.startswith("An image; format jpeg, color space RGB or YUV")


def test_every_endpoint_of_the_package_has_a_form(package):
    assert len(package.cards) == 16
    for name in package.cards:
        assert form(package, name)


def read(entered, **attributes):
    given = {"name": "value", "wire_name": "value", "required": False, **attributes}
    return read_form(fields_of({"value": Parameter(**given)}, {}), [entered])


@pytest.mark.parametrize("endpoint", sorted(HubPackage("aki_client").cards))
def test_a_form_that_nobody_touched_gives_no_argument(endpoint):
    card = HubPackage("aki_client").cards[endpoint]
    fields = fields_of(card.parameters, card.texts)
    reading = read_form(fields, [field.initial for field in fields])
    given = {name: value for name, value in reading.arguments.items() if value != ""}
    assert given == {}
    assert reading.problems == {}


def test_only_what_differs_from_the_default_is_given():
    assert read(40, type="integer", default=40).arguments == {}
    assert read(40.0, type="integer", default=40).arguments == {}
    assert read(41, type="integer", default=40).arguments == {"value": 41}


def test_a_whole_number_stays_one_on_its_way_through_the_browser():
    value = read(512.0, type="integer", default=40).arguments["value"]
    assert isinstance(value, int)


def test_what_is_no_whole_number_is_left_for_the_client_to_refuse():
    assert read(1.5, type="integer", default=40).arguments == {"value": 1.5}


def test_false_is_not_zero():
    assert read(False, type="boolean", default=True).arguments == {"value": False}
    assert read(0, type="choice", default=False, choices=(False, 0)).arguments == {"value": 0}


def test_a_required_text_that_is_empty_is_missing():
    assert read("", type="text", required=True).arguments == {}


def test_a_default_text_can_be_cleared():
    assert read("", type="text", default="Describe the video.").arguments == {"value": ""}
    assert read("", type="text", default="").arguments == {}


def test_a_required_value_is_given_though_it_equals_nothing():
    assert read(False, type="boolean", required=True).arguments == {"value": False}


def test_json_is_read():
    assert read('{"a": [1, null]}', type="json").arguments == {"value": {"a": [1, None]}}
    assert read("  ", type="json").arguments == {}


@pytest.mark.parametrize("text", ["{", "NaN", "[" * 100_000, "[1,]"])
def test_what_is_no_json_is_explained_at_its_field(text):
    reading = read(text, type="json")
    assert reading.arguments == {}
    assert "JSON" in reading.problems["value"]


def test_an_upload_is_a_path():
    assert read("/tmp/robot.png", type="image").arguments == {"value": "/tmp/robot.png"}  # noqa: S108
    assert read(None, type="image", required=True).arguments == {}


@pytest.mark.parametrize(
    ("endpoint", "name", "taken", "refused"),
    [
        ("z_image_turbo", "width", 512, "512"),
        ("z_image_turbo", "prompt", "A lake", ["A lake"]),
        ("z_image_turbo", "seed", 7, True),
        ("whisper_transcribe", "word_timestamps", True, 1),
        ("xttsv2", "language", "de", "klingon"),
        ("qwen_image_edit", "image", "/ours/a.png", "/etc/passwd"),
        ("seamless_translate", "glossary", "{}", {}),
    ],
)
def test_a_field_holds_nothing_that_is_not_of_its_kind(package, endpoint, name, taken, refused):
    field = form(package, endpoint)[name]
    assert field.holds(taken, lambda path: path.startswith("/ours"))
    assert not field.holds(refused, lambda path: path.startswith("/ours"))
    assert not field.holds(None, lambda path: True)


def test_a_label_is_the_name_in_words(package):
    fields = form(package, "z_image_turbo")
    assert [fields[name].label for name in ("prompt", "negative_prompt")] == [
        "Prompt *",
        "Negative prompt",
    ]
