"""A prompt that has turned an agent against its user, and a hub that lies, reach no file outside what was allowed."""

import asyncio
import importlib
import json
import os
import re
from pathlib import Path

import pytest
from aki_codegen.cli import main
from aki_mcp import tools
from aki_mcp.serving import agent_server
from aki_runtime.terminal import visible
from hostile import corpus
from hostile.watch import watched
from mcp.client.client import Client
from PIL import Image as Pillow
from support.package import importable
from support.stub_hub import StubHub

SECRET = "4711-of-the-user"
MOST_CHARACTERS = 8_000
"""Of what a hub says of one parameter: each costs the agent some of its attention."""


@pytest.fixture
def outside(tmp_path):
    """A folder of the user's that no agent may read, beside one that it may."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.txt").write_text(SECRET)
    Pillow.new("RGB", (8, 8)).save(folder / "private.png")
    own = tmp_path / "own"
    own.mkdir()
    (own / "link.png").symlink_to(folder / "private.png")
    (own / "below").symlink_to(folder)
    os.mkfifo(own / "pipe.png")
    return folder


def names_of(private):
    """Every way to name a file outside that anybody has thought of here."""
    relative = f"../{private.parent.name}/{private.name}"
    yield from (str(private), relative, f"./below/../{relative}", "link.png", "below/private.png")
    yield from (private.as_uri(), f"FILE://{private}", f"file:{private}", f"//{private}")
    yield from (f"{private}\0.png", f"~/../..{private}", f"/proc/self/root{private}")
    yield from (f"/proc/self/cwd/{relative}", f"{private}?x=.png", str(private).replace("/", "%2f"))
    yield from ("pipe.png", "/dev/stdin", "/dev/zero", "/proc/self/environ", "/dev/fd/0", ".", "/")
    yield from (f"data:text/plain,{private}", f"@{private}", f"$(cat {private})", "a" * 5000)


def arguments_of(name):
    """Every place of a call that could take a name."""
    yield "qwen_image_edit", {"prompt": name, "image": name}
    yield "qwen_image_edit", {"prompt": "brighter", "image": {"path": name}}
    yield "qwen_image_edit", {"prompt": "brighter", "image": [name]}
    yield "whisper_transcribe", {"audio": name}
    yield "video_caption", {"video": name}
    parts = [{"image": name}, {"text": name}]
    yield "qwen_vl_chat", {"chat_context": [{"role": "user", "content": parts}]}
    yield "qwen_vl_chat", {"chat_context": json.dumps([{"role": "user", "content": parts}])}
    yield "qwen_vl_chat", {"chat_context": name}
    yield "llama3_chat", {"prompt_input": f"Show {name}", "allow_paths": True}
    yield "job_result", {"call": name}


def opened(events):
    """The real paths of what was opened."""
    paths = [arguments[0] for event, arguments in events if event == "open"]
    return {os.path.realpath(path) for path in paths if isinstance(path, str | bytes | os.PathLike)}


def outside_of(events, folder):
    return {
        str(path) for path in map(os.fsdecode, opened(events)) if Path(path).is_relative_to(folder)
    }


def test_a_hostile_prompt_reads_no_file_outside_the_allowed_folder(agents, outside, tmp_path):
    private = outside / "private.png"
    attempts = [
        (tool, arguments) for name in names_of(private) for tool, arguments in arguments_of(name)
    ]

    async def run():
        async with agents.here(allowed=(tmp_path / "own",)) as client:
            for tool, arguments in attempts:
                try:
                    answer = await asyncio.wait_for(client.call_tool(tool, arguments), 20)
                except Exception as error:  # refused by the protocol
                    yield str(error)
                else:
                    yield answer.model_dump_json()

    async def collect():
        return [answer async for answer in run()]

    with watched() as events:
        answers = asyncio.run(collect())
    assert len(answers) == len(attempts)
    assert outside_of(events, outside) == set()
    assert not opened(events) & {"/proc/self/environ", "/dev/zero", str(tmp_path / "own/pipe.png")}
    assert agents.hub.hub.request_count == 0


def test_a_refusal_does_not_say_whether_there_is_a_file(agents, outside, tmp_path):
    async def run():
        async with agents.here(allowed=(tmp_path / "own",)) as client:
            for name in ("private.png", "no-such.png"):
                arguments = {"prompt": "brighter", "image": str(outside / name)}
                answer = await client.call_tool("qwen_image_edit", arguments)
                yield answer.content[0].text.replace(name, "")

    async def collect():
        return [answer async for answer in run()]

    there, not_there = asyncio.run(collect())
    assert there == not_there


@pytest.fixture(scope="module")
def hostile_package(tmp_path_factory):
    """A package with every hostile endpoint of the corpus that generates, and the documents of its hub."""
    folder = tmp_path_factory.mktemp("hostile")
    case = corpus.together(
        [c for c in corpus.all_cases() if c.is_one_document and c.outcome == "package"]
    )
    answers = {f"/api/endpoints{path}": body for path, body in case.answers.items()}
    with StubHub(answers) as hub:
        assert (
            main(
                [
                    "generate",
                    "--server",
                    hub.url,
                    "--out",
                    str(folder),
                    "--package",
                    "hostile_client",
                ]
            )
            == 0
        )
    with importable(folder, "hostile_client"):
        yield importlib.import_module("hostile_client")


def server_of(package, folder, url="http://127.0.0.1:9"):
    client = package.AsyncAki("key", api_server=url, progress_interval=0.05, max_retries=0)
    return agent_server(client, "hostile_client", folder)


def test_tools_of_a_hostile_hub_are_short_text(hostile_package, tmp_path, state, monkeypatch):
    monkeypatch.setattr(tools, "MOST_TOOLS", 10_000)

    async def run():
        async with Client(server_of(hostile_package, tmp_path / "results").protocol) as agent:
            return (await agent.list_tools()).tools

    for tool in asyncio.run(run()):
        said = json.dumps(tool.model_dump(mode="json"), ensure_ascii=False)
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", tool.name), tool.name
        assert visible(said) == said, tool.name
        for name, schema in tool.input_schema["properties"].items():
            assert len(json.dumps(schema)) <= MOST_CHARACTERS, (tool.name, name)


LIES = {
    "path": "@OUTSIDE@/secret.txt",
    "address": "file://@OUTSIDE@/secret.txt",
    "link": {"path": "@OUTSIDE@/secret.txt", "type": "resource_link", "uri": "file://@OUTSIDE@"},
    "format": "data:image/../../@OUTSIDE@/x;base64,iVBORw0KGgo=",
    "no picture": "data:image/png;base64,iVBORw0KGgo=",
    "no base64": "data:image/png;base64,@OUTSIDE@",
    "list": ["@OUTSIDE@/secret.txt", "data:image/svg+xml;base64,PHN2Zy8+", None, 7],
    "files": [{"output": "x", "path": "@OUTSIDE@/secret.txt", "kind": "image"}],
    "deep": json.loads("[" * 500 + "]" * 500),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_hostile_hub_has_no_file_read_and_none_written_elsewhere(
    lie, hostile_package, outside, tmp_path, state
):
    answer = json.loads(json.dumps(LIES[lie]).replace("@OUTSIDE@", str(outside)))
    names = ("images", "image", "audio", "text", "files", "../../outside/new", "error_", "outputs")
    result = {"success": True, "job_id": "j", **dict.fromkeys(names, answer)}
    done = {"success": True, "job_id": "j", "job_state": "done", "job_result": result}
    with StubHub({}) as hub:
        hub.answers_to_post = {
            "/api/call/innocent": {"success": True, "job_id": "j"},
            "/api/progress/innocent": done,
        }

        async def run():
            async with Client(
                server_of(hostile_package, tmp_path / "results", hub.url).protocol
            ) as agent:
                arguments = {"endpoint": "innocent", "arguments": {"prompt": "a fox"}}
                return await agent.call_tool("call_endpoint", arguments)

        with watched() as events:
            said = asyncio.run(run())
    assert outside_of(events, outside) == set()
    assert SECRET not in said.model_dump_json()
    assert said.structured_content["status"] == "done"
    assert {path.name for path in outside.iterdir()} == {"secret.txt", "private.png"}
    written = {path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()}
    homes = (tmp_path / "results", state, outside)
    assert all(any(path.is_relative_to(home) for home in homes) for path in written)
