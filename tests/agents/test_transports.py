"""The server over the streams of a process and over HTTP, and who may reach it there."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys

import httpx2
import pytest
from aki_client import AsyncAki

TOKEN = "only-for-this-test"
MODES = ["2026-07-28", "legacy"]


async def use(client):
    """Call every tool's first steps: list, call, ask for the calls."""
    async with client as agent:
        tools = {tool.name for tool in (await agent.list_tools()).tools}
        answer = await agent.call_tool("llama3_chat", {"prompt_input": "Tell me a joke"})
        jobs = (await agent.call_tool("jobs", {})).structured_content["jobs"]
        return tools, answer.structured_content["status"], [job["status"] for job in jobs]


@pytest.mark.parametrize("mode", MODES)
def test_a_process_is_used_over_its_streams(agents, mode):
    tools, status, jobs = asyncio.run(use(agents.process(mode=mode)))
    assert set(AsyncAki._hub.endpoints) <= tools
    assert (status, jobs) == ("done", ["done"])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_while_the_client_keeps_the_streams_open(agents, number):
    command = [sys.executable, "-m", "aki_cli", *agents.command()]
    about = {"protocolVersion": "2025-11-25", "capabilities": {}}
    about["clientInfo"] = {"name": "test", "version": "1"}
    first = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": about}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=agents.environment, text=True, **pipes) as server:
        try:
            server.stdin.write(f"{json.dumps(first)}\n")
            server.stdin.flush()
            assert json.loads(server.stdout.readline())["id"] == 1
            server.send_signal(number)
            assert server.wait(60) == 0
            assert server.stderr.read() == ""
        finally:
            server.kill()


def test_a_server_is_used_over_http_with_its_token_and_by_nobody_else(agents):
    with agents.http(TOKEN) as url:
        for mode in MODES:
            tools, status, jobs = asyncio.run(use(agents.over_http(url, TOKEN, mode)))
            assert set(AsyncAki._hub.endpoints) <= tools
            assert status == "done"
            assert set(jobs) == {"done"}
        request = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        own = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json, text/event-stream"}
        for headers, refused in [
            ({}, 401),
            ({"Authorization": "Bearer wrong"}, 401),
            ({**own, "Origin": "https://evil.example"}, 403),
            ({**own, "Host": "evil.example"}, 421),
        ]:
            assert httpx2.post(url, json=request, headers=headers).status_code == refused


def test_a_port_that_is_taken_is_a_sentence(agents):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "aki_cli", *agents.command("--http", port)]
        ran = subprocess.run(
            command, env=agents.environment, capture_output=True, text=True, timeout=120
        )
    assert ran.returncode == 2
    assert ran.stderr == f"aki: --http {port}: Address already in use; give another port\n"


@pytest.mark.slow
def test_every_endpoint_of_the_sandbox_is_called_over_the_streams(agents, tmp_path):
    async def run():
        async with agents.process() as client:
            tools = (await client.list_tools()).tools
            picture = await client.call_tool("z_image_turbo", {"prompt": "a fox"})
            sound = await client.call_tool("xttsv2", {"text": "Good morning"})
            files = {
                "image": picture.structured_content["files"][0],
                "audio": sound.structured_content["files"][0],
            }
            return {
                tool.name: await client.call_tool(tool.name, _arguments(tool.input_schema, files))
                for tool in tools
                if tool.name in AsyncAki._hub.endpoints
            }

    answers = asyncio.run(run())
    refused = {name: a.content[0].text for name, a in answers.items() if a.is_error}
    assert set(refused) <= {"minimax_m3", "video_caption"}, refused


def _arguments(schema, files):
    """Give what is required, by the simplest words."""
    arguments = {}
    for name in schema.get("required", ()):
        said = schema["properties"][name].get("description", "")
        kind = next((kind for kind in files if f"with the {kind}" in said), None)
        choices = schema["properties"][name].get("enum")
        arguments[name] = files[kind] if kind else choices[0] if choices else "Hello"
    if not arguments and "prompt_input" in schema["properties"]:
        arguments["prompt_input"] = "Hello"
    return arguments
