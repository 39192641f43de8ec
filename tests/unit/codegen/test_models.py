"""Each type of the IR has an annotation and its constraints in the generated source."""

import ast

import pytest
from aki_codegen.literals import Code
from aki_codegen.parsing.parse import parse
from aki_codegen.rendering import models
from aki_codegen.rendering.models import ModelSource, model_sources
from aki_sandbox.catalogue import load_catalogue
from support.metadata import details, endpoint_of, parse_one


def _model_source(endpoint):
    return model_sources([endpoint])[endpoint.wire_name]


def field_of(attributes, section="Input"):
    """Return the declaration of `value` in a model, without its constraints."""
    field = _source(attributes, section).fields[f"Painter{section}"][0]
    return str(field.annotation) + ("" if field.default is None else f" = {field.default}")


def constraints_of(attributes):
    """Return the arguments of `Field` in the declaration of `value` in the input model."""
    (declared,) = ast.parse(_source(attributes, "Input").fields["PainterInput"][0].source).body
    calls = [node for node in ast.walk(declared.annotation) if isinstance(node, ast.Call)]
    return {word.arg: ast.literal_eval(word.value) for call in calls for word in call.keywords}


def _source(attributes, section) -> ModelSource:
    document = details(**{section.lower(): {"value": attributes}})
    return _model_source(parse_one(document).endpoints[0])


class TestInputs:
    """Inputs refuse what the hub would refuse."""

    @pytest.mark.parametrize(
        ("attributes", "expected"),
        [
            ({"required": True}, "str"),
            ({}, "str | None = None"),
            ({"default": "x"}, "str | None = 'x'"),
            ({"type": "int", "default": 3}, "int | None = 3"),
            ({"type": "float", "default": 3}, "float | None = 3.0"),
            ({"type": "bool", "default": False}, "bool | None = False"),
            ({"type": "json"}, "Json | None = None"),
            ({"type": "json", "required": True}, "Json"),
            ({"type": "json", "default": {"a": 1}}, "Json | None = None"),
            ({"type": "chat_context"}, "ChatContext | None = None"),
            ({"type": "image"}, "ImageInput | None = None"),
            ({"type": "audio", "required": True}, "AudioInput"),
            ({"type": "video"}, "VideoInput | None = None"),
            ({"type": "image_list"}, "list[ImageInput] | None = None"),
            ({"type": "who knows"}, "RawJson | None = None"),
            (
                {"type": "selection", "supported": ["a", "b"], "default": "b"},
                "Literal['a', 'b'] | None = 'b'",
            ),
            ({"type": "selection", "supported": [1, 2]}, "Literal[1, 2]"),
        ],
    )
    def test_a_type_is_an_annotation(self, attributes, expected):
        assert field_of(attributes) == expected

    @pytest.mark.parametrize(
        ("attributes", "constraints"),
        [
            ({"type": "int", "minimum": 0, "maximum": 9}, {"ge": 0, "le": 9}),
            ({"type": "float", "min": 0, "max": 1}, {"ge": 0.0, "le": 1.0}),
            ({"max_length": 5}, {"max_length": 5}),
            ({"type": "int", "align": 8}, {"json_schema_extra": {"step": 8}}),
            (
                {"type": "int", "minimum": 8, "align": 8, "auto_convert": True},
                {"json_schema_extra": {"converted": {"minimum": 8, "step": 8}}},
            ),
            (
                {"max_length": 5, "auto_convert": True},
                {"json_schema_extra": {"converted": {"max_length": 5}}},
            ),
            (
                {"type": "selection", "supported": [0.5, 1], "default": 0.5},
                {"json_schema_extra": {"choices": [0.5, 1]}},
            ),
            ({"type": "text_context"}, {"json_schema_extra": {"kind": "text_context"}}),
        ],
    )
    def test_what_the_hub_refuses_is_a_constraint_and_what_it_converts_is_only_shown(
        self, attributes, constraints
    ):
        assert constraints_of(attributes) == constraints

    def test_a_selection_that_the_hub_converts_takes_other_values_too(self):
        attributes = {"type": "selection", "supported": ["a"], "auto_convert": True}
        assert field_of(attributes) == "Literal['a'] | str | None = None"

    def test_a_parameter_with_another_name_in_python_has_the_hubs_as_alias(self):
        source = _model_source(endpoint_of(details({"top-k": {"type": "int"}})))
        assert "top_k: Annotated[int | None, Field(alias='top-k')]".replace("'", '"') in str(
            source.fields["PainterInput"][0].source
        ).replace("'", '"')


class TestOutputs:
    """Outputs are typed as declared, without limits."""

    @pytest.mark.parametrize(
        ("attributes", "expected"),
        [
            ({"max_length": 3}, "str"),
            ({"type": "int", "minimum": 5}, "int"),
            ({"type": "float"}, "float"),
            ({"type": "bool"}, "bool"),
            ({"type": "json"}, "JsonOutput"),
            ({"type": "who knows"}, "JsonOutput"),
            ({"type": "image"}, "Image"),
            ({"type": "audio"}, "Audio"),
            ({"type": "video"}, "Video"),
            ({"type": "image_list"}, "list[Image]"),
            ({"type": "selection", "supported": ["a"]}, "Literal['a'] | str"),
        ],
    )
    def test_a_type_is_an_annotation(self, attributes, expected):
        assert field_of(attributes, "Output") == expected

    def test_progress_may_still_be_missing(self):
        assert field_of({"type": "image"}, "Progress") == "Image | None = None"

    def test_only_an_error_may_be_missing_in_an_output(self):
        endpoint = endpoint_of(details(output={"error": {}, "text": {}}))
        fields = _model_source(endpoint).fields["PainterOutput"]
        assert [(f.name, f.default) for f in fields] == [("error", Code("None")), ("text", None)]


class TestSource:
    """The source as a whole."""

    def source(self) -> ModelSource:
        document = details({"a": {"type": "int", "minimum": 1}}, {"b": {}}, {"c": {}})
        return _model_source(endpoint_of(document))

    def test_there_is_one_model_for_each_section(self):
        assert list(self.source().fields) == ["PainterInput", "PainterOutput", "PainterProgress"]

    def test_fields_are_told_without_their_constraints(self):
        (field,) = self.source().fields["PainterInput"]
        assert (field.name, field.annotation, field.default) == ("a", "int | None", "None")

    def test_models_inherit_from_the_packages_own_runtime(self):
        assert "from aki_runtime.fields.base import" in self.source().imports

    def test_a_hubs_text_can_not_leave_its_string(self):
        nasty = '"""\n    import os\n'
        document = details({"a": {"description": nasty, "default": nasty}})
        (field,) = _model_source(endpoint_of(document)).fields["PainterInput"]
        assert [type(line) for line in ast.parse(field.source).body] == [ast.AnnAssign]


FIELDS = {"prompt": {}, "top-k": {"type": "int", "default": 3}}
FIVE = parse({name: details({**FIELDS, f"only_{name}": {}}) for name in "abcde"}, {}).endpoints
ALIKE = parse({name: details(FIELDS) for name in "ab"}, {}).endpoints


class TestTogether:
    """The models of many endpoints are made in one call, and each is as if it had been made alone."""

    def test_every_endpoint_of_the_catalogue_is_the_same_alone_and_together(self):
        documents = {name: endpoint.document for name, endpoint in load_catalogue().items()}
        endpoints = parse(documents, {}).endpoints
        together = model_sources(endpoints)
        assert together == {e.wire_name: _model_source(e) for e in endpoints}

    def test_endpoints_that_differ_in_their_names_alone_share_what_was_made(self):
        first, second = model_sources(ALIKE).values()
        assert first.imports == second.imports
        assert first.fields["AInput"] == second.fields["BInput"] != ()

    def test_one_endpoint_that_no_models_can_be_made_of_leaves_the_others(self, monkeypatch):
        generate = models._generate

        def fails(asked):
            if any(model.name == "CInput" for model in asked):
                raise ValueError("the generator does not like this one")
            return generate(asked)

        sound = model_sources(FIVE)
        monkeypatch.setattr(models, "_generate", fails)
        left = model_sources(FIVE)
        assert left == {name: source for name, source in sound.items() if name != "c"}

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("class CInput(InputModel)", "class Other(InputModel)"),
            ("class CInput(InputModel)", "class CInput(OutputModel)"),
            ("    prompt: str | None = None", ""),
            ("    prompt: str | None = None", "    text: str | None = None"),
            ("    prompt: str | None = None", "    prompt: str"),
            ("    prompt: str | None = None", "    prompt: Any = None"),
            ("    prompt: str | None = None", "    prompt: str | None = 'x'"),
            ('alias="top-k"', 'alias="top_k"'),
            ("= 3", "= 4"),
        ],
    )
    def test_models_other_than_were_asked_for_are_not_taken(self, monkeypatch, old, new):
        generate = models._generate

        def worsened(asked):
            head, mark, tail = generate(asked).replace("'", '"').partition("class CInput")
            return head + (mark + tail).replace(old, new, 1)

        assert old in generate(models.model_schemas(FIVE[2])).replace("'", '"')
        monkeypatch.setattr(models, "_generate", worsened)
        assert sorted(model_sources(FIVE)) == ["a", "b", "d", "e"]
