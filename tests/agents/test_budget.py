"""What agents may spend: one budget for all servers of a hub, and a refusal that an agent can read."""

import asyncio

import pytest

PRICES = """
format = 1
currency = "EUR"
[[endpoint."*"]]
valid_from = 2026-01-01
input_per_million = 1
output_per_million = 1
"""
CALL = {"prompt_input": "hello there", "max_gen_tokens": 500}


@pytest.fixture(autouse=True)
def _prices(tmp_path, monkeypatch):
    path = tmp_path / "prices.toml"
    path.write_text(PRICES)
    monkeypatch.setenv("AKI_PRICES", str(path))


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
