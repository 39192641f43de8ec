"""The OpenAPI document of a hub: valid, and true to the protocol."""

import json
from typing import Any

import pytest
from agreement.compare import captured_documents, catalogue_documents
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from support.metadata import details

from .documents import openapi_of

CATALOGUE = catalogue_documents()
CAPTURED = captured_documents()


def problems(document: dict[str, Any]) -> list[str]:
    """Return what the standard validators have against a document."""
    found = [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()]
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    return found


def call_schema(inputs: dict[str, Any], **top: Any) -> dict[str, Any]:
    """Return the schema of one endpoint's call."""
    document = openapi_of({"painter": details(inputs, **top)})
    return document["components"]["schemas"]["PainterCall"]


def field(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of one required parameter with these attributes."""
    return call_schema({"value": {**attributes, "required": True}})["properties"]["value"]


class TestValidity:
    """The standard validators find nothing."""

    def test_the_catalogue(self) -> None:
        assert problems(openapi_of(CATALOGUE)) == []

    def test_an_aime_server(self) -> None:
        assert problems(openapi_of(CATALOGUE, "aime")) == []

    @pytest.mark.skipif(not CAPTURED, reason="the recorded metadata is not beside this checkout")
    def test_recorded_metadata(self) -> None:
        assert problems(openapi_of(CAPTURED, "aime")) == []

    def test_the_same_metadata_in_another_order_gives_the_same_bytes(self) -> None:
        backwards = dict(reversed(CATALOGUE.items()))
        assert json.dumps(openapi_of(CATALOGUE)) == json.dumps(openapi_of(backwards))


class TestRoutes:
    """Paths are those of the hub's layout."""

    def test_aki_io(self) -> None:
        paths = openapi_of({"flux-dev": CATALOGUE["flux-dev"]})["paths"]
        assert set(paths) == {
            "/api/endpoints",
            "/api/endpoints/{name}",
            "/api/validate_key",
            "/api/call/flux-dev",
            "/api/progress/flux-dev",
        }

    def test_an_aime_server(self) -> None:
        paths = openapi_of({"flux-dev": CATALOGUE["flux-dev"]}, "aime")["paths"]
        assert {"/flux-dev", "/flux-dev/progress"} < set(paths)

    def test_calls_are_posted_with_the_key_in_the_body(self) -> None:
        operation = openapi_of({"painter": details()})["paths"]["/api/call/painter"]
        assert set(operation) == {"post"}
        assert "security" not in operation["post"]
        assert call_schema({})["properties"]["key"]["format"] == "password"

    def test_a_hub_may_be_asked_about_itself_without_a_key(self) -> None:
        operation = openapi_of({})["paths"]["/api/endpoints"]["get"]
        assert operation["security"] == [{}, {"key": []}]

    def test_the_transports_own_parameters_are_not_inputs_of_the_endpoint(self) -> None:
        schema = call_schema({"key": {"type": "string", "required": True}, "seed": {}})
        assert set(schema["properties"]) == {"seed", "key", "wait_for_result"}
        assert schema["required"] == []

    def test_each_kind_of_error_is_described(self) -> None:
        paths = openapi_of({"painter": details()})["paths"]
        assert {"200", "400", "401", "402", "404", "413", "500", "502", "503", "504"} == set(
            paths["/api/call/painter"]["post"]["responses"]
        )
        assert (
            "does not know the job"
            in (paths["/api/progress/painter"]["post"]["responses"]["402"]["description"])
        )


class TestParameters:
    """What a parameter takes is said in the words of JSON Schema."""

    def test_range_and_step(self) -> None:
        attributes = {"type": "integer", "minimum": 64, "maximum": 2048, "align": 32}
        assert field(attributes) == {
            "type": "integer",
            "minimum": 64,
            "maximum": 2048,
            "multipleOf": 32,
        }

    def test_a_step_that_floats_hold(self) -> None:
        assert field({"type": "float", "align": 0.25}) == {"type": "number", "multipleOf": 0.25}

    def test_a_step_that_floats_hold_only_nearly_is_told(self) -> None:
        schema = field({"type": "float", "align": 0.1})
        assert schema == {"type": "number", "description": "Number, a multiple of 0.1."}

    def test_what_the_hub_converts_is_told_and_not_enforced(self) -> None:
        schema = field({"type": "integer", "maximum": 9, "auto_convert": True})
        assert schema == {
            "type": "integer",
            "description": "Whole number, at most 9; the hub fits other values.",
        }

    def test_choices(self) -> None:
        assert field({"type": "selection", "supported": ["a", "b"]}) == {"enum": ["a", "b"]}
        numbers = field({"type": "selection", "supported": [0.5, 1.5]})
        assert numbers == {"anyOf": [{"const": 0.5}, {"const": 1.5}]}

    def test_an_optional_parameter_may_be_null(self) -> None:
        schema = call_schema({"seed": {"type": "integer", "default": -1}})["properties"]["seed"]
        assert schema == {"type": ["integer", "null"], "default": -1}

    def test_json_is_text_that_holds_a_document(self) -> None:
        schema = field({"type": "json"})
        assert (schema["type"], schema["contentMediaType"]) == ("string", "application/json")

    def test_a_conversation_is_text_that_holds_messages(self) -> None:
        schema = field({"type": "chat_context", "support": ["image"]})
        messages = Draft202012Validator(schema["contentSchema"])
        picture = "data:image/png;base64,iVBORw0KGgo="
        assert messages.is_valid([{"role": "user", "content": [{"image": picture}]}])
        assert not messages.is_valid([{"role": "user", "content": [{"audio": picture}]}])
        assert not messages.is_valid([{"role": "robot", "content": "hello"}])

    def test_a_medium_is_a_data_uri(self) -> None:
        medium = Draft202012Validator(field({"type": "image"}))
        assert medium.is_valid("data:image/png;base64,iVBORw0KGgo=")
        assert not medium.is_valid("iVBORw0KGgo=")
        assert not medium.is_valid("https://hub.example/cat.png")

    def test_a_conversation_and_raw_text_exclude_each_other(self) -> None:
        validator = Draft202012Validator(
            call_schema({"chat": {"type": "chat_context"}, "raw": {"type": "text_context"}})
        )
        assert validator.is_valid({"raw": "hello"})
        assert validator.is_valid({"raw": "hello", "chat": None})
        assert not validator.is_valid({"raw": "hello", "chat": "[]"})

    def test_a_name_that_the_endpoint_does_not_have_is_refused(self) -> None:
        assert call_schema({"seed": {}})["additionalProperties"] is False


class TestHostileMetadata:
    """What a hub says stays what it is: text."""

    def test_descriptions_hold_no_markup(self) -> None:
        evil = "<script>alert(1)</script> [click](javascript:alert(1)) ![x](http://evil.example)"
        documents = {"painter": details({"seed": {"description": evil}}, description=evil)}
        text = json.dumps(openapi_of(documents))
        assert "<script" not in text
        assert all(part.endswith("\\") for part in text.split("[click]")[:-1])

    def test_odd_names_keep_the_document_valid(self) -> None:
        odd = ["a/b", "{name}", "..", "ä ö", "x?y#z", "__proto__", "$ref", "progress", "A" * 300]
        documents = {
            name: details({n: {} for n in odd}, {n: {} for n in odd}, {n: {} for n in odd})
            for name in odd
        }
        document = openapi_of(documents, "aime")
        assert problems(document) == []
        assert "/%7Bname%7D/progress" in document["paths"]

    def test_a_long_description_is_cut(self) -> None:
        schema = field({"description": "x" * 100_000})
        assert len(schema["description"]) < 1_000
