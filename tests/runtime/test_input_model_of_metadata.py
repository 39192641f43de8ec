"""The input model that metadata alone makes is, parameter by parameter, what the generated one is."""

import json

import pytest
from aki_client import Aki, EndpointInfo, endpoints
from aki_runtime.fields.from_metadata import input_model
from aki_runtime.fields.parameters import parameters_of
from aki_runtime.metadata import read_metadata
from support.package import made_package

SPEC = made_package() / "aki_client" / "spec"
NAMES = json.loads((SPEC / "names.json").read_text("utf-8"))


@pytest.mark.parametrize("endpoint", endpoints.__all__)
def test_its_parameters_are_those_of_the_generated_model(endpoint: str) -> None:
    document = json.loads((SPEC / "endpoints" / f"{endpoint}.json").read_text("utf-8"))
    names = NAMES[document["name"]]["fields"]["input"]
    info: EndpointInfo[object, object] = getattr(Aki(api_key="k"), endpoint).info
    assert info.input is not None
    made = input_model("Made", read_metadata(document).inputs, names)
    # In their order as well, which is that of the problems of a call.
    assert list(parameters_of(made).values()) == list(info.parameters.values())
