"""Of a hub with many endpoints the list of tools stays short: they are searched for, and called by name."""

import asyncio
import importlib

import pytest
from aki_client import AsyncAki
from aki_codegen.cli import main
from aki_mcp import tools
from aki_mcp.serving import agent_server
from mcp.client.client import Client
from support.metadata import details
from support.package import importable
from support.stub_hub import StubHub


@pytest.fixture
def many(monkeypatch):
    monkeypatch.setattr(tools, "MOST_TOOLS", 3)


def test_endpoints_are_searched_for_and_called_by_name(agents, many):
    async def run():
        async with agents.here() as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            found = await client.call_tool("search_endpoints", {"query": "upscale image"})
            arguments = {"prompt": "a fox", "width": 1000}
            call = {"endpoint": "z_image_turbo", "arguments": arguments}
            refused = await client.call_tool("call_endpoint", call)
            done = await client.call_tool(
                "call_endpoint", {**call, "arguments": {"prompt": "a fox"}}
            )
            unknown = await client.call_tool("call_endpoint", {"endpoint": "nobody"})
            return names, found.structured_content["endpoints"], refused, done, unknown

    names, found, refused, done, unknown = asyncio.run(run())
    own = {"jobs", "job_result", "job_cancel"}
    assert names == {"search_endpoints", "call_endpoint", *own}
    assert found[0]["endpoint"] == "image_upscale"
    assert "image" in found[0]["arguments"]["properties"]
    assert "nearest allowed: 992, 1024" in refused.content[0].text
    assert done.structured_content["status"] == "done"
    assert unknown.is_error


def test_an_endpoint_may_be_called_as_a_tool_of_the_server_is(tmp_path, state):
    document = details({"prompt": {"required": True}}, {"text": {}})
    own = ["job_result", "job_cancel", "search_endpoints", "call_endpoint"]
    with StubHub.offering(dict.fromkeys(own, document)) as hub:
        out = ["--out", str(tmp_path), "--package", "clashing_client"]
        assert main(["generate", "--server", hub.url, *out]) == 0

    async def run():
        made = importlib.import_module("clashing_client")
        client = made.AsyncAki("key", api_server="http://127.0.0.1:9")
        server = agent_server(client, "clashing_client", tmp_path / "results")
        async with Client(server.protocol) as agent:
            tools = {tool.name for tool in (await agent.list_tools()).tools}
            return tools, await agent.call_tool("search_endpoints_endpoint", {})

    with importable(tmp_path, "clashing_client"):
        tools, refused = asyncio.run(run())
    assert tools == {"jobs", *own[:2], *(f"{name}_endpoint" for name in own)}
    assert refused.content[0].text == "prompt is required"


@pytest.mark.slow
def test_the_list_of_a_thousand_endpoints_is_short(tmp_path, state):
    document = details({"prompt": {"required": True}}, {"text": {}})
    documents = {f"painter_{number}": document for number in range(1000)}
    with StubHub.offering(documents) as hub:
        out = ["--out", str(tmp_path), "--package", "thousand_client"]
        assert main(["generate", "--server", hub.url, *out]) == 0

    async def run():
        made = importlib.import_module("thousand_client")
        client: AsyncAki = made.AsyncAki("key", api_server="http://127.0.0.1:9")
        server = agent_server(client, "thousand_client", tmp_path / "results")
        async with Client(server.protocol) as agent:
            listed = await agent.list_tools()
            found = await agent.call_tool("search_endpoints", {"query": "painter 7"})
            return listed.model_dump_json(), found.structured_content["endpoints"]

    with importable(tmp_path, "thousand_client"):
        listed, found = asyncio.run(run())
    assert len(listed) <= 20_000
    assert len(found) == tools.FOUND
