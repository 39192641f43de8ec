"""A budget of the client that carries out tasks: what it refuses, and that every delivery settles the same call."""

import pytest
from aki_client import Aki, Budget
from aki_sandbox.faults.effects import Status
from background.delivery.delivering import KEY, left_behind, run
from support.prices import prices_in

pytest.importorskip("celery", reason="Celery is not installed: make full")
jobs = pytest.importorskip("aki_client.celery")

CALL = {"prompt_input": "hello", "max_gen_tokens": 500}


@pytest.fixture
def budget(tmp_path):
    return Budget("0.001", ledger=tmp_path / "tasks.ledger")


@pytest.fixture
def client(hub, budget, tmp_path):
    with Aki(KEY, api_server=hub.url, prices=prices_in(tmp_path), budget=budget) as client:
        yield client


def test_a_task_counts_what_its_job_has_cost_and_keeps_nothing_reserved(chat, budget):
    assert run(chat, **CALL).state == "SUCCESS"
    assert 0 < budget.spent < budget.amount
    assert budget.reserved == 0


def test_a_task_that_could_cost_more_than_is_left_fails_with_the_sentence_and_no_job(
    chat, budget, hub
):
    run(chat, "first", **CALL)
    refused = run(chat, "second", **CALL | {"max_gen_tokens": 1000})
    assert refused.state == "FAILURE"
    assert isinstance(refused.result, jobs.TaskError)
    assert refused.result.kind == "BudgetExceededError"
    assert "of the budget of 0.001 EUR is left" in str(refused.result)
    assert hub.hub.jobs_submitted == 1
    assert budget.reserved == 0


def test_the_delivery_that_goes_on_with_a_job_settles_it(chat, claims, client, budget, hub):
    job = client.llama3_8b_chat.submit(**CALL)
    assert budget.reserved > 0
    left_behind(claims, jobs.Record("submitted", job.id, 2e9))
    del job  # of a process that died
    assert run(chat, **CALL).state == "SUCCESS"
    assert (budget.spent > 0, budget.reserved) == (True, 0)
    assert hub.hub.jobs_submitted == 1


def test_tries_to_pick_a_job_up_reserve_nothing_more(chat, budget, hub):
    hub.faults.add(Status(404), on="poll", times=2)
    assert run(chat, **CALL).state == "SUCCESS"
    assert (budget.spent > 0, budget.reserved) == (True, 0)


def test_a_submit_that_is_tried_again_reserves_once_more_only_where_it_made_no_job(
    task_of, budget, hub
):
    hub.faults.add(Status(500), on="submit")
    task = task_of(resubmit_uncertain=True)
    run(task, prompt_input="hello", max_gen_tokens=100)
    (call,) = budget.open_calls()
    assert "may or may not have been made" in call.reason
    assert budget.spent > 0
    assert hub.hub.jobs_submitted == 1


def test_the_budget_of_an_endpoint_that_is_named_holds_for_its_tasks(
    app, claims, budget, hub, tmp_path
):
    with Aki(KEY, api_server=hub.url) as aki:
        chat = aki.llama3_8b_chat.with_options(prices=prices_in(tmp_path), budget=budget)
        task = jobs.endpoint_task(app, chat, claims=claims)
    run(task, "first", **CALL)
    assert (budget.spent > 0, budget.reserved) == (True, 0)
    refused = run(task, "second", **CALL | {"max_gen_tokens": 1000})
    assert refused.result.kind == "BudgetExceededError"
    assert hub.hub.jobs_submitted == 1
