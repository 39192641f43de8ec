"""A paid job survives the agent: what is answered while it runs, and who has its result in the end."""

import asyncio
import signal
import stat
import subprocess
import sys
import time
from typing import Literal

import pytest
from aki_client import AsyncAki
from aki_client.batch import JournalError
from aki_mcp import server
from aki_mcp.answers import message_of
from aki_mcp.serving import journals_of
from aki_sandbox.faults.effects import QueueFull, WorkerFails
from mcp.client.extension import ClientExtension, ResultClaim, advertise
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, Request, RequestParams, Result

TASKS = "io.modelcontextprotocol/tasks"
LONG = {"prompt_input": "[[dur=3 steps=3]] Tell me a long story"}


def found(answer, status="done"):
    assert answer.structured_content["status"] == status, answer
    return answer.structured_content


@pytest.fixture
def hurried(monkeypatch):
    """Clients that wait for half a second."""
    monkeypatch.setattr(server, "ANSWER_SECONDS", 0.5)


def test_a_long_call_is_answered_with_its_id_and_its_result_is_had_later(agents, hub, hurried):
    async def run():
        async with agents.here() as client:
            first = await client.call_tool("llama3_chat", LONG)
            running = found(first, "running")
            assert "6 minutes" in running["message"]
            assert running["call"] in running["message"]
            answer = first
            while answer.structured_content["status"] == "running":
                answer = await client.call_tool("job_result", {"call": running["call"]})
            return found(answer)

    assert "in place of" in asyncio.run(run())["outputs"]["text"]
    assert len(hub.hub.jobs._jobs) == 1


def test_the_next_server_takes_up_what_the_last_one_left_and_submits_nothing(agents, hub, hurried):
    async def begin():
        async with agents.here() as client:
            return found(await client.call_tool("llama3_chat", LONG), "running")["call"]

    async def go_on():
        async with agents.here() as client:
            jobs = (await client.call_tool("jobs", {})).structured_content["jobs"]
            assert [job["call"] for job in jobs] == [call_id]
            assert jobs[0]["prompt"] == LONG["prompt_input"]
            while True:
                answer = await client.call_tool("job_result", {"call": call_id})
                if answer.structured_content["status"] != "running":
                    return found(answer)

    call_id = asyncio.run(begin())
    assert "in place of" in asyncio.run(go_on())["outputs"]["text"]
    assert len(hub.hub.jobs._jobs) == 1


def test_a_call_that_is_left_unsent_is_not_said_to_go_on(agents, hub, state):
    hub.faults.add(QueueFull(), on="submit", times=None)

    async def run():
        async with agents.calls() as calls:
            return await calls.start("llama3_chat", LONG)

    async def look():
        async with agents.calls() as calls:
            return calls.all()

    assert message_of(asyncio.run(run())) == "the hub took no job, and nothing is to be paid"
    assert asyncio.run(look()) == []


def test_a_call_that_was_killed_before_its_job_was_known_is_named_uncertain(agents, hub, state):
    script = [sys.executable, "-c", _KILLED_AMID_A_SUBMIT, hub.url, str(agents.folder / "results")]
    killed = subprocess.run(script, env=agents.environment, timeout=60)
    assert killed.returncode == -signal.SIGKILL

    async def look():
        async with agents.here() as client:
            (job,) = (await client.call_tool("jobs", {})).structured_content["jobs"]
            return job

    job = asyncio.run(look())
    assert job["status"] == "uncertain"
    assert "may" in job["message"]


_KILLED_AMID_A_SUBMIT = """
import asyncio, os, signal, sys
from pathlib import Path
from aki_client import AsyncAki
from aki_mcp.calls import AgentCalls
from aki_mcp.serving import journals_of
from aki_runtime.batch.journal import Journal

async def run():
    client = AsyncAki(api_server=sys.argv[1])
    Journal.note_job = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    async with AgentCalls(client, journals_of("aki_client", client.api_server), Path(sys.argv[2])) as calls:
        call = await calls.start("llama3_chat", {"prompt_input": "Tell me a joke"})
        async for _ in call.changes(30):
            pass

asyncio.run(run())
"""


def test_two_servers_know_each_others_calls(agents):
    async def run():
        async with agents.here() as one, agents.here() as other:
            made = found(await one.call_tool("llama3_chat", {"prompt_input": "Tell me a joke"}))
            seen = await other.call_tool("job_result", {"call": made["call"]})
            return made, found(seen)

    made, seen = asyncio.run(run())
    assert made == seen


@pytest.mark.parametrize("mode", ["2026-07-28", "legacy"])
def test_cancelling_a_request_cancels_the_job_on_the_hub(agents, hub, mode):
    async def run():
        async with agents.process(mode=mode) as client:
            asking = asyncio.create_task(client.call_tool("llama3_chat", LONG))
            await _until(lambda: hub.hub.jobs._jobs)
            await asyncio.sleep(0.3)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            return await _status(client, "cancelled")

    asyncio.run(run())


class WritesHalfAPair(WorkerFails):
    """The job writes half a surrogate pair, which is JSON and no UTF-8."""

    async def apply(self, exchange):
        exchange.context.alter_work = lambda work: work.answering("half \ud83d pair " * 50)
        await exchange.forward()


@pytest.mark.parametrize("mode", ["2026-07-28", "legacy"])
def test_what_cannot_be_sent_does_not_end_the_server(agents, hub, mode):
    shown = []

    async def show(progress, total, message):
        shown.append(message)

    async def run():
        async with agents.process(mode=mode) as client, asyncio.timeout(20):
            hub.faults.add(WritesHalfAPair(), on="submit")
            first = await client.call_tool("llama3_chat", LONG, progress_callback=show)
            second = await client.call_tool("llama3_chat", {"prompt_input": "hi"})
            return first, second, await client.call_tool("jobs", {})

    first, second, jobs = asyncio.run(run())
    assert "half ? pair" in str(first.content)
    found(second)
    assert len(jobs.structured_content["jobs"]) == 2
    assert shown


def test_leaving_does_not_cancel_the_job(agents, hub):
    async def begin():
        async with agents.process() as client:
            asking = asyncio.create_task(client.call_tool("llama3_chat", LONG))
            await _until(lambda: hub.hub.jobs._jobs)
            await asyncio.sleep(0.3)
        await asyncio.gather(asking, return_exceptions=True)

    async def go_on():
        async with agents.process() as client:
            return await _status(client, "done")

    asyncio.run(begin())
    asyncio.run(go_on())
    assert len(hub.hub.jobs._jobs) == 1


def test_a_call_can_be_cancelled_by_its_id(agents, hurried):
    async def run():
        async with agents.here() as client:
            call_id = found(await client.call_tool("llama3_chat", LONG), "running")["call"]
            return await client.call_tool("job_cancel", {"call": call_id})

    found(asyncio.run(run()), "cancelled")


def test_the_call_of_another_server_is_cancelled_by_nobody_else(agents, hub, hurried):
    async def run():
        async with agents.here() as one, agents.here() as other:
            call_id = found(await one.call_tool("llama3_chat", LONG), "running")["call"]
            refused = await other.call_tool("job_cancel", {"call": call_id})
            assert "another server" in refused.content[0].text
            answer = await one.call_tool("job_result", {"call": call_id})
            while answer.structured_content["status"] == "running":
                answer = await one.call_tool("job_result", {"call": call_id})
            return found(answer)

    assert "in place of" in asyncio.run(run())["outputs"]["text"]


def test_a_job_of_an_endpoint_that_the_package_has_no_longer_keeps_no_server_from_starting(
    agents, hub, hurried, monkeypatch
):
    async def begin():
        async with agents.here() as client:
            return found(await client.call_tool("llama3_chat", LONG), "running")["call"]

    async def go_on():
        async with agents.here() as client:
            return await client.call_tool("job_result", {"call": call_id})

    call_id = asyncio.run(begin())
    monkeypatch.delattr(AsyncAki, "llama3_chat")
    answer = asyncio.run(go_on())
    assert answer.is_error
    assert "no endpoint llama3_chat any more, whose job is " in answer.content[0].text


def test_what_cannot_be_saved_in_the_end_is_said_and_the_job_stays_noted(
    agents, hub, tmp_path, monkeypatch
):
    monkeypatch.setattr("aki_runtime.batch.row_life.ROOM_SECONDS", 0.0)
    (tmp_path / "results").write_text("in the way of the folder")

    async def run():
        async with agents.here() as client:
            return await client.call_tool("z_image_turbo", {"prompt": "a fox"})

    answer = asyncio.run(run())
    assert answer.is_error
    assert "FileExistsError" in answer.content[0].text


def test_a_journal_that_is_damaged_is_a_sentence_when_the_server_starts(agents):
    folder = journals_of("aki_client", hub_of(agents))
    folder.mkdir(parents=True)
    (folder / "calls-1.journal").write_text("rubbish " * 99)
    with pytest.raises(JournalError, match="not a journal"):
        agents.here()


def hub_of(agents):
    return AsyncAki("key", api_server=agents.hub.url).api_server


def test_notes_of_calls_can_be_read_by_this_user_alone(agents, state):
    async def run():
        async with agents.here() as client:
            await client.call_tool("llama3_chat", {"prompt_input": "Tell me a joke"})

    asyncio.run(run())
    notes = [path for path in state.rglob("*") if path.is_file()]
    assert notes
    assert {stat.S_IMODE(path.stat().st_mode) for path in notes} == {0o600}


class _Task(Result):
    result_type: Literal["task"] = "task"
    task_id: str
    status: str


class _TaskParams(RequestParams):
    task_id: str


class _TaskRequest(Request[_TaskParams, str]):
    name_param = "taskId"


class _Detailed(Result):
    task_id: str = ""
    status: str = ""
    result: CallToolResult | None = None


class _Tasks(ClientExtension):
    """What a client of the extension does: it polls until the task has ended."""

    identifier = TASKS

    def __init__(self):
        self.seen = []

    def claims(self):
        return [ResultClaim(result_type="task", model=_Task, resolve=self._resolve)]

    async def _resolve(self, task, context):
        while True:
            found = await _ask(context.session, "tasks/get", task.task_id)
            self.seen.append(found.status)
            if found.status == "completed":
                return found.result
            await asyncio.sleep(0.1)


async def _ask(session, method, task_id):
    request = _TaskRequest(method=method, params=_TaskParams(task_id=task_id))
    return await session.send_request(request, _Detailed)


async def _refusal(session, task_id):
    with pytest.raises(MCPError) as caught:
        await _ask(session, "tasks/get", task_id)
    return caught.value.code


def test_a_client_that_speaks_tasks_gets_one_and_its_result(agents):
    extension = _Tasks()

    async def run():
        async with agents.here("2026-07-28", extensions=[extension]) as client:
            return await client.call_tool("llama3_chat", LONG)

    answer = asyncio.run(run())
    assert "in place of" in found(answer)["outputs"]["text"]
    assert extension.seen[0] == "working"


def test_a_task_is_cancelled_on_the_hub(agents):
    async def run():
        async with agents.here("2026-07-28", extensions=[_Tasks()]) as client:
            asking = asyncio.create_task(client.call_tool("llama3_chat", LONG))
            jobs = []
            while not jobs:
                await asyncio.sleep(0.1)
                jobs = (await client.call_tool("jobs", {})).structured_content["jobs"]
            await asyncio.sleep(0.3)
            await _ask(client.session, "tasks/cancel", jobs[0]["call"])
            for _ in range(100):
                task = await _ask(client.session, "tasks/get", jobs[0]["call"])
                if task.status != "working":
                    break
                await asyncio.sleep(0.1)
            asking.cancel()
            return task.status

    assert asyncio.run(run()) == "cancelled"


def test_a_client_that_has_not_declared_tasks_may_not_ask_for_one(agents):
    async def run():
        async with agents.here("2026-07-28") as client:
            return await _refusal(client.session, "some-task")

    assert asyncio.run(run()) == -32021


def test_an_unknown_task_is_an_invalid_parameter(agents):
    async def run():
        async with agents.here("2026-07-28", extensions=[advertise(TASKS)]) as client:
            return await _refusal(client.session, "some-task")

    assert asyncio.run(run()) == -32602


async def _until(is_so, seconds=60):
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


async def _status(client, wanted):
    """Wait until the only call has a status."""
    for _ in range(600):
        (job,) = (await client.call_tool("jobs", {})).structured_content["jobs"]
        if job["status"] == wanted:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(job)
