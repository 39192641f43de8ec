"""Every attack of the corpus: a working package without harm, or a problem with a name."""

from dataclasses import replace

import pytest
from hostile.corpus import BASELINE, Case, all_cases
from hostile.trial import Laboratory, Run, faults_of_case, faults_of_run, faults_of_text, tried

CASES = all_cases()
AT_ONCE = 35
"""Documents that one hub offers; more take longer to bisect."""


@pytest.fixture(scope="module")
def faults(
    request: pytest.FixtureRequest, laboratory: Laboratory, baseline: Run
) -> dict[str, list[str]]:
    """The faults of the cases of this session that are one document, which share hubs."""
    asked = [getattr(item, "callspec", None) for item in request.session.items]
    names = {each.id for each in asked if each is not None}
    cases = [case for case in CASES if case.is_one_document and case.name in names]
    found: dict[str, list[str]] = {}
    for start in range(0, len(cases), AT_ONCE):
        found |= tried(laboratory, cases[start : start + AT_ONCE], baseline)
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hostile_case(
    case: Case, laboratory: Laboratory, baseline: Run, faults: dict[str, list[str]]
) -> None:
    if case.name in faults:
        assert faults[case.name] == []
        return
    if case.follows:
        laboratory.run(replace(BASELINE, name=case.name))
    run = laboratory.run(case)
    if case.outcome == "refused":
        assert [*run.faults, *faults_of_text(run.said), *faults_of_case(case, run)] == []
        assert (run.status, run.files()) == (1, {})
    else:
        assert faults_of_run(laboratory, run, baseline) + faults_of_case(case, run) == []


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(CASES) >= 80
    assert all(case.why for case in CASES)


def test_the_baseline_holds_the_innocent_endpoint_whole(baseline: Run) -> None:
    assert baseline.status == 0
    assert all(baseline.innocent_files().values())
