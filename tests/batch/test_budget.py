"""A batch within a budget: no row is sent that could cost more than is left, and a later run goes on."""

from decimal import Decimal

import pytest
from aki_client import Aki, Prices, batch
from support.prices import PRICES


@pytest.fixture
def chat(hub, tmp_path):
    path = tmp_path / "prices.toml"
    path.write_text(PRICES)
    with Aki(prices=Prices.load(path)) as aki:
        yield aki.llama3_8b_chat


@pytest.fixture
def rows():
    return [{"prompt_input": f"row {n};", "max_gen_tokens": 1000} for n in range(1, 41)]


def test_it_starts_no_row_that_the_budget_could_not_pay_and_a_higher_one_goes_on(
    chat, rows, output, hub
):
    first = batch.run(chat, rows, output, budget="0.002", survives_power_loss=False)
    assert 1 <= first.done < 40
    assert (first.failed, first.uncertain) == (0, 0)
    assert first.left == 40 - first.done
    assert hub.hub.jobs_submitted == first.done
    assert first.cost is not None
    # Used up to what the worst case of a row admits.
    assert Decimal("0.002") - Decimal("0.001275") < first.cost <= Decimal("0.002")
    assert "of the budget of 0.002 EUR is left" in first.refused
    second = batch.run(chat, rows, output, budget="1", survives_power_loss=False)
    assert (second.done, second.left, second.refused) == (40, 0, "")
    assert hub.hub.jobs_submitted == 40


def test_a_row_whose_cost_nothing_bounds_is_refused_before_the_first_is_sent(
    hub, tmp_path, output, rows
):
    path = tmp_path / "prices.toml"
    path.write_text(f"{PRICES}per_second_of_compute = 1\n")
    with (
        Aki(prices=Prices.load(path)) as aki,
        pytest.raises(batch.InvalidRowsError, match="nothing bounds"),
    ):
        batch.run(aki.llama3_8b_chat, rows, output, budget="1")
    assert hub.hub.jobs_submitted == 0
