"""Every attack of the corpus: a working package without harm, or a problem with a name."""

from dataclasses import replace

import pytest
from hostile.corpus import BASELINE, HOSTILE, INNOCENT, Case, all_cases
from hostile.trial import Laboratory, Run, faults_of_package, faults_of_text

CASES = all_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hostile_case(case: Case, laboratory: Laboratory, baseline: Run) -> None:
    if case.follows:
        laboratory.run(replace(BASELINE, name=case.name))
    run = laboratory.run(case)
    assert run.faults == []
    assert faults_of_text(run.said) == []
    assert case.says in run.said
    if case.outcome == "refused":
        assert (run.status, run.files()) == (1, {})
        return
    assert run.status in (0, 3)
    assert faults_of_package(run) == []
    assert run.innocent_files() == baseline.innocent_files()
    assert run.names[INNOCENT] == baseline.names[INNOCENT]
    assert laboratory.import_package(run) == []
    assert "please report this" not in run.said
    if case.outcome == "problem":
        assert case.says
    else:
        assert len(run.names) > 1
    given = _names_of(run)
    assert {wire: given.get(wire) for wire in case.names} == case.names


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(CASES) >= 80
    assert all(case.why for case in CASES)


def test_the_baseline_holds_the_innocent_endpoint_whole(baseline: Run) -> None:
    assert baseline.status == 0
    assert all(baseline.innocent_files().values())


def _names_of(run: Run) -> dict[str, object]:
    endpoints = {wire: told["name"] for wire, told in run.names.items()}
    fields = run.names.get(HOSTILE, {}).get("fields", {})
    assert isinstance(fields, dict)
    return {**endpoints, **fields.get("output", {}), **fields.get("input", {})}
