"""Overrides: what a user settles against the metadata of a hub."""

from pathlib import Path

import pytest
from aki_codegen.parsing.parse import Parsed, parse
from aki_codegen.parsing.settings import find_settings, parse_overrides
from aki_codegen.problems import GenerationError

DOCUMENT = {
    "parameter_description": {
        "input": {"width": {"type": "pixels"}, "prompt": {"type": "string", "required": True}},
        "output": {"images": {"type": "image_list"}},
        "progress": {"OUTPUTS": {"step": {"type": "integer"}}},
    }
}


def parse_with(table: object) -> Parsed:
    return parse({"flux-dev": DOCUMENT}, {}, parse_overrides(table, "pyproject.toml"))


def test_an_endpoint_gets_the_name_that_it_is_given() -> None:
    parsed = parse_with({"endpoints": {"flux-dev": {"rename": "flux"}}})
    assert parsed.endpoints[0].name == "flux"
    assert parsed.endpoints[0].models == "Flux"


def test_a_skipped_endpoint_is_left_out_without_a_problem() -> None:
    parsed = parse_with({"endpoints": {"flux-dev": {"skip": True}}})
    assert parsed.endpoints == ()
    assert parsed.problems == ()


def test_a_retyped_parameter_is_no_problem_any_more() -> None:
    assert parse({"flux-dev": DOCUMENT}, {}).problems
    table = {"endpoints": {"flux-dev": {"input": {"width": {"type": "integer"}}}}}
    assert parse_with(table).problems == ()


@pytest.mark.parametrize(
    ("section", "name"), [("input", "width"), ("output", "images"), ("progress", "step")]
)
def test_a_skipped_field_is_left_out(section: str, name: str) -> None:
    parsed = parse_with({"endpoints": {"flux-dev": {section: {name: {"skip": True}}}}})
    endpoint = parsed.endpoints[0]
    fields = (*endpoint.inputs, *endpoint.outputs, *endpoint.progress)
    assert name not in [field.wire_name for field in fields]


def test_a_renamed_parameter_keeps_its_name_on_the_wire() -> None:
    parsed = parse_with({"endpoints": {"flux-dev": {"input": {"prompt": {"rename": "text"}}}}})
    prompt = next(p for p in parsed.endpoints[0].inputs if p.wire_name == "prompt")
    assert prompt.name == "text"


def test_a_new_name_that_is_taken_is_told() -> None:
    table = {
        "endpoints": {"flux-dev": {"input": {n: {"rename": "x"} for n in ("width", "prompt")}}}
    }
    assert any("is taken" in problem.what for problem in parse_with(table).problems)


@pytest.mark.parametrize("place", [{"sd": {"skip": True}}, {"flux-dev": {"input": {"hight": {}}}}])
def test_an_override_that_names_nothing_is_told(place: dict[str, object]) -> None:
    effects = [problem.effect for problem in parse_with({"endpoints": place}).problems]
    assert "unused" in effects


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (
            {"endpoint": {}},
            r"\[tool.aki-codegen\] unknown key 'endpoint'; did you mean 'endpoints'\?",
        ),
        ({"endpoints": {"x": {"skip": "yes"}}}, "valid boolean"),
        ({"endpoints": {"x": {"rename": "class"}}}, "not a free Python name"),
        ({"endpoints": {"x": {"input": {"y": {"type": "pixels"}}}}}, "type 'pixels' is unknown"),
        ("rename", r"\[tool.aki-codegen\]"),
    ],
)
def test_what_is_not_understood_is_one_sentence_with_the_place(
    table: object, sentence: str
) -> None:
    with pytest.raises(GenerationError, match=sentence):
        parse_overrides(table, "pyproject.toml")


def test_a_project_that_says_nothing_settles_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / ".git").mkdir()
    assert find_settings(tmp_path) == (tmp_path, None)


def test_a_broken_project_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[[[")
    with pytest.raises(GenerationError, match="cannot be read"):
        find_settings(tmp_path)
