"""The exported schema of an input accepts what the generated model accepts, and refuses what it refuses.

JSON Schema checks no bytes of media and no document within a text, so the latter is checked here as its
`contentSchema` says, and calls that are about the former are left to the hub. A parameter that the hub converts
is described by its declared type; of a value of another type the model says yes and the schema no.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from agreement.compare import (
    TRANSPORT,
    captured_documents,
    catalogue_documents,
    generated,
    plainly_encoded,
)
from agreement.inputs import calls
from aki_codegen.rendering.schema import input_schema
from hypothesis import given
from jsonschema import Draft202012Validator
from support.drawing import drawn

from .documents import endpoints_of

EXAMPLES = 30
MEDIA = {"image", "audio", "video"}


def _without_media(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out the parameters that are media: every valid call of some endpoints would hold one."""
    sections = document["parameter_description"]
    inputs = {n: a for n, a in sections["input"].items() if a.get("type") not in MEDIA}
    return {**document, "parameter_description": {**sections, "input": inputs}}


SOURCES = {
    source: {name: _without_media(document) for name, document in documents.items()}
    for source, documents in (
        ("catalogue", catalogue_documents()),
        ("recorded", captured_documents()),
    )
}
CASES = [(source, name) for source, documents in SOURCES.items() for name in sorted(documents)]


@pytest.fixture(scope="module")
def infos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("schemas")
    with (
        generated(SOURCES["catalogue"], folder, "schema_catalogue") as catalogue,
        generated(SOURCES["recorded"] or SOURCES["catalogue"], folder, "schema_recorded") as taped,
    ):
        yield {"catalogue": catalogue, "recorded": taped}


@pytest.mark.parametrize(("source", "name"), CASES, ids=[f"{s}-{n}" for s, n in CASES])
def test_schema_and_model_agree(infos: Any, source: str, name: str) -> None:
    document = SOURCES[source][name]
    parameters = document["parameter_description"]["input"]
    (endpoint,) = endpoints_of({name: document})
    validator = Draft202012Validator(input_schema(endpoint))
    agreed = {True: 0, False: 0}

    @drawn(EXAMPLES)
    @given(calls(parameters))
    def draw(call: dict[str, Any]) -> None:
        sent = {n: v for n, v in call.items() if n not in TRANSPORT}
        if _holds_media(sent):
            return
        model_accepts = _model_accepts(infos[source][name], sent)
        problems = _problems(validator, plainly_encoded(sent, parameters), parameters)
        if model_accepts and problems and _only_of_converted(problems, parameters):
            return
        assert model_accepts == (not problems), (sent, problems)
        agreed[model_accepts] += 1

    draw()
    assert sum(agreed.values()) > EXAMPLES / 10


def test_some_are_accepted_and_some_refused() -> None:
    (endpoint,) = endpoints_of({"flux-dev": SOURCES["catalogue"]["flux-dev"]})
    validator = Draft202012Validator(input_schema(endpoint))
    assert validator.is_valid({"prompt": "a robot", "seed": 3})
    assert not validator.is_valid({"prompt": "a robot", "sead": 3})
    assert not validator.is_valid({"prompt": None})


def _model_accepts(info: Any, call: dict[str, Any]) -> bool:
    try:
        info.check(dict(call))
    except Exception as error:
        if type(error).__name__ != "InvalidParametersError":  # of whichever package
            raise
        return False
    return True


def _problems(validator: Any, sent: dict[str, Any], parameters: Any) -> list[tuple[str, str]]:
    errors = [
        (str(error.absolute_path[0]) if error.absolute_path else "", error.message)
        for error in validator.iter_errors(sent)
    ]
    for name, text in sent.items():
        schema = validator.schema["properties"].get(name, {})
        if "contentSchema" in schema and isinstance(text, str):
            within = Draft202012Validator(schema["contentSchema"])
            errors += [(name, error.message) for error in within.iter_errors(json.loads(text))]
    return errors


def _only_of_converted(problems: list[tuple[str, str]], parameters: Any) -> bool:
    return all((parameters.get(name) or {}).get("auto_convert") for name, _ in problems)


def _holds_media(value: Any) -> bool:
    if isinstance(value, dict):
        return any(key in MEDIA or _holds_media(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_holds_media, value))
