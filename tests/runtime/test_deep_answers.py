"""An answer that is nested by the hundred is paid for like any other: it is kept, and everything can go through it."""

import json

import pytest
from aki_client import Aki, batch
from support.stub_hub import StubHub

LEVELS = [100, 400, 900]
"""Python reads a little less than a thousand, pydantic writes 255."""
FIELDS = ("text", "num_generated_tokens", "tool_calls", "model_name", "undeclared")


@pytest.fixture(params=LEVELS)
def hub(request):
    levels = request.param
    nested = ("[" * levels + "]" * levels, '{"a":' * levels + "1" + "}" * levels)
    fields = ",".join(f'"{name}":{nested[n % 2]}' for n, name in enumerate(FIELDS))
    done = f'{{"success":true,"job_id":"j","job_state":"done","job_result":{{"success":true,{fields}}}}}'
    with StubHub({}) as hub:
        hub.answers_to_post = {
            "/api/call/llama3_chat": {"success": True, "job_id": "j"},
            "/api/progress/llama3_chat": done,
        }
        yield hub


@pytest.fixture
def aki(hub):
    with Aki("key", api_server=hub.url, max_retries=0, timeout=20) as aki:
        yield aki


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_a_call_returns_it_and_its_output_has_a_json_form(aki):
    answer = aki.llama3_chat(prompt_input="Hello")
    assert json.loads(answer.model_dump_json())["num_generated_tokens"]
    assert repr(answer)


def test_a_row_of_a_batch_is_done(aki, tmp_path):
    output = tmp_path / "out.jsonl"
    summary = batch.run(aki.llama3_chat, [{"prompt_input": "Hello"}], output)
    assert summary.done == 1
    assert json.loads(output.read_text())["outputs"]["num_generated_tokens"]
