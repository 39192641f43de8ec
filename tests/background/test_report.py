"""The measured run, smaller, and what docs/celery.md says of the large one."""

import pytest
from background import report
from background.measuring import measure
from background.stack import Redis

COMMAND = "python tests/background/report.py"
TASKS = 40
BY_THE_HUB = {"SUCCESS", "UncertainSubmitError", "ResultGoneError"}


@pytest.mark.slow
# Celery uses what the newest redis package would have it leave.
@pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning")
def test_every_task_has_one_outcome_and_one_job_though_a_worker_is_killed(tmp_path):
    pytest.importorskip("redis", reason="the package redis is not installed: make full")
    if not Redis.program:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    figures = measure(tmp_path, TASKS, 1)
    assert figures.faults > 0
    assert sum(figures.outcomes.values()) == TASKS
    assert set(figures.outcomes) <= BY_THE_HUB
    assert (figures.wrong, figures.paid_twice, figures.most_jobs) == (0, 0, 1)


def test_the_page_tells_of_a_run_without_losses():
    told = report.figures_on(report.PAGE.read_text("utf-8"))
    expected = {
        "tasks": str(report.TASKS),
        "workers killed": str(report.KILLS),
        "tasks without an outcome": "0",
        "tasks whose outcome changed, or is that of another task": "0",
        "failed otherwise": "0",
        "most jobs for one task": "1",
        "tasks paid twice and not named uncertain": "0",
    }
    assert {name: told.get(name) for name in expected} == expected, f"measure with: {COMMAND}"


def test_the_outcomes_on_the_page_are_those_of_all_tasks():
    told = report.figures_on(report.PAGE.read_text("utf-8"))
    ended = [int(value) for name, value in told.items() if name.startswith(("succeeded", "failed"))]
    assert sum(ended) == report.TASKS
