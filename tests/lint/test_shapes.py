"""Whatever shape a call has, its mistake is found and the fix is right; what is right or not sure is left alone."""

import pytest

from .conftest import Project, fixed
from .shapes import HEAD, QUIET, SHAPES

SENTENCE = "width=1000 must be a multiple of 32 (nearest allowed: 992, 1024)"


@pytest.mark.parametrize("shape", SHAPES)
def test_the_mistake_is_found_and_its_fix_is_right(project: Project, shape: str) -> None:
    text = HEAD + SHAPES[shape]
    found = project.findings(text)
    assert [(f["code"], f["message"], f["level"]) for f in found] == [("AKI102", SENTENCE, "error")]
    assert [fix["text"] for fix in found[0]["fixes"]] == ["992", "1024"]
    for choice in (0, 1):
        assert project.findings(fixed(text, found[0], choice)) == []


@pytest.mark.parametrize("shape", QUIET)
def test_what_is_right_or_not_sure_is_left_alone(project: Project, shape: str) -> None:
    assert project.findings(HEAD + QUIET[shape]) == []
