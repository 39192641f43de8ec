"""What clients say that their calls cost, held against the sandbox's own bill."""

import asyncio
import json
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from aki_client import Aki, AsyncAki, JobCanceledError, JobFailedError, Prices, batch
from aki_sandbox.faults.effects import Cut, QueueFull, Reset, Status, WorkerFails
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings, Tariff

KEY = "test-key"
TARIFFS = {
    "*": Tariff(million_read="0.3", million_cached="0.07", million_written="2.21"),
    "flux-dev": Tariff(picture="0.0171"),
    "xttsv2": Tariff(second_of_sound="0.0013"),
    "qwen_image": Tariff(picture="0.01", second_of_computing="0.00123"),
}
PRICES = """
format = 1
currency = "EUR"

[[endpoint."*"]]
valid_from = 2026-01-01
input_per_million = 0.3
cached_per_million = 0.07
output_per_million = 2.21

[[endpoint.flux-dev]]
valid_from = 2026-01-01
per_picture = 0.0171

[[endpoint.xttsv2]]
valid_from = 2026-01-01
per_second_of_sound = 0.0013

[[endpoint.qwen_image]]
valid_from = 2026-01-01
per_picture = 0.01
per_second_of_compute = 0.00123
"""


@pytest.fixture
def hub():
    settings = HubSettings(job_seconds=0.01, worker_slots=50, tariffs=TARIFFS)
    with SandboxServer(settings=settings) as server:
        yield server


@pytest.fixture
def prices(tmp_path: Path) -> Prices:
    path = tmp_path / "prices.toml"
    path.write_text(PRICES)
    return Prices.load(path)


@pytest.fixture
def aki(hub: SandboxServer, prices: Prices):
    with Aki(KEY, api_server=hub.url, prices=prices, progress_interval=0.01) as client:
        yield client


def owed(hub: SandboxServer) -> Decimal:
    bill = httpx.get(f"{hub.url}/sandbox/bill", params={"key": KEY}).json()
    return Decimal(bill["amount"])


def test_without_prices_nothing_has_a_cost(hub: SandboxServer) -> None:
    with Aki(KEY, api_server=hub.url) as client:
        answer = client.llama3_chat(prompt_input="hi")
    assert (answer.cost, answer.usage.output_tokens) == (None, answer.num_generated_tokens)


def test_calls_streams_and_jobs_cost_what_the_hub_bills(hub: SandboxServer, aki: Aki) -> None:
    answers = [
        aki.flux_dev(prompt="a cat", num_samples=3, width=128, height=128),
        aki.qwen_image(prompt="a [[dur=0.037]] cat", width=128, height=128),
        aki.xttsv2(text="seven words are spoken in this sentence"),
        aki.gpt_oss_chat(prompt_input="think"),
        aki.call("llama3_chat", {"prompt_input": "untyped"}),
        aki.llama3_chat.submit(prompt_input="a job").result(),
    ]
    with aki.llama3_chat.stream(prompt_input="a stream") as stream:
        for _ in stream:
            pass
        answers.append(stream.result())
    costs = [answer.cost for answer in answers]
    assert None not in costs
    assert sum(filter(None, costs)) == owed(hub) > 0


def test_hundreds_of_calls_cost_what_the_hub_bills(hub: SandboxServer, prices: Prices) -> None:
    async def main() -> list[Decimal | None]:
        async with AsyncAki(
            KEY, api_server=hub.url, prices=prices, progress_interval=0.02
        ) as client:
            chats = [client.llama3_chat(prompt_input="word " * (n % 40)) for n in range(250)]
            sounds = [client.xttsv2(text="la " * (n % 7 + 1)) for n in range(50)]
            return [answer.cost for answer in await asyncio.gather(*chats, *sounds)]

    costs = asyncio.run(main())
    assert sum(cost for cost in costs if cost is not None) == owed(hub)


def test_a_job_that_another_client_has_submitted_has_its_cost(
    hub: SandboxServer, aki: Aki, prices: Prices
) -> None:
    with Aki(KEY, api_server=hub.url) as poor:
        job_id = poor.llama3_chat.submit(prompt_input="hi").id
    assert aki.llama3_chat.job(job_id).result().cost == owed(hub) > 0


def test_readers_of_one_job_have_the_cost_by_their_own_prices(
    hub: SandboxServer, aki: Aki, prices: Prices
) -> None:
    job = aki.llama3_chat.submit(prompt_input="hi")
    without = aki.llama3_chat.with_options(prices=None).job(job.id)
    assert job.result().cost == owed(hub)
    assert without.result().cost is None


def test_a_batch_with_faults_costs_what_the_hub_bills(
    hub: SandboxServer, aki: Aki, tmp_path: Path
) -> None:
    hub.faults.add_random(Reset(), rate=0.05, seed=1, on="submit")
    hub.faults.add_random(QueueFull(), rate=0.05, seed=2, on="submit")
    hub.faults.add_random(Status(503), rate=0.1, seed=3, on="poll")
    hub.faults.add_random(Cut(), rate=0.05, seed=4, on="running")
    rows = [{"prompt_input": f"row {n} " + "word " * (n % 20)} for n in range(300)]
    output = tmp_path / "out.jsonl"
    first = batch.run(aki.llama3_chat, rows, output, survives_power_loss=False)
    hub.faults.clear()
    # The resets struck before the hub had the call.
    again = batch.run(
        aki.llama3_chat, rows, output, survives_power_loss=False, resubmit_uncertain=True
    )
    assert first.cost_unknown == first.uncertain > 0
    assert (again.done, again.cost_unknown) == (300, 0)
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    assert first.cost
    assert again.cost
    assert first.cost + again.cost == sum(Decimal(line["cost"]) for line in lines) == owed(hub)


def test_rows_that_failed_or_are_lost_have_an_unknown_cost(
    hub: SandboxServer, aki: Aki, tmp_path: Path
) -> None:
    hub.faults.add(WorkerFails(), on="submit", nth=1, times=2)
    hub.faults.add(Reset(reached=True), on="submit", nth=5)
    rows = [{"prompt_input": f"row {n}"} for n in range(6)]
    summary = batch.run(aki.llama3_chat, rows, tmp_path / "out.jsonl", concurrency=1)
    assert (summary.done, summary.failed, summary.uncertain) == (3, 2, 1)
    assert summary.cost_unknown == 3
    assert summary.cost is not None
    assert summary.cost < owed(hub)  # of the uncertain one too


def test_failed_and_cancelled_jobs_have_no_cost(aki: Aki) -> None:
    with pytest.raises(JobFailedError):
        aki.llama3_chat(prompt_input="[[error=no]]")
    job = aki.llama3_chat.submit(prompt_input="[[dur=30 steps=1000]]")
    job.cancel()
    with pytest.raises(JobCanceledError):
        job.result()
