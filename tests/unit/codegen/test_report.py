"""REPORT.md and the sentences about problems: complete, sorted, and safe to look at."""

import pytest
from aki_codegen.generation.package import Package, report_of
from aki_codegen.problems import Problem
from support.metadata import details, parse_one, snapshot_of


def report(document, *more, name="painter"):
    parsed = parse_one(document, name)
    snapshot = snapshot_of({name: document})
    problems = (*parsed.problems, *more)
    return report_of(Package("my_hub", {}, parsed.endpoints, problems, snapshot))


def test_it_lists_each_endpoint_with_its_function_and_what_it_is():
    assert "| flux-dev | `flux_dev` | Painter. |" in report(details(), name="flux-dev")


def test_without_problems_it_says_so():
    assert report(details()).endswith(
        "None: every endpoint and parameter is typed as the hub describes it.\n"
    )


def test_each_problem_tells_where_what_effect_and_remedy():
    row = "| painter.a | its type 'tensor' is unknown | degraded | it takes any JSON value;"
    assert row in report(details({"a": {"type": "tensor"}}))


def test_trouble_with_a_whole_endpoint_names_no_field():
    problem = Problem("flux", "", "it is gone", "wait", "kept")
    assert "| flux | it is gone | kept | wait |" in report(details(), problem)


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("a | b", "a &#124; b."),
        ("[x](evil)", "&#91;x&#93;(evil)&#46;"),
        ("<script>", "&#60;script&#62;&#46;"),
        ("# a\n\n# b", "&#35; a &#35; b."),
        ("`code`", "&#96;code&#96;&#46;"),
        ("\\[x\\](y)", "&#92;&#91;x&#92;&#93;(y)&#46;"),
        ("a\u202eb\x1b[2J", "a b &#91;2J."),
    ],
)
def test_a_hubs_text_can_not_change_the_tables(title, shown):
    assert f"| painter | `painter` | {shown} |" in report(details(title=title))


@pytest.mark.parametrize("title", ["@team", "#12", "GH-12", "www.x", "http://x"])
def test_nobody_is_notified_and_nothing_linked_by_a_hubs_text(title):
    assert "&#8203;" in report(details(title=title))


@pytest.mark.parametrize("field", ["a\x1b[2Jb", "a\ud800b", "a\nb", "a\u202eb"])
def test_a_problem_in_words_is_one_line_that_any_terminal_can_show(field):
    text = str(Problem("flux", field, "it is odd", "wait", "degraded"))
    assert text.isprintable()
    assert text.endswith("it is odd (degraded); wait")
