"""Every attack of the corpus that is data, exported: valid documents, pages without markup, harmless programs."""

import ast
import json
import re
import shlex
from typing import Any

import pytest
from aki_codegen.commands.export import offered_endpoints
from aki_codegen.export.openapi import openapi, schema_bundle
from aki_codegen.export.pages import endpoint_pages
from hostile.corpus import Case, all_cases
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from .documents import snapshot_of


def documents_of(case: Case) -> dict[str, Any]:
    """Return the details documents among a case's answers."""
    found: dict[str, Any] = {}
    for path, body in case.answers.items():
        if isinstance(body, bytes) and len(body) < 200_000:
            try:
                document = json.loads(body)
            except (ValueError, RecursionError):
                continue
            if isinstance(document, dict) and "parameter_description" in document:
                found[str(document.get("name") or path)] = document
    return found


CASES = {case.name: documents for case in all_cases() if (documents := documents_of(case))}


def test_most_of_the_corpus_is_data() -> None:
    assert len(CASES) > 60


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(CASES))
def test_what_is_exported_is_harmless(name: str) -> None:
    snapshot = snapshot_of(CASES[name])
    endpoints = offered_endpoints(snapshot)
    document = openapi(endpoints, snapshot)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    Draft202012Validator.check_schema(schema_bundle(endpoints))
    for text in map(str, endpoint_pages(endpoints, snapshot, "my_hub").values()):
        check_page(text)


def check_page(text: str) -> None:
    """Check that a page holds nothing but its own markup, and programs that do what they are for."""
    blocks = re.findall(r"^```(\w+)\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)
    prose = re.sub(r"^```\w+\n.*?\n```$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert set(re.findall(r"<[^>]*>", prose)) <= {"<code>", "</code>"}
    assert not re.search(r"`{3}", prose)
    for language, block in blocks:
        if language == "python":
            names = {node.id for node in ast.walk(ast.parse(block)) if isinstance(node, ast.Name)}
            assert names <= {"Aki", "AsyncAki", "aki", "asyncio", "main", "print", "result"}
        elif block.startswith("aki "):
            command, verb, _, *options = shlex.split(block)
            assert (command, verb) == ("aki", "call")
            assert all(option.startswith("--") for option in options[::2])
            assert "\n" not in block
        else:
            assert block.startswith("curl -sS ")
            (body,) = block.splitlines()[2:-1]
            expansions = re.findall(r"[$`][({]?\w*", body)
            assert set(expansions) <= {"$AKI_API_KEY", "$JOB_ID", "$(base64"}
