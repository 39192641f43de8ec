"""What somebody filled in, read as the arguments of a call."""

import pytest
from aki_client import Parameter
from aki_playground.form import fields_of, read_form
from aki_playground.package import HubPackage


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
