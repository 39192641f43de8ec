"""Each form of the report, and that nothing of a hub is obeyed in it."""

import json
import os
import sys

import pytest

from .conftest import Project

TEXT = "from aki_client import endpoints\nendpoints.flux_dev(prompt='x', steps=51, width=3000)\n"
HOSTILE = "\x1b[31mred\x07\n::error::x %0A ##[group]y ‮ [link](https://x)"


def test_text_has_a_line_for_each(project: Project) -> None:
    path = project.write(TEXT)
    ran = project.lint(path)
    assert (ran.status, ran.err) == (1, "")
    assert ran.out == (
        f"{path}:2:38: error: steps=51 is out of range 1–50 (nearest allowed: 50) [AKI101]\n"
        f"{path}:2:48: warning: width=3000: the hub will make it 2048 (128–2048 in multiples of 32) [AKI302]\n"
    )


def test_github_shows_annotations(project: Project) -> None:
    path = project.write(TEXT, "a,b:c%.py")
    place = str(path).replace("%", "%25").replace(",", "%2C").replace(":", "%3A")
    first, second = project.lint(path, "--format", "github").out.splitlines()
    assert first == (
        f"::error file={place},line=2,endLine=2,col=38,endColumn=39,title=AKI101"
        "::steps=51 is out of range 1–50 (nearest allowed: 50)"
    )
    assert second.startswith("::warning file=")


def test_json_has_places_and_fixes(project: Project) -> None:
    first, _ = project.findings(TEXT)
    assert first == {
        "path": str(project.folder / "app.py"),
        "code": "AKI101",
        "level": "error",
        "message": "steps=51 is out of range 1–50 (nearest allowed: 50)",
        **{"startLine": 2, "startColumn": 38, "endLine": 2, "endColumn": 40},
        "fixes": [{"text": "50", "startLine": 2, "startColumn": 38, "endLine": 2, "endColumn": 40}],
    }


def test_sarif_names_every_rule_that_it_uses(project: Project) -> None:
    ran = project.lint(project.write(TEXT, "mö.py"), "--format", "sarif")
    log = json.loads(ran.out)
    (run,) = log["runs"]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} == {"AKI101", "AKI302"} <= rules
    first = run["results"][0]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("/m%C3%B6.py")
    assert place["region"] == {"startLine": 2, "startColumn": 38, "endLine": 2, "endColumn": 40}
    (change,) = first["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"] == {"text": "50"}


@pytest.mark.parametrize("form", ["text", "github", "json", "sarif"])
def test_words_of_a_hub_are_not_obeyed(bare: Project, form: str) -> None:
    choices = {"mode": {"type": "selection", "supported": [HOSTILE, "plain"]}}
    bare.add_package("hub_client", {"paint": choices})
    path = bare.write("from hub_client import endpoints\nendpoints.paint(mode='other')\n")
    out = bare.lint(path, "--format", form).out
    assert not {"\x1b", "\x07", "‮"} & set(out)
    assert "\n::error::x" not in out
    assert "##[" not in out
    assert form != "sarif" or "](" not in out
    if form in ("text", "github"):
        assert out.count("\n") == 1
    if form == "github":
        assert "%0A" not in out
        assert "%250A" in out


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text here")
@pytest.mark.parametrize("form", ["text", "github", "json", "sarif"])
def test_a_file_may_have_any_name(project: Project, form: str) -> None:
    for name in (b"\xff.py", b"a\n::error::x.py", "😀‮%.py".encode()):
        (project.folder / os.fsdecode(name)).write_text(TEXT)
    ran = project.lint(project.folder, "--format", form)
    assert (ran.status, ran.err) == (1, "")
    assert ran.out.count("AKI302") >= 3
    assert "\n::error::x" not in ran.out
    if form in ("json", "sarif"):
        json.loads(ran.out)
    if form == "sarif":
        assert "/%FF.py" in ran.out


def test_a_sentence_has_an_end(bare: Project) -> None:
    choices = {"mode": {"type": "selection", "supported": ["x" * 100_000]}}
    bare.add_package("hub_client", {"paint": choices})
    (found,) = bare.findings("from hub_client import endpoints\nendpoints.paint(mode='other')\n")
    assert found["message"].startswith("mode='other' must be one of 'xxx")
    assert len(found["message"]) < 2_000


def test_nothing_found_is_an_empty_report(project: Project) -> None:
    path = project.write("from aki_client import endpoints\nendpoints.flux_dev(prompt='x')\n")
    for form, shown in (("text", ""), ("github", ""), ("json", "[]\n")):
        ran = project.lint(path, "--format", form)
        assert (ran.status, ran.out, ran.err) == (0, shown, "")
