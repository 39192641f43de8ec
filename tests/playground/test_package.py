"""A generated package as the playground sees it."""

import asyncio
import sys

import pytest
from aki_client import DeadlineExceededError
from aki_playground.package import HubPackage, PlaygroundError, field_text
from aki_runtime.metadata import read_metadata
from support.metadata import details


@pytest.mark.parametrize("name", ["no_such_package", "json", "", "..", "os.path"])
def test_what_is_no_generated_package_is_refused_with_advice(name):
    with pytest.raises(
        PlaygroundError, match="give the name of a package that aki-codegen generated"
    ):
        HubPackage(name)


def test_an_endpoint_without_a_category_has_one_to_be_found_under():
    cards = HubPackage("aki_client").cards
    assert cards["flux_dev"].category == "other"
    assert cards["xttsv2"].category == "tts"


def test_no_time_at_all_is_a_limit_too():
    client = HubPackage("aki_client", api_server="http://127.0.0.1:9", timeout=0).client("a-key")
    with pytest.raises(DeadlineExceededError, match="no time was given"):
        asyncio.run(client.xttsv2(text="Hi"))


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"type": "int", "min": 1, "max": 5, "default": 3}, "Whole number, 1–5. Default 3."),
        (
            {"type": "string", "description": "How it is called.", "default": ""},
            "How it is called.",
        ),
        (
            {"type": "string", "required": True, "max_length": 9},
            "Text of at most 9 characters. Required.",
        ),
        ({"type": "string", "description": "a\x1b[1m\nb"}, "a[1m b."),
        ({"type": "string"}, ""),
    ],
)
def test_a_field_says_what_the_hub_says_of_the_parameter(attributes, text):
    assert field_text(read_metadata(details({"x": attributes})).inputs["x"]) == text


def test_the_launcher_imports_no_gradio_before_it_is_called():
    loaded = [name for name in sys.modules if name.split(".")[0] == "gradio"]
    import aki_playground.app  # noqa: F401

    assert [name for name in sys.modules if name.split(".")[0] == "gradio"] == loaded
