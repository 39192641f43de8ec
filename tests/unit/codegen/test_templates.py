"""Templates print code that naming and literals made; anything else is refused at the first render."""

import re
from pathlib import Path

import pytest
from aki_codegen.literals import Code, literal
from aki_codegen.markup import Markdown, markdown
from aki_codegen.rendering.templates import NotCodeError, environment, fill, templates_folder
from jinja2 import UndefinedError

PROJECT = "pyproject.toml.jinja"


def render(source, **values):
    return environment().from_string(source).render(**values)


@pytest.mark.parametrize("value", ["raw text", 7, None, True, ["a"], b"x"])
def test_a_template_that_prints_a_raw_value_fails(value):
    with pytest.raises(NotCodeError, match=type(value).__name__):
        render("x = {{ value }}", value=value)


def test_a_real_template_given_a_raw_value_fails():
    with pytest.raises(NotCodeError):
        fill(PROJECT, package="name", project=Code("name"))


@pytest.mark.parametrize("value", ["raw text", 7, None, Code("x"), literal("<script>")])
def test_a_page_that_prints_what_is_not_marked_as_markdown_fails(value):
    with pytest.raises(NotCodeError, match=type(value).__name__):
        environment(Markdown).from_string("{{ value }}").render(value=value)


def test_a_module_that_prints_markdown_fails():
    with pytest.raises(NotCodeError):
        render("x = {{ value }}", value=markdown("x"))


def test_code_is_printed_as_it_is():
    assert render("x = {{ value }}", value=literal("<a & 'b'>")) == "x = \"<a & 'b'>\""


def test_raw_text_joined_to_code_is_escaped_and_never_printed_as_it_is():
    assert "'" not in Code('f("') + "'); import os" + Code('")')


@pytest.mark.parametrize("source", ["{{ missing }}", "{% if missing %}x{% endif %}"])
def test_a_value_that_nobody_gave_is_an_error(source):
    with pytest.raises((UndefinedError, NotCodeError)):
        render(source)


@pytest.mark.parametrize("path", sorted(templates_folder().glob("*.jinja")), ids=lambda p: p.name)
def test_a_template_is_short_and_has_no_way_around_the_check(path: Path):
    text = path.read_text("utf-8")
    assert text.count("\n") < 80
    assert "safe" not in text
    assert "autoescape" not in text
    assert "{% set" not in text
    printed = re.findall(r"\{[{%].*?[%}]\}", text, re.DOTALL)
    assert not [
        part for part in printed if "|" in part
    ]  # a filter; tables of Markdown have bars too
