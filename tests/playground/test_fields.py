"""Which field of the form stands for which parameter."""

import pytest
from aki_client import Parameter
from aki_playground.form import fields_of
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
    assert fields["steps"].text == "Whole number, 1 to 50. Default 40."
    assert fields["prompt"].text == "Required."
    assert fields["image"].text.startswith("An image; format jpeg, color space RGB or YUV")


def test_every_endpoint_of_the_package_has_a_form(package):
    assert len(package.cards) == 16
    for name in package.cards:
        assert form(package, name)
