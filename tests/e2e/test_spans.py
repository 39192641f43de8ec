"""The spans of jobs: what one holds, where it ends, and what it never holds."""

import asyncio
import gc
import json
import subprocess
import sys
import time
import tomllib
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
from aki_client import (
    Aki,
    AkiError,
    AkiInstrumentor,
    AsyncAki,
    ConfigurationError,
    ConnectionFailedError,
    DeadlineExceededError,
    Prices,
    batch,
)
from aki_sandbox.faults.effects import (
    Forget,
    Lapse,
    LoginPage,
    QueueFull,
    Redirect,
    Status,
    WorkerFails,
)
from PIL import Image as Pillow
from support.jobs import all_jobs

pytest.importorskip("opentelemetry.sdk", reason="needs make full")
from opentelemetry.sdk.trace import Span
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, get_current_span
from support.spans import PHASES, exported

KEY = "a-key-that-no-span-may-show-81f3"


@pytest.fixture
def spans():
    with exported() as made:
        yield made


@pytest.fixture
def aki(hub):
    with Aki(KEY, api_server=hub.url, progress_interval=0.02) as client:
        yield client


class TestOneJob:
    """What the span of a call holds, and where its children begin and end."""

    def test_its_span_is_named_and_described_by_the_conventions(self, aki, spans, hub):
        usage = aki.llama3_chat(
            prompt_input="Hi [[dur=0]]", temperature=0.5, top_k=20, max_gen_tokens=30
        ).usage
        span = spans.job
        assert (span.name, span.kind) == ("chat llama3_chat", SpanKind.CLIENT)
        assert span.status.status_code is StatusCode.UNSET
        known = dict(span.attributes)
        assert len(known.pop("aki.job.id")) == 8
        assert known == {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "aki.io",
            "gen_ai.request.model": "llama3_chat",
            "gen_ai.request.max_tokens": 30,
            "gen_ai.request.temperature": 0.5,
            "gen_ai.request.top_k": 20,
            "gen_ai.response.model": "sandbox-llama3_chat",
            "gen_ai.usage.input_tokens": usage.input_tokens,
            "gen_ai.usage.output_tokens": usage.output_tokens,
            "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
            "server.address": "127.0.0.1",
            "server.port": int(hub.url.rpartition(":")[2]),
            "aki.job.state": "done",
        }

    def test_it_says_what_the_call_costs_by_a_price_file(self, aki, spans, tmp_path):
        (tmp_path / "prices.toml").write_text(
            'format = 1\ncurrency = "EUR"\n'
            '[[endpoint."*"]]\nvalid_from = 2026-01-01\noutput_per_million = 2.5\n'
        )
        prices = Prices.load(tmp_path / "prices.toml")
        cost = aki.llama3_chat.with_options(prices=prices)(prompt_input="Hi [[dur=0]]").cost
        assert spans.job.attributes["aki.cost"] == float(cost) > 0
        assert spans.job.attributes["aki.currency"] == "EUR"

    def test_what_is_no_chat_generates_content(self, aki, spans):
        aki.z_image_turbo(prompt="a robot [[dur=0]]")
        assert spans.job.name == "generate_content z_image_turbo"

    def test_its_children_follow_each_other_without_a_gap(self, aki, spans):
        aki.llama3_chat(prompt_input="Hi [[dur=0.3]]")
        job = spans.job
        submit, queue, run = spans.children_of(job)
        assert [submit.name, queue.name, run.name] == PHASES
        assert job.start_time <= submit.start_time
        assert submit.end_time == queue.start_time
        assert queue.end_time == run.start_time
        assert run.end_time == job.end_time

    def test_a_run_that_no_poll_has_seen_is_as_long_as_the_hub_says(self, aki, spans):
        job = aki.llama3_chat.submit(prompt_input="Hi [[dur=0.2]]")
        time.sleep(0.4)
        seconds = job.result().meta.compute_duration
        run = spans.children_of(spans.job)[-1]
        assert run.name == "run"
        assert (run.end_time - run.start_time) / 1e9 == pytest.approx(seconds, abs=1e-3)

    def test_progress_is_shown_in_events_few_of_a_long_job(self, aki, spans):
        aki.llama3_chat.with_options(progress_interval=0.01)(prompt_input="Hi [[dur=1 steps=60]]")
        run = spans.children_of(spans.job)[-1]
        times = [event.timestamp - spans.job.start_time for event in run.events]
        assert 2 <= len(times) <= 20
        assert all(later >= 1.2 * earlier for earlier, later in pairwise(times))
        assert run.events[-1].name == "aki.job.progress"
        assert run.events[-1].attributes["aki.job.progress"] > 0

    @pytest.mark.parametrize("effect", [WorkerFails("CUDA"), Status(500), Status(401), QueueFull()])
    def test_what_ends_a_call_is_the_status_of_its_span(self, hub, aki, spans, effect):
        hub.faults.add(effect, on="submit")
        with pytest.raises(AkiError) as caught:
            aki.with_options(max_retries=0).llama3_chat(prompt_input="Hi [[dur=0]]")
        span = spans.job
        assert span.status.status_code is StatusCode.ERROR
        assert span.attributes["error.type"] == type(caught.value).__name__
        assert spans.children_of(span)[-1].status.status_code is StatusCode.ERROR

    def test_a_hub_out_of_reach_is_said_in_the_words_of_the_error(self, spans):
        aki = Aki(KEY, api_server="http://127.0.0.1:9", max_retries=0)
        with aki, pytest.raises(ConnectionFailedError) as caught:
            aki.llama3_chat(prompt_input="Hi")
        assert spans.job.status.description == str(caught.value)

    def test_a_passed_deadline_ends_it_in_the_state_it_was_in(self, aki, spans):
        with pytest.raises(DeadlineExceededError):
            aki.llama3_chat.with_options(timeout=0.3)(prompt_input="Hi [[dur=60]]")
        known = spans.job.attributes
        assert known["error.type"] == "DeadlineExceededError"
        assert known["aki.job.state"] == "processing"

    def test_a_stream_that_is_left_on_purpose_has_no_error(self, aki, spans):
        with aki.llama3_chat.stream(prompt_input="Hi [[dur=60 steps=100]]") as stream:
            next(iter(stream))
        assert spans.job.status.status_code is StatusCode.UNSET

    def test_a_job_that_is_cancelled_on_purpose_has_no_error(self, aki, spans):
        job = aki.llama3_chat.submit(prompt_input="Hi [[dur=60]]")
        job.cancel(wait=10.0)
        assert spans.job.status.status_code is StatusCode.UNSET
        assert spans.job.attributes["aki.job.state"] == "canceled"

    def test_a_cancelled_task_ends_its_job_and_its_span(self, hub, spans):
        async def main():
            async with AsyncAki(KEY, api_server=hub.url, progress_interval=0.02) as aki:
                seen = asyncio.Event()
                chat = aki.llama3_chat.with_options(on_progress=lambda _: seen.set())
                call = asyncio.create_task(chat(prompt_input="Hi [[dur=60]]"))
                await seen.wait()
                call.cancel()
                await asyncio.wait([call])

        asyncio.run(main())
        assert spans.job.attributes["error.type"] == "CancelledError"


class TestHandles:
    """A job that outlives the call that made it."""

    def test_a_job_has_one_span_however_often_it_is_asked(self, aki, spans):
        job = aki.llama3_chat.submit(prompt_input="Hi [[dur=0.3]]")
        job.status()
        list(job.events())
        job.result()
        assert spans.job.attributes["aki.job.state"] == "done"

    def test_a_dropped_handle_ends_its_span_as_it_was_last_seen(self, aki, spans):
        aki.llama3_chat.submit(prompt_input="Hi [[dur=60]]").status()
        gc.collect()
        assert [child.name for child in spans.children_of(spans.job)] == PHASES

    def test_a_job_that_is_taken_up_by_its_id_is_linked_to_its_submit(self, aki, spans):
        job_id = aki.llama3_chat.submit(prompt_input="Hi [[dur=0.1]]").id
        gc.collect()
        aki.llama3_chat.job(job_id).result()
        first, second = spans.jobs
        assert second.attributes["aki.job.resumed"] is True
        assert second.attributes["aki.job.id"] == first.attributes["aki.job.id"]
        assert [link.context for link in second.links] == [first.context]

    def test_a_job_that_another_process_has_submitted_has_a_span_of_its_own(self, aki, spans):
        AkiInstrumentor().uninstrument()
        job_id = aki.llama3_chat.submit(prompt_input="Hi [[dur=0.1]]").id
        AkiInstrumentor().instrument(tracer_provider=spans.provider)
        aki.llama3_chat.job(job_id).result()
        assert spans.job.attributes["gen_ai.usage.output_tokens"] > 0
        assert not spans.job.links


class TestParents:
    """Whose child a job's span is, and whose parent."""

    def test_a_call_belongs_to_the_span_around_it(self, aki, spans):
        with spans.tracer.start_as_current_span("a request") as around:
            aki.llama3_chat(prompt_input="Hi [[dur=0]]")
        assert spans.children_of(around) == spans.jobs

    def test_so_does_an_async_call_of_a_task(self, hub, spans):
        async def main():
            async with AsyncAki(KEY, api_server=hub.url) as aki:
                with spans.tracer.start_as_current_span("a request") as around:
                    call = asyncio.create_task(aki.llama3_chat(prompt_input="Hi [[dur=0]]"))
                await call
                return around

        around = asyncio.run(main())
        assert spans.children_of(around) == spans.jobs

    def test_so_does_every_row_of_a_batch(self, aki, spans, tmp_path):
        rows = [{"prompt_input": f"Row {number} [[dur=0]]"} for number in range(5)]
        with spans.tracer.start_as_current_span("a batch") as around:
            batch.run(aki.llama3_chat, rows, tmp_path / "out.jsonl")
        assert len(spans.jobs) == 5
        assert spans.children_of(around) == spans.jobs

    def test_requests_belong_to_the_phase_that_they_are_sent_in(self, hub, spans):
        instrumentation = pytest.importorskip("opentelemetry.instrumentation.httpx")
        instrumentor = instrumentation.HTTPX2ClientInstrumentor()
        instrumentor.instrument(tracer_provider=spans.provider)
        try:
            with Aki(KEY, api_server=hub.url) as aki:
                aki.llama3_chat(prompt_input="Hi [[dur=0.2]]")
        finally:
            instrumentor.uninstrument()
        job = next(span for span in spans.all if span.name == "chat llama3_chat")
        for phase in spans.children_of(job):
            assert {request.name for request in spans.children_of(phase)} == {"POST"}

    def test_the_callers_span_is_the_current_one_again_after_a_call(self, aki, spans):
        with spans.tracer.start_as_current_span("a request") as around:
            aki.llama3_chat(prompt_input="Hi [[dur=0]]")
            assert get_current_span() is around


class TestSecrets:
    """What spans hold only where that is switched on, and what never."""

    PROMPT = "a robot that nobody may hear of"

    def use_all(self, hub):
        """Do what has a span, and return the jobs' ids."""
        prompt = f"{self.PROMPT} [[dur=0.1]]"
        with Aki(KEY, api_server=hub.url, max_retries=0, progress_interval=0.02) as aki:
            ids = [aki.llama3_chat(prompt_input=prompt).meta.job_id]
            ids.append(
                aki.llama3_chat(chat_context=[{"role": "user", "content": prompt}]).meta.job_id
            )
            for effect, on in [
                (WorkerFails(f"{self.PROMPT} is refused"), "submit"),
                (Status(500), "submit"),
                (Redirect(f"{hub.url}/elsewhere?key={KEY}"), "submit"),
                (LoginPage(), "submit"),
                (Lapse(), "poll"),
                (Forget(), "poll"),
            ]:
                hub.faults.add(effect, on=on)
                seconds = 0.1 if on == "submit" else 60  # a job that is done cannot lapse
                with pytest.raises(AkiError):
                    aki.llama3_chat(prompt_input=f"{self.PROMPT} [[dur={seconds}]]")
        return ids + [job.id for job in all_jobs(hub)]

    def test_no_span_holds_the_key_a_jobs_id_or_what_was_said(self, hub, spans):
        ids = self.use_all(hub)
        assert len(spans.jobs) == 8
        assert not [job_id for job_id in ids if job_id in spans.text]
        for secret in (KEY, self.PROMPT, "sandbox answers"):
            assert secret not in spans.text

    def test_prompts_and_answers_are_shown_where_that_is_switched_on(self, hub, spans):
        AkiInstrumentor().instrument(tracer_provider=spans.provider, capture_content=True)
        ids = self.use_all(hub)
        for span in spans.jobs:
            (message,) = json.loads(span.attributes["gen_ai.input.messages"])
            assert message["role"] == "user"
            assert message["parts"][0]["content"].startswith(self.PROMPT)
        (answer,) = json.loads(spans.jobs[0].attributes["gen_ai.output.messages"])
        assert answer["parts"][0]["content"]
        assert not [job_id for job_id in ids if job_id in spans.text]
        assert KEY not in spans.text

    def test_media_are_named_and_never_shown(self, hub, aki, spans):
        AkiInstrumentor().instrument(tracer_provider=spans.provider, capture_content=True)
        content = [{"text": "What is this?"}, {"image": Pillow.new("RGB", (64, 64))}]
        aki.qwen_vl_chat(chat_context=[{"role": "user", "content": content}])
        (message,) = json.loads(spans.job.attributes["gen_ai.input.messages"])
        assert message["parts"] == [
            {"type": "text", "content": "What is this?"},
            {"type": "image"},
        ]

    @pytest.mark.parametrize(("said", "is_shown"), [("span_only", True), ("no_content", False)])
    def test_the_variable_of_the_conventions_switches_it_on(
        self, aki, spans, monkeypatch, said, is_shown
    ):
        monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", said)
        AkiInstrumentor().instrument(tracer_provider=spans.provider)
        aki.llama3_chat(prompt_input="Hi [[dur=0]]")
        assert ("gen_ai.input.messages" in spans.job.attributes) is is_shown


class TestSwitch:
    """Spans on and off."""

    def test_there_are_no_spans_after_uninstrument(self, aki, spans):
        AkiInstrumentor().uninstrument()
        aki.llama3_chat(prompt_input="Hi [[dur=0]]")
        assert spans.all == []

    def test_there_are_none_where_instrumentation_is_suppressed(self, aki, spans):
        utils = pytest.importorskip("opentelemetry.instrumentation.utils")
        with utils.suppress_instrumentation():
            aki.llama3_chat(prompt_input="Hi [[dur=0]]")
        assert spans.all == []

    def test_a_tracer_that_fails_costs_no_result(self, aki, spans):
        class Failing(SimpleSpanProcessor):
            def on_start(self, *args, **kwargs):
                raise RuntimeError("no room")

        spans.provider.add_span_processor(Failing(InMemorySpanExporter()))
        assert aki.llama3_chat(prompt_input="Hi [[dur=0]]").text

    def test_a_span_that_cannot_say_whether_it_is_true_costs_no_result(
        self, aki, spans, monkeypatch
    ):
        def __bool__(self):  # noqa: N807
            raise RuntimeError("no truth")

        monkeypatch.setattr(Span, "__bool__", __bool__, raising=False)
        assert aki.llama3_chat(prompt_input="Hi [[dur=0]]").text
        assert len(spans.all) == 4

    def test_auto_instrumentation_finds_it(self):
        project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
        (entry,) = project["project"]["entry-points"]["opentelemetry_instrumentor"].values()
        module, _, name = entry.partition(":")
        assert getattr(import_module(module), name) is AkiInstrumentor

    def test_without_the_extra_it_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
        with pytest.raises(ConfigurationError, match=r"pip install 'aki-client\[otel\]'"):
            AkiInstrumentor().instrument()

    def test_a_call_imports_nothing_for_spans_unless_they_are_on(self, hub):
        program = f"""
import sys
from aki_client import Aki
with Aki("{KEY}", api_server="{hub.url}") as aki:
    aki.llama3_chat(prompt_input="Hi [[dur=0]]")
print([name for name in sys.modules if name.startswith("opentelemetry") or "tracing" in name])
"""
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert (done.stdout, done.stderr) == ("[]\n", "")
