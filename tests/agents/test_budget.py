"""What agents may spend: one budget for all servers of a hub, and a refusal that an agent can read."""

import asyncio

import pytest
from aki_client import Budget
from aki_mcp import server
from support.prices import prices_in

CALL = {"prompt_input": "hello there", "max_gen_tokens": 500}


@pytest.fixture(autouse=True)
def prices(tmp_path, monkeypatch):
    prices = prices_in(tmp_path)
    monkeypatch.setenv("AKI_PRICES", prices.source)
    return prices


def test_a_call_that_the_budget_could_not_pay_is_a_tool_error_whichever_server_has_spent_it(
    agents, hub
):
    async def call():
        async with agents.process("--budget", "0.0008") as client:
            return await client.call_tool("llama3_chat", CALL)

    first, second = asyncio.run(call()), asyncio.run(call())
    assert not first.is_error
    assert second.is_error
    assert "of the budget of 0.0008 EUR is left" in str(second.content)
    assert hub.hub.jobs_submitted == 1


def test_the_server_that_is_started_anew_settles_the_job_that_the_last_one_left(
    agents, hub, state, prices, monkeypatch
):
    monkeypatch.setattr(server, "ANSWER_SECONDS", 0.5)
    given = {"budget": "0.0012", "prices": prices}

    async def leave():
        async with agents.here(**given) as client:
            long = CALL | {"prompt_input": "[[dur=3 steps=3]] hello there"}
            return (await client.call_tool("llama3_chat", long)).structured_content

    async def go_on(call):
        async with agents.here(**given) as client:
            # Of what the job may cost nothing is left.
            refused = await client.call_tool("llama3_chat", CALL)
            ended = left
            while ended["status"] == "running":
                answer = await client.call_tool("job_result", {"call": call})
                ended = answer.structured_content
            return str(refused.content), ended, await client.call_tool("llama3_chat", CALL)

    left = asyncio.run(leave())
    (path,) = state.glob("aki/mcp/*/budget.ledger")
    ledger = Budget(1, ledger=path)
    assert (left["status"], ledger.spent, ledger.reserved > 0) == ("running", 0, True)
    refused, ended, after = asyncio.run(go_on(left["call"]))
    assert "reserved for 1 calls under way" in refused
    assert ended["status"] == "done"
    assert not after.is_error
    assert (ledger.spent > 0, ledger.reserved) == (True, 0)
    assert hub.hub.jobs_submitted == 2
