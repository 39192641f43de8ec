"""Spans of tools: each job below the call of its tool, and the one that a later server goes on with."""

import asyncio

import pytest
from aki_mcp import server

pytest.importorskip("opentelemetry.sdk", reason="needs make full")
from opentelemetry.trace import SpanKind, StatusCode
from support.spans import exported

CALL = {"prompt_input": "hello there"}


@pytest.fixture
def spans(monkeypatch):
    with exported() as made:
        # The package mcp takes the provider of the process, which can be set once only.
        monkeypatch.setattr("mcp.shared._otel._tracer", made.tracer)
        yield made


def jobs(spans):
    return [span for span in spans.jobs if span.attributes.get("gen_ai.provider.name")]


def call(agents, tool, arguments):
    async def run():
        async with agents.here() as client:
            return (await client.call_tool(tool, arguments)).structured_content

    return asyncio.run(run())


def test_a_jobs_span_belongs_to_the_servers_span_of_the_tool(agents, spans):
    call(agents, "llama3_chat", CALL)
    (tool,) = [
        s for s in spans.all if s.name == "tools/call llama3_chat" and s.kind is SpanKind.SERVER
    ]
    assert [job for job in spans.children_of(tool) if job in jobs(spans)] == jobs(spans)
    assert len(jobs(spans)) == 1


def test_what_a_job_fails_with_is_the_status_of_its_span(agents, spans):
    call(agents, "llama3_chat", {"prompt_input": "[[error=out_of_memory]] hello"})
    (job,) = jobs(spans)
    assert job.status.status_code is StatusCode.ERROR
    assert job.attributes["error.type"] == "JobFailedError"


def test_a_job_that_the_next_server_goes_on_with_is_linked_or_known_by_its_id(
    agents, spans, monkeypatch
):
    monkeypatch.setattr(server, "ANSWER_SECONDS", 0.5)
    left = call(agents, "llama3_chat", {"prompt_input": "[[dur=3 steps=3]] hello there"})
    assert left["status"] == "running"
    monkeypatch.setattr(server, "ANSWER_SECONDS", 20.0)
    assert call(agents, "job_result", {"call": left["call"]})["status"] == "done"
    first, second = jobs(spans)
    assert first.status.status_code is StatusCode.UNSET
    assert second.attributes["aki.job.resumed"] is True
    assert second.attributes["aki.job.id"] == first.attributes["aki.job.id"]
    assert second.attributes["aki.job.state"] == "done"
    assert second.parent is None
