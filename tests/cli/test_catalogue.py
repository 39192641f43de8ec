"""What is read of a package without importing its models, and of a live hub in its place."""

import pytest
from aki_cli.catalogue import Catalogue, CatalogueEntry, default_of, live_endpoint
from aki_cli.commands.call import options_of
from aki_cli.exits import CommandError, Exit
from aki_runtime.metadata import field_in_words, read_metadata
from aki_runtime.terminal import one_line
from support.metadata import details


def test_an_endpoint_is_found_by_either_name() -> None:
    catalogue = Catalogue("aki_client")
    found = catalogue.find("flux-dev")
    assert found is not None
    assert (found.name, found.attribute) == ("flux-dev", "flux_dev")
    assert catalogue.find("flux_dev") == found
    assert catalogue.find("flux dev") is None


@pytest.mark.parametrize("name", ["no_such", "json", "os.path", "a b", "", "..", "aki_client.."])
def test_what_is_no_generated_package_is_said_so(name: str) -> None:
    with pytest.raises(CommandError, match="not a generated package") as caught:
        Catalogue(name)
    assert caught.value.status is Exit.CONFIGURATION


def test_names_in_python_stay_where_the_hub_is_asked() -> None:
    known = CatalogueEntry("hub-name", "attribute", {"input": {"a b": "a_b"}}, {})
    live = live_endpoint("hub-name", details({"a b": {}, "new": {}}), known)
    assert list(live.section("input")) == ["a_b", "new"]
    assert live.attribute == "attribute"


def test_parameters_that_are_spelled_alike_have_options_of_their_own() -> None:
    found = live_endpoint("x", details({"a-b": {}, "a_b": {}, "a=b": {}, "": {}}), None)
    assert options_of(found) == {"a-b": "--a-b", "a_b": "--a_b"}


@pytest.mark.parametrize(
    ("attributes", "words", "default"),
    [
        ({"type": "string", "max_length": 2000}, "Text of at most 2,000 characters", ""),
        ({"type": "integer", "min": 1, "default": 4}, "Whole number, at least 1", "4"),
        (
            {"type": "int", "minimum": 0, "maximum": 64, "align": 32, "auto_convert": True},
            "Whole number, 0–64 in multiples of 32; the hub fits other values",
            "",
        ),
        ({"type": "selection", "supported": ["b", "a"], "default": "a"}, "One of b, a", "a"),
        ({"type": "image_list"}, "A list, each item an image", ""),
        (
            {"type": "hologram\x1b[1m"},
            "Any JSON value; the hub calls its type 'hologram\\x1b[1m'",
            "",
        ),
        ({"type": "string", "default": "x\x1b[1m\ny"}, "Text", "x[1m y"),
    ],
)
def test_what_a_field_takes_is_said_in_words(
    attributes: dict[str, object], words: str, default: str
) -> None:
    field = read_metadata(details({"x": attributes})).inputs["x"]
    assert (field_in_words(field, one_line), default_of(field)) == (words, default)
