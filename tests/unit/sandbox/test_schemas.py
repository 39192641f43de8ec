"""Values that the sandbox makes of JSON Schemas, judged by jsonschema."""

import json
from enum import Enum
from typing import Annotated, Literal

import pytest
from aki_sandbox.workers.schemas import example
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field

TEXT = "What is the weather in Rome?"
NODE = {
    "type": "object",
    "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/Node"}}},
    "required": ["kids"],
}
NUMBERS = [
    {"type": "integer", "minimum": 3, "maximum": 9},
    {"type": "integer", "minimum": 2.5},
    {"type": "integer", "exclusiveMinimum": 0},
    {"type": "integer", "exclusiveMaximum": 0},
    {"type": "integer", "maximum": -3, "multipleOf": 5},
    {"type": "integer", "minimum": 7, "multipleOf": 4},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.1},
    {"type": "number", "minimum": 2, "exclusiveMaximum": 2.001},
    {"type": "number", "minimum": 0.3, "multipleOf": 0.25},
    {"type": "number", "maximum": -1e30},
]
OTHERS = [
    True,
    {},
    {"type": "object"},
    {"enum": [None, "a"]},
    {"const": {"a": 1}},
    {"type": ["null", "boolean"]},
    {"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 3}]},
    {"type": "string", "minLength": 200},
    {"type": "string", "pattern": "^a+$", "default": "aa"},
    {"type": "array", "items": {"type": "string"}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "items": {"type": "integer"}, "maxItems": 0},
    {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "null"}], "minItems": 2},
    {"$ref": "#/$defs/Node", "$defs": {"Node": NODE}},
    {
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
            {"properties": {"b": {"type": "boolean"}}, "required": ["b"]},
        ]
    },
]


@pytest.mark.parametrize("schema", [*NUMBERS, *OTHERS], ids=str)
def test_a_value_fits_its_schema(schema):
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(example(schema, TEXT))


@pytest.mark.parametrize(
    ("written", "expected"),
    [("date", "2026-01-31"), ("email", "somebody@example.com"), ("unheard-of", TEXT)],
)
def test_a_format_that_is_known_is_kept_to(written, expected):
    assert example({"type": "string", "format": written}, TEXT) == expected


@pytest.mark.parametrize(
    "schema",
    [
        {"minLength": 10**9},
        {"type": "array", "minItems": 10**9, "items": {"type": "array", "minItems": 10**9}},
        {
            "properties": {key: {"$ref": "#"} for key in "abcdefgh"},
            "required": list("abcdefgh"),
        },
        {"type": "number", "minimum": float("inf")},
        {"type": "integer", "maximum": float("nan")},
        {"type": "number", "multipleOf": 5e-324},
        {"maxLength": 10**400},
    ],
)
def test_a_value_is_made_in_a_moment_whatever_the_schema_asks_for(schema):
    assert len(json.dumps(example(schema, TEXT))) < 1_000_000


def test_what_is_required_is_given_and_nothing_else():
    properties = {"city": {"type": "string"}, "days": {"type": "integer"}}
    schema = {"type": "object", "properties": properties, "required": ["days"]}
    assert example(schema, TEXT) == {"days": 1}


def test_where_nothing_is_required_the_first_property_is_given():
    properties = {"city": {"type": "string"}, "days": {"type": "integer"}}
    assert example({"type": "object", "properties": properties}, TEXT) == {"city": TEXT}


class Unit(Enum):
    """Units."""

    C = "c"
    F = "f"


class Place(BaseModel):
    """A place."""

    name: Annotated[str, Field(max_length=10)]
    near: "Place | None"
    kind: Literal["town", "village"]


class Forecast(BaseModel):
    """A model with a bit of everything."""

    place: Place
    unit: Unit
    days: Annotated[int, Field(ge=2, lt=10)]
    chance: Annotated[float, Field(gt=0, lt=1)]
    names: Annotated[set[str], Field(min_length=2)]
    pair: tuple[int, str]
    either: int | str | None
    by_day: dict[str, int]


def test_a_model_of_pydantic_takes_what_is_made_of_its_schema():
    Forecast.model_validate(example(Forecast.model_json_schema(), TEXT))
