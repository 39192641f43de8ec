"""A budget of the endpoint that a dataset calls: it travels to the workers, which share its ledger."""

import pickle
from decimal import Decimal

import pytest
from aki_client import Aki, Budget, BudgetExceededError, ConfigurationError
from ray_data.conftest import Line, row
from support.prices import prices_in


@pytest.fixture
def budget(tmp_path):
    return Budget("0.002", ledger=tmp_path / "rows.ledger")


@pytest.fixture
def make_worker(make_worker, make_options, hub, budget, tmp_path):
    """Make a worker of an endpoint that has the budget, whose options have travelled."""

    def make(line, budget=budget):
        with Aki("test-key", api_server=hub.url, prices=prices_in(tmp_path), budget=budget) as aki:
            options = make_options(endpoint=aki.llama3_8b_chat)
        taken = pickle.loads(pickle.dumps(options)).client_options  # noqa: S301
        return make_worker(line, client_options=taken)

    return make


def rows(*numbers):
    made = [row(str(number)) for number in numbers]
    for each in made:
        each.parameters["max_gen_tokens"] = 500
    return made


def test_rows_count_what_they_cost_and_keep_nothing_reserved(make_worker, line, budget):
    outcomes = make_worker(line).outcomes(rows(1, 2))
    assert budget.spent == sum(outcome.cost for outcome in outcomes) > 0
    assert budget.reserved == 0


def test_a_dataset_ends_with_the_sentence_where_no_further_row_can_be_paid(
    make_worker, line, budget, hub
):
    with pytest.raises(BudgetExceededError, match=r"of the budget of 0\.002 EUR is left"):
        make_worker(line).outcomes(rows(*range(100)))
    assert 0 < hub.hub.jobs_submitted < 100
    assert budget.amount - Decimal("0.001") < budget.spent <= budget.amount
    assert budget.reserved == 0


def test_a_run_with_more_goes_on_with_the_rows_that_are_left(make_worker, line, budget, hub):
    with pytest.raises(BudgetExceededError):
        make_worker(line).outcomes(rows(*range(40)))
    more = Budget(1, ledger=budget.ledger)
    outcomes = make_worker(line, more).outcomes(rows(*range(40)))
    assert {outcome.status for outcome in outcomes} == {"done"}
    assert hub.hub.jobs_submitted == 40


def test_two_workers_share_it(make_worker, ledger, budget, hub):
    first, second = make_worker(Line(ledger)), make_worker(Line(ledger))
    with pytest.raises(BudgetExceededError):
        first.outcomes(rows(*range(100)))
    before = hub.hub.jobs_submitted
    with pytest.raises(BudgetExceededError):
        second.outcomes(rows(*range(100, 200)))
    assert hub.hub.jobs_submitted - before <= 2
    assert budget.spent <= budget.amount


def test_a_node_that_does_not_see_the_ledger_begins_no_other(budget, hub, make_options, tmp_path):
    with Aki("test-key", api_server=hub.url, prices=prices_in(tmp_path), budget=budget) as aki:
        packed = pickle.dumps(make_options(endpoint=aki.llama3_8b_chat))
    budget.ledger.unlink()
    with pytest.raises(ConfigurationError, match="only processes that see its file"):
        pickle.loads(packed)  # noqa: S301
