"""Budgets: a call that could cost more than is left is not sent, and what is left is right whatever happens."""

import asyncio
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, localcontext
from pathlib import Path

import pytest
from aki_client import (
    Aki,
    AsyncAki,
    Budget,
    BudgetExceededError,
    ConfigurationError,
    JobFailedError,
    Prices,
    UnexpectedAnswerError,
)
from aki_sandbox.faults.effects import Cut, Delay, QueueFull, WorkerFails
from support.prices import PRICES

TEMPLATE = 256
"""Tokens that are reserved beside those that are sent."""

RACE = """
import sys
from aki_client import Aki, Budget, BudgetExceededError, Prices

aki = Aki("k", api_server=sys.argv[1], prices=Prices.load(sys.argv[2]), budget=Budget("0.02", ledger=sys.argv[3]))
try:
    while True:
        aki.llama3_8b_chat(prompt_input="hi", max_gen_tokens=500)
except BudgetExceededError:
    pass
"""

KILLED = """
import os, signal, sys
import httpx2
from aki_client import Aki, Budget, Prices

def die(request):
    if sys.argv[4] in str(request.url):
        os.kill(os.getpid(), signal.SIGKILL)

http = httpx2.Client(event_hooks={"request": [die]})
aki = Aki("k", api_server=sys.argv[1], http_client=http, prices=Prices.load(sys.argv[2]))
print(aki.with_options(budget=Budget(1, ledger=sys.argv[3])).llama3_8b_chat(prompt_input="hi", max_gen_tokens=100))
"""


def most(text: str, tokens: int) -> Decimal:
    """Return what is reserved for a prompt: a token for each byte, and those that may be written."""
    return Decimal(TEMPLATE + len(f"{text}{tokens}".encode()) + tokens).scaleb(-6)


@pytest.fixture
def price_file(tmp_path: Path) -> Path:
    path = tmp_path / "prices.toml"
    path.write_text(PRICES)
    return path


@pytest.fixture
def prices(price_file: Path) -> Prices:
    return Prices.load(price_file)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "calls.ledger"


@pytest.fixture
def budget(ledger: Path) -> Budget:
    return Budget("0.01", ledger=ledger)


@pytest.fixture
def chat(aki: Aki, prices: Prices, budget: Budget):
    return aki.llama3_8b_chat.with_options(prices=prices, budget=budget)


def jobs(hub) -> int:
    return hub.hub.jobs_submitted


def run(program: str, *arguments: object) -> int:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, timeout=60, check=False).returncode


class TestACall:
    """One call: refused, settled, given back or kept."""

    def test_is_refused_before_it_is_sent_where_it_could_cost_more_than_is_left(self, chat, hub):
        before = jobs(hub)
        with pytest.raises(BudgetExceededError) as refused:
            chat(prompt_input="hi", max_gen_tokens=10_000)
        assert jobs(hub) == before
        error = refused.value
        assert (error.asked, error.left, error.budget) == (
            most("hi", 10_000),
            Decimal("0.01"),
            Decimal("0.01"),
        )
        assert "nothing was sent" in error.message

    def test_counts_what_it_has_cost_and_no_longer_what_it_could_have(self, chat, budget):
        answer = chat(prompt_input="hi", max_gen_tokens=100)
        assert answer.cost is not None
        assert answer.cost > 0
        assert (budget.spent, budget.reserved, budget.open_calls()) == (answer.cost, 0, [])

    def test_reserves_a_token_for_each_byte_of_its_text(self, chat, hub):
        text = "Grüße, 世界 👋"
        assert len(text.encode()) > len(text)
        with pytest.raises(BudgetExceededError) as refused:
            chat(prompt_input=text, max_gen_tokens=16_000)
        assert refused.value.asked == most(text, 16_000)

    def test_is_reserved_once_however_often_its_submit_is_repeated(self, chat, budget, hub):
        seen: list[Decimal] = []
        hub.faults.add(QueueFull(), on="submit", times=2)
        watched = chat.with_options(on_retry=lambda error: seen.append(budget.reserved))
        answer = watched(prompt_input="hi", max_gen_tokens=100)
        assert seen == [most("hi", 100)] * 2
        assert (budget.spent, budget.reserved) == (answer.cost, 0)

    def test_gives_back_what_it_reserved_where_no_job_was_made(self, chat, budget, hub):
        hub.faults.add(QueueFull(), on="submit", times=3)
        with pytest.raises(Exception, match="queue"):
            chat(prompt_input="hi", max_gen_tokens=100)
        assert (budget.spent, budget.reserved) == (0, 0)

    def test_stays_reserved_where_nobody_knows_whether_a_job_was_made(self, chat, budget, hub):
        hub.faults.add(Cut(), on="submit")
        with pytest.raises((ConnectionError, UnexpectedAnswerError)):
            chat(prompt_input="hi", max_gen_tokens=100)
        (call,) = budget.open_calls()
        assert call.reserved == budget.reserved == most("hi", 100)
        assert "may or may not have been made" in call.reason

    def test_stays_reserved_where_its_job_failed_until_somebody_says_what_it_cost(
        self, chat, budget, hub
    ):
        hub.faults.add(WorkerFails(), on="submit")
        with pytest.raises(JobFailedError):
            chat(prompt_input="hi", max_gen_tokens=100)
        (call,) = budget.open_calls()
        assert call.reason.startswith("JobFailedError: ")
        with pytest.raises(
            ConfigurationError, match=r"settle takes a call of open_calls\(\), not "
        ):
            budget.settle(call.id, "0.003")
        budget.settle(call, "0.003")
        assert (budget.spent, budget.reserved) == (Decimal("0.003"), 0)

    def test_that_nothing_bounds_is_refused(self, aki, budget, tmp_path, hub):
        path = tmp_path / "sound.toml"
        path.write_text(f"{PRICES}per_second_of_sound = 1\n")
        before = jobs(hub)
        speech = aki.xttsv2.with_options(prices=Prices.load(path), budget=budget)
        with pytest.raises(ConfigurationError, match="nothing bounds"):
            speech(text="hello")
        assert jobs(hub) == before

    def test_is_settled_by_whoever_reads_the_end_of_its_job(self, chat, budget, hub, aki):
        job = chat.submit(prompt_input="hi", max_gen_tokens=100)
        assert budget.reserved == most("hi", 100)
        # Of another client, which knows of no budget.
        answer = aki.llama3_8b_chat.job(job.id).result()
        assert answer.text
        assert (budget.spent, budget.reserved) == (job.result().cost, 0)

    def test_is_settled_whatever_the_clock_says(self, chat, budget, monkeypatch):
        monkeypatch.setattr("aki_runtime.store.budget.time.time", lambda: -1e9)
        answer = chat(prompt_input="hi", max_gen_tokens=100)
        assert (budget.spent, budget.reserved) == (answer.cost, 0)

    def test_of_a_stream_that_is_left_stays_reserved(self, chat, budget):
        with chat.stream(prompt_input="[[dur=5]] hi", max_gen_tokens=100):
            pass
        assert budget.reserved == most("[[dur=5]] hi", 100)


class TestToolLoops:
    """`aki.chat`: each round is a call of its own."""

    ASKING = "What does an espresso cost? [[tool=look_up]]"

    @staticmethod
    def look_up(query: str) -> str:
        """Look up what something costs."""
        return "2.20 euro"

    @pytest.fixture
    def chat(self, aki: Aki, prices: Prices, budget: Budget):
        return aki.llama3_chat.with_options(prices=prices, budget=budget)

    def hold(self, aki, chat, budget, messages):
        chat = chat.with_options(budget=budget)
        return aki.chat(chat, messages, tools=[self.look_up], max_gen_tokens=500)

    def asking(self):
        return [{"role": "user", "content": self.ASKING}]

    def test_every_round_counts_and_nothing_stays_reserved(self, aki, chat, budget, hub):
        before = jobs(hub)
        answer = self.hold(aki, chat, budget, self.asking())
        assert jobs(hub) - before == 2
        assert 0 < answer.cost < budget.spent
        assert budget.reserved == 0

    def test_a_round_that_is_refused_leaves_a_conversation_to_go_on_with(
        self, aki, chat, ledger, hub
    ):
        with pytest.raises(BudgetExceededError) as refused:
            self.hold(aki, chat, Budget(0), self.asking())
        for_one = Budget(refused.value.asked, ledger=ledger)
        before, messages = jobs(hub), self.asking()
        with pytest.raises(BudgetExceededError, match="EUR is left: 0"):
            self.hold(aki, chat, for_one, messages)
        assert jobs(hub) - before == 1
        assert for_one.reserved == 0
        assert "2.20 euro" in messages[-1]["content"]
        assert self.hold(aki, chat, Budget(1, ledger=ledger), messages).text
        assert jobs(hub) - before == 2

    def test_an_endpoint_that_is_a_tool_has_its_own_and_its_refusal_reaches_the_caller(
        self, aki, chat, budget, prices, hub
    ):
        poor = aki.llama3_8b_chat.with_options(prices=prices, budget="0.0001").tool()
        call = 'llama3_8b_chat args={"prompt_input": "hi", "max_gen_tokens": 500}'
        before, messages = jobs(hub), [{"role": "user", "content": f"Ask. [[tool={call}]]"}]
        with pytest.raises(BudgetExceededError, match=r"of the budget of 0\.0001 EUR"):
            aki.chat(chat, messages, tools=[poor], max_gen_tokens=500)
        assert jobs(hub) - before == 1
        assert budget.spent > budget.reserved == 0


class TestAsync:
    """Tasks, cancelled at any moment."""

    def test_cancelling_before_anything_is_sent_gives_back(self, hub, prices, budget):
        hub.faults.add(QueueFull(), on="submit")

        async def main() -> None:
            waits = asyncio.Event()
            async with AsyncAki("k", api_server=hub.url, prices=prices, budget=budget) as aki:
                chat = aki.llama3_8b_chat.with_options(on_retry=lambda error: waits.set())
                task = asyncio.create_task(chat(prompt_input="hi", max_gen_tokens=100))
                await waits.wait()
                task.cancel()
                await asyncio.wait([task])

        asyncio.run(main())
        assert (budget.spent, budget.reserved) == (0, 0)

    def test_cancelling_amid_the_submit_leaves_it_reserved(self, hub, prices, budget):
        hub.faults.add(Delay(0.3), on="submit")
        before = jobs(hub)

        async def main() -> None:
            async with AsyncAki("k", api_server=hub.url, prices=prices, budget=budget) as aki:
                call = aki.llama3_8b_chat(prompt_input="[[dur=5]] hi", max_gen_tokens=100)
                task = asyncio.create_task(call)
                while not budget.reserved:
                    await asyncio.sleep(0)
                await asyncio.sleep(0.1)
                task.cancel()
                await asyncio.wait([task])

        asyncio.run(main())
        assert jobs(hub) - before in (0, 1)
        expected = most("[[dur=5]] hi", 100) if jobs(hub) > before else 0
        assert budget.reserved == expected

    def test_cancelling_amid_the_settling_settles_all_the_same(self, hub, prices, budget):
        """The one thread that writes is busy, so that it has not begun."""
        begin = threading.Event()

        async def main() -> Decimal | None:
            loop = asyncio.get_running_loop()
            async with AsyncAki("k", api_server=hub.url, prices=prices, budget=budget) as aki:
                job = await aki.llama3_8b_chat.submit(prompt_input="hi", max_gen_tokens=100)
                loop.set_default_executor(ThreadPoolExecutor(1))
                busy = loop.run_in_executor(None, begin.wait)
                task = asyncio.create_task(job.result())
                while not job.ended:
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.wait([task], timeout=0.1)
                begin.set()
                await asyncio.wait([task, busy])
                assert task.cancelled()
                return (await job.result()).cost

        cost = asyncio.run(main())
        assert (budget.spent, budget.reserved) == (cost, 0)

    def test_many_at_once_never_reserve_more_than_there_is(self, hub, prices, budget):
        before = jobs(hub)

        async def main() -> list[object]:
            async with AsyncAki("k", api_server=hub.url, prices=prices, budget=budget) as aki:
                call = aki.llama3_8b_chat
                calls = [call(prompt_input="[[dur=0.5]]", max_gen_tokens=1000) for _ in range(20)]
                return await asyncio.gather(*calls, return_exceptions=True)

        ends = asyncio.run(main())
        refused = sum(isinstance(end, BudgetExceededError) for end in ends)
        assert (
            jobs(hub) - before == 20 - refused == int(Decimal("0.01") / most("[[dur=0.5]]", 1000))
        )


class TestProcesses:
    """Several processes with one ledger."""

    def test_four_that_race_spend_what_there_is_and_no_more(self, hub, price_file, ledger):
        before = jobs(hub)
        with ThreadPoolExecutor(4) as pool:
            ends = pool.map(run, *zip(*[(RACE, hub.url, price_file, ledger)] * 4, strict=True))
            assert list(ends) == [0] * 4
        budget = Budget("0.02", ledger=ledger)
        assert jobs(hub) > before
        assert budget.reserved == 0
        assert budget.spent <= budget.amount
        assert budget.left < most("hi", 500)

    def test_one_killed_before_its_submit_leaves_what_it_reserved(self, hub, price_file, ledger):
        before = jobs(hub)
        assert run(KILLED, hub.url, price_file, ledger, "/call/") == -signal.SIGKILL
        assert jobs(hub) == before
        budget = Budget(1, ledger=ledger)
        (call,) = budget.open_calls()
        assert call.reserved == most("hi", 100)
        assert (
            "its process ended before its end was known; whether it has made a job" in call.reason
        )
        assert (budget.spent, budget.reserved) == (0, most("hi", 100))

    def test_one_killed_after_its_submit_is_settled_when_its_job_is_taken_up(
        self, hub, price_file, prices, ledger, aki
    ):
        known = {job.id for job in hub.hub.jobs}
        assert run(KILLED, hub.url, price_file, ledger, "/progress/") == -signal.SIGKILL
        (job_id,) = {job.id for job in hub.hub.jobs} - known
        budget = Budget(1, ledger=ledger)
        (call,) = budget.open_calls()
        assert call.reserved == budget.reserved == most("hi", 100)
        assert "whoever takes its job up settles it" in call.reason
        chat = aki.llama3_8b_chat.with_options(prices=prices, budget=budget)
        answer = chat.job(job_id).result()
        assert (budget.spent, budget.reserved) == (answer.cost, 0)
        assert chat.job(job_id).status() == "gone"
        assert budget.spent == answer.cost

    def test_a_fork_shares_the_budget_of_a_client(self, hub, prices):
        with Aki("k", api_server=hub.url, prices=prices, budget="0.001") as aki:
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    aki.llama3_8b_chat(prompt_input="hi", max_gen_tokens=500)
                    status = 0
                finally:
                    os._exit(status)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            with pytest.raises(BudgetExceededError):
                aki.llama3_8b_chat(prompt_input="hi", max_gen_tokens=740)

    def test_no_thread_of_a_fork_uses_what_its_parent_has_open(self, budget):
        together = threading.Barrier(6)

        def connection(_: int) -> int:
            together.wait()
            with budget._file.writing() as opened:
                return id(opened)

        with budget._file.writing() as opened:
            inherited = id(opened)
        for _ in range(8):
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    with ThreadPoolExecutor(6) as pool:
                        used = set(pool.map(connection, range(6)))
                    status = int(inherited in used or len(used) > 1)
                finally:
                    os._exit(status)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    def test_a_pickled_endpoint_brings_its_budget_along(self, chat, ledger, hub, monkeypatch):
        monkeypatch.setenv("AKI_API_KEY", "k")
        assert pickle.loads(pickle.dumps(chat))(prompt_input="hi", max_gen_tokens=10).cost  # noqa: S301
        assert Budget(1, ledger=ledger).spent
        packed = pickle.dumps(chat)
        ledger.unlink()
        with pytest.raises(ConfigurationError, match="is not here"):
            pickle.loads(packed)  # noqa: S301


class TestALedger:
    """The file."""

    def test_is_for_this_user_alone_and_says_what_it_is(self, budget, ledger):
        assert ledger.stat().st_mode & 0o777 == 0o600
        assert repr(budget) == "<Budget 0.01: 0 spent, 0 reserved>"

    @pytest.mark.parametrize(
        ("content", "said"),
        [(b"", "it is empty"), (b"not a ledger at all" * 99, "is not a ledger of a budget")],
    )
    def test_that_is_damaged_or_foreign_is_one_sentence(self, ledger, content, said):
        ledger.write_bytes(content)
        with pytest.raises(ConfigurationError, match=said) as refused:
            Budget(1, ledger=ledger)
        assert "\n" not in refused.value.message

    @pytest.mark.parametrize("name", ["a\0b", "a\ud800b", "a" * 300])
    def test_that_no_file_can_be_is_one_sentence(self, tmp_path, name):
        with pytest.raises(ConfigurationError, match=r"the ledger .* cannot be opened: "):
            Budget(1, ledger=tmp_path / name)

    def test_of_another_kind_is_refused(self, ledger):
        with sqlite3.connect(ledger) as other:
            other.execute("CREATE TABLE mine (x)")
        with pytest.raises(ConfigurationError, match="give another path"):
            Budget(1, ledger=ledger)

    def test_of_another_format_is_refused(self, budget, ledger):
        with sqlite3.connect(ledger) as other:
            other.execute("PRAGMA user_version = 99")
        with pytest.raises(ConfigurationError, match="has format 99"):
            Budget(1, ledger=ledger)

    def test_that_is_waited_for_is_free_again_after_ctrl_c(self, chat, budget, ledger):
        other = sqlite3.connect(ledger, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")

        def interrupt() -> None:
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)
            other.execute("ROLLBACK")

        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            chat(prompt_input="hi", max_gen_tokens=10)
        other.execute("BEGIN IMMEDIATE")
        other.close()
        answer = chat(prompt_input="hi", max_gen_tokens=10)
        assert (budget.spent, budget.reserved) == (answer.cost, 0)

    def test_counts_in_one_currency(self, chat, aki, budget, tmp_path, hub):
        chat(prompt_input="hi", max_gen_tokens=10)
        path = tmp_path / "dollars.toml"
        path.write_text(PRICES.replace("EUR", "USD"))
        before = jobs(hub)
        dollars = aki.llama3_8b_chat.with_options(prices=Prices.load(path), budget=budget)
        with pytest.raises(ConfigurationError, match="counts in EUR"):
            dollars(prompt_input="hi", max_gen_tokens=10)
        assert jobs(hub) == before

    def test_takes_no_cost_in_another_currency(self, chat, aki, ledger, tmp_path, hub):
        """A job that another process takes up, which has other prices."""
        job_id = chat.submit(prompt_input="hi", max_gen_tokens=10).id
        path = tmp_path / "dollars.toml"
        path.write_text(PRICES.replace("EUR", "USD"))
        budget = Budget(1, ledger=ledger)
        dollars = aki.llama3_8b_chat.with_options(prices=Prices.load(path), budget=budget)
        answer = dollars.job(job_id).result()
        assert (budget.spent, budget.reserved) == (0, most("hi", 10))
        (call,) = budget.open_calls()
        assert call.reason.endswith(" USD, and the ledger counts in EUR")
        budget.settle(call, answer.cost)
        assert (budget.spent, budget.reserved) == (answer.cost, 0)

    def test_that_cannot_be_written_does_not_cost_a_result(self, chat, ledger, hub):
        job = chat.submit(prompt_input="hi", max_gen_tokens=10)
        with sqlite3.connect(ledger) as other:
            other.execute("DROP TABLE totals")
        assert job.result().text


class TestOptions:
    """How a budget is given."""

    @pytest.mark.parametrize(
        "amount", ["ten", -1, "nan", True, "inf", "1e999999", "1e-999999", "9" * 99]
    )
    def test_an_amount_has_to_be_one(self, amount, hub, prices):
        with pytest.raises(ConfigurationError, match="must be an amount"):
            Aki("k", api_server=hub.url, prices=prices, budget=amount)

    def test_what_is_left_is_exact_whatever_the_context_of_the_caller(self):
        with localcontext(prec=3):
            assert Budget("123.456789").left == Decimal("123.456789")

    def test_a_budget_needs_prices(self, aki):
        with pytest.raises(ConfigurationError, match="needs prices"):
            aki.with_options(budget="1")

    def test_an_amount_is_shared_by_all_calls_of_a_client(self, hub, prices):
        with Aki("k", api_server=hub.url, prices=prices, budget="0.001") as aki:
            aki.llama3_8b_chat(prompt_input="hi", max_gen_tokens=500)
            with pytest.raises(BudgetExceededError):
                aki.with_options(timeout=60).llama3_chat(prompt_input="hi", max_gen_tokens=740)

    def test_clients_of_other_packages_have_no_budget_and_say_so(self, hub, prices):
        with Aki("k", api_server=hub.url, prices=prices, budget="1") as aki:
            with pytest.raises(ConfigurationError, match="no budget holds"):
                aki.openai()
            pytest.importorskip("openai")
            assert aki.with_options(budget=None).openai()
