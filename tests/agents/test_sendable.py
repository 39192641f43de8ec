"""Whatever a hub says leaves as the protocol's UTF-8, which has no halves of surrogate pairs: JSON from a hub may."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from agents.test_jobs import TASKS, WritesHalfAPair, _ask
from aki_client import AsyncAki
from aki_mcp.calls import AgentCalls
from aki_mcp.serving import agent_server
from aki_mcp.tools import Toolbox
from mcp.client.client import Client
from mcp.client.extension import advertise
from mcp.shared.exceptions import MCPError
from mcp.shared.memory import create_client_server_memory_streams
from mcp_types import Tool
from support.stub_hub import StubHub

HALF = "half \ud83d of a pair"
SENT = "half ? of a pair"
MODES = ["2026-07-28", "legacy"]
JOB = {"success": True, "job_id": "j"}
RUNS = {
    **JOB,
    "job_state": "processing",
    "progress": {"progress": 1, "progress_data": {"text": HALF}},
}
DONE = {
    **JOB,
    "job_state": "done",
    "job_result": {**JOB, "text": HALF, "num_generated_tokens": {HALF: [HALF]}},
}
FAILS = {
    **JOB,
    "job_state": "failed",
    "job_result": {"success": False, "error": HALF, "text": HALF},
}


class Encoding:
    """A stream on which every message becomes bytes, as on the streams of a process."""

    def __init__(self, stream, sent):
        self._stream, self._sent = stream, sent

    async def send(self, item):
        text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
        self._sent.append(json.loads(text.encode()))
        await self._stream.send(item)

    async def aclose(self):
        await self._stream.aclose()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.aclose()


@asynccontextmanager
async def transport(server, sent):
    async with create_client_server_memory_streams() as (client, (incoming, outgoing)):
        options = server.protocol.create_initialization_options()
        run = server.protocol.run(incoming, Encoding(outgoing, sent), options)
        serving = asyncio.create_task(run)
        yield client
        await client[1].aclose()
        await serving


@pytest.fixture
def liar():
    with StubHub({}) as stub:
        stub.answers_to_post = {"/api/call/llama3_chat": JOB, "/api/progress/llama3_chat": RUNS}
        yield stub


@pytest.fixture
def sent():
    """What was sent, message by message."""
    return []


def agent(liar, sent, folder, mode, **options):
    aki = AsyncAki("key", api_server=liar.url, progress_interval=0.02, layout="aki")
    return Client(transport(agent_server(aki, "aki_client", folder), sent), mode=mode, **options)


def ends(liar, answer):
    async def end(progress, total, message):
        liar.answers_to_post["/api/progress/llama3_chat"] = answer

    return end


async def chat(client, **given):
    return await client.call_tool("llama3_chat", {"prompt_input": "hi"}, **given)


@pytest.mark.parametrize("mode", MODES)
def test_progress_and_a_result(mode, liar, sent, tmp_path, state):
    async def run():
        async with agent(liar, sent, tmp_path, mode) as client, asyncio.timeout(30):
            return await chat(client, progress_callback=ends(liar, DONE))

    answer = asyncio.run(run())
    assert answer.structured_content["outputs"] == {
        "text": SENT,
        "num_generated_tokens": {SENT: [SENT]},
    }
    assert SENT in answer.content[0].text
    reports = [m["params"]["message"] for m in sent if m.get("method") == "notifications/progress"]
    assert SENT in reports


@pytest.mark.parametrize("mode", MODES)
def test_the_error_of_a_job_and_the_list_of_calls(mode, liar, sent, tmp_path, state):
    liar.answers_to_post["/api/progress/llama3_chat"] = FAILS

    async def run():
        async with agent(liar, sent, tmp_path, mode) as client, asyncio.timeout(30):
            return await chat(client), await client.call_tool("jobs", {})

    answer, jobs = asyncio.run(run())
    assert answer.is_error
    assert answer.structured_content["outputs"] == {"text": SENT}
    assert "of a pair" in jobs.structured_content["jobs"][0]["message"]


def test_a_task_while_it_runs_and_when_it_has_ended(liar, sent, tmp_path, state):
    said = []

    async def run():
        extensions = [advertise(TASKS)]
        async with agent(liar, sent, tmp_path, MODES[0], extensions=extensions) as client:
            asking = asyncio.create_task(chat(client))
            while SENT not in json.dumps(sent):
                await asyncio.sleep(0.05)
                for job in (await client.call_tool("jobs", {})).structured_content["jobs"]:
                    said.append(await _ask(client.session, "tasks/get", job["call"]))
            liar.answers_to_post["/api/progress/llama3_chat"] = DONE
            while said[-1].status == "working":
                await asyncio.sleep(0.05)
                said.append(await _ask(client.session, "tasks/get", job["call"]))
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    asyncio.run(asyncio.wait_for(run(), 30))
    assert said[-1].result.structured_content["outputs"] == {
        "text": SENT,
        "num_generated_tokens": {SENT: [SENT]},
    }


@pytest.mark.parametrize("mode", MODES)
def test_the_list_of_tools_and_the_errors_of_the_protocol(
    mode, liar, sent, tmp_path, state, monkeypatch, caplog
):
    # What is logged of it cannot be handed on between the processes that run tests.
    caplog.set_level("CRITICAL", logger="aki_mcp.server")

    def breaks(calls):
        raise RuntimeError(HALF)

    def refuses(toolbox, query):
        raise MCPError(-32000, HALF, {HALF: HALF})

    listed = [Tool(name="a", description=HALF, input_schema={"type": "object", HALF: HALF})]
    monkeypatch.setattr(Toolbox, "listed", lambda toolbox: listed)
    monkeypatch.setattr(AgentCalls, "all", breaks)
    monkeypatch.setattr(Toolbox, "search", refuses)

    async def run():
        async with agent(liar, sent, tmp_path, mode) as client, asyncio.timeout(30):
            tools = (await client.list_tools()).tools
            with pytest.raises(MCPError) as broken:
                await client.call_tool("jobs", {})
            with pytest.raises(MCPError) as refused:
                await client.call_tool("search_endpoints", {})
            return tools, broken.value, refused.value

    tools, broken, refused = asyncio.run(run())
    assert (tools[0].description, tools[0].input_schema[SENT]) == (SENT, SENT)
    assert SENT in broken.message
    assert (refused.message, refused.data) == (SENT, {SENT: SENT})


@pytest.mark.parametrize("mode", MODES)
def test_over_http(mode, agents, hub):
    shown = []

    async def show(progress, total, message):
        shown.append(message)

    async def run(url):
        async with agents.over_http(url, "token", mode) as client, asyncio.timeout(60):
            hub.faults.add(WritesHalfAPair(), on="submit")
            long = {"prompt_input": "[[dur=1 steps=8]] Tell me a story"}
            answer = await client.call_tool("llama3_chat", long, progress_callback=show)
            return answer, await client.call_tool("jobs", {})

    with agents.http("token") as url:
        answer, jobs = asyncio.run(run(url))
    assert "half ? pair" in answer.structured_content["outputs"]["text"]
    assert any("half ? pair" in message for message in shown)
    assert [job["status"] for job in jobs.structured_content["jobs"]] == ["done"]
