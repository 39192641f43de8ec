"""A generated package as the playground sees it."""

import sys

import pytest
from aki_playground.docstrings import parameter_texts
from aki_playground.package import HubPackage, PlaygroundError


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


def test_a_parameter_is_described_as_in_the_docstring():
    texts = parameter_texts(
        "Title.\n\n    Args:\n        width: Whole number,\n            1 to 5. Default 3.\n"
        '        name: How it is called. Text. Default "".\n\n    Returns:\n        `width: no`.\n'
    )
    assert texts == {"width": "Whole number, 1 to 5. Default 3.", "name": "How it is called."}


def test_a_docstring_without_parameters_or_none_at_all_says_nothing():
    assert parameter_texts("Title.\n\nReturns:\n    `x`.") == {}
    assert parameter_texts("") == {}


def test_the_launcher_imports_no_gradio_before_it_is_called():
    loaded = [name for name in sys.modules if name.split(".")[0] == "gradio"]
    import aki_playground.app  # noqa: F401

    assert [name for name in sys.modules if name.split(".")[0] == "gradio"] == loaded
