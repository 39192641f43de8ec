"""What a hub says does nothing where it lands: on a terminal, in the log of a CI, in Markdown, as a file's name."""

import json
import re
import unicodedata

import pytest
from aki_codegen.cli import main
from support.command import PACKAGE, PAINTER, without_environment
from support.metadata import details
from support.stub_hub import Answer, StubHub

COMMANDS = (
    "::error file=a.py,line=1::x",
    "::add-mask::a",
    "::stop-commands::x",
    " \t::warning::x",
    "##[error]x",
    "word ##[group]x",
    "###[error]x",
    "##vso[task.setvariable variable=a]b",
    "##teamcity[buildStatus status='FAILURE']",
    "section_start:1:x\r\x1b[0K",
    "travis_fold:start:x",
)
"""What the runners of GitHub, Azure, TeamCity, GitLab and Travis obey."""

TERMINAL = (
    "\x1b[2Jx",
    "\x1b]8;;https://evil.example\x07x",
    "a\rb",
    "a\nb",
    "a\x9b2Jb",
    "a\u202eb",
    "a\u2066b",
    "a\u200bb",
    "a\u2028b",
    "a\u3164b",
)
TEXTS = [*COMMANDS, *TERMINAL, *(f"x\n{text}" for text in COMMANDS)]

OBEYED = re.compile(r"^\s*::|##|::[a-z-]+( |::)|section_(start|end):\d|travis_\w+:", re.MULTILINE)


def faults(said):
    """Return what a terminal or a CI would obey in a text, or could not show."""
    hidden = [
        c for c in said if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs") and c != "\n"
    ]
    return [*map(repr, hidden), *(found[0] for found in OBEYED.finditer(said))]


def documents_of(text):
    """Return endpoints that hold a text wherever they can."""
    described = {"description": text, "default": text, "type": text}
    choice = {"type": "selection", "supported": [text], "default": text}
    return {
        text: details(
            {text: described, "x": choice},
            {text: described},
            {text: described},
            title=text,
            description=text,
            category=text,
            workers=[{"name": text}],
        )
    }


EVERYTHING = {name: document for text in TEXTS for name, document in documents_of(text).items()}


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run a command for one folder; return its status and all that it printed."""
    without_environment(monkeypatch)

    def run(command, *options):
        words = ["--out", str(tmp_path / "out"), "--package", PACKAGE]
        status = main([command, *options, *words])
        told = capsys.readouterr()
        return status, told.out + told.err

    return run


@pytest.fixture
def made(run):
    """A package of two endpoints whose hub may change."""
    with StubHub.offering({"painter": PAINTER, "singer": PAINTER}) as hub:
        run("generate", "--server", hub.url)
        yield hub


def test_a_refresh_prints_nothing_that_is_obeyed(run, made):
    with StubHub.offering({"painter": PAINTER, **EVERYTHING}) as hub:
        said = [
            run("check", "--live", "--server", hub.url)[1],
            run("diff", "--server", hub.url)[1],
            run("generate", "--server", hub.url)[1],
        ]
    assert faults("".join(said)) == []
    assert f"{len(TEXTS) + 1} endpoints" in said[2]


def test_a_comparison_as_json_prints_nothing_that_is_obeyed_and_says_all(run, made):
    with StubHub.offering({"painter": PAINTER, **EVERYTHING}) as hub:
        _, said = run("diff", "--server", hub.url, "--format", "json")
    assert faults(said) == []
    document = json.JSONDecoder().raw_decode(said[said.index("{") :])[0]
    assert {*TEXTS} <= {change["endpoint"] for change in document["changes"]}


@pytest.mark.parametrize("text", ["#: ::a ##[b", "\\section_start:1", "\travis_fold:x", "\\##[x"])
def test_json_hides_what_a_ci_would_obey_and_reads_as_it_was(run, made, text):
    made.answers["/api/endpoints/painter"] = details({text: {}}, PAINTER["parameter_description"])
    _, said = run("diff", "--server", made.url, "--format", "json")
    assert faults(said) == []
    document = json.JSONDecoder().raw_decode(said[said.index("{") :])[0]
    assert text in {change["field"] for change in document["changes"]}


@pytest.mark.parametrize("what", ["openapi", "jsonschema"])
def test_an_export_to_the_standard_output_prints_nothing_that_is_obeyed(run, what):
    with StubHub.offering(EVERYTHING) as hub:
        run("generate", "--server", hub.url)
    _, said = run("export", what)
    assert faults(said) == []
    assert json.loads(said)


@pytest.mark.parametrize("text", ["::error::x", "x ##[error]x", "a\x1b[2Jb", "a\n::add-mask::b"])
def test_a_removal_that_is_refused_names_what_is_gone_harmlessly(run, text):
    names = [f"{text}{number}" for number in range(3)]
    with StubHub.offering({"painter": PAINTER, **dict.fromkeys(names, PAINTER)}) as hub:
        run("generate", "--server", hub.url)
        hub.answers = {
            "/api/endpoints": {"endpoints": ["painter"]},
            "/api/endpoints/painter": PAINTER,
        }
        status, said = run("generate", "--server", hub.url)
    assert status == 1
    assert "would remove 3 of 4 endpoints" in said
    assert faults(said) == []


@pytest.mark.parametrize("path", ["/api/endpoints", "/api/endpoints/painter"])
def test_an_error_of_a_hub_is_told_harmlessly(run, made, path):
    for text in TEXTS:
        made.answers[path] = Answer({"error": [text, text]}, 400)
        _, said = run("check", "--live", "--server", made.url)
        assert faults(said) == []


def test_a_fault_of_the_generator_is_told_harmlessly(run, made, monkeypatch):
    for text in TEXTS:

        def fail(*_, text=text, **__):
            raise RuntimeError(text)

        monkeypatch.setattr("aki_codegen.commands.options.refreshed", fail)
        status, said = run("check", "--live", "--server", made.url)
        assert status == 1
        assert "please report this: RuntimeError" in said
        assert faults(said) == []


def test_every_endpoint_has_a_page_of_its_own_that_hides_none(run, tmp_path):
    names = [
        *("README", "INDEX", "index.md", "readme.md", "index_", "Index"),
        *("CON", "nul", "com1.md", "aux.json", "A", "a", "á", "A_2"),
        *("manifest", "manifest.json", "404", "search", ".hidden"),
    ]
    with StubHub.offering({name: {**PAINTER, "title": f"<{name}>"} for name in names}) as hub:
        assert run("generate", "--server", hub.url)[0] == 0
    pages = tmp_path / "pages"
    assert run("export", "docs", "--output", str(pages))[0] == 0
    files = [path.name for path in pages.iterdir() if path.name != "manifest.json"]
    assert len({name.casefold() for name in files}) == len(files) == len(names) + 1
    own = set(files) - {"index.md"}
    assert not {name.partition(".")[0].casefold() for name in own} & {
        *("index", "readme", "con", "nul", "com1", "aux")
    }
    index = (pages / "index.md").read_text("utf-8")
    assert all(f"]({name})" in index for name in own)
    titles = "".join((pages / name).read_text("utf-8").splitlines()[0] for name in own)
    assert titles.count("&#60;") == len(names)
