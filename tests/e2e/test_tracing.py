"""What traces HTTP libraries: spans, breadcrumbs and captured bodies show no key, with a caller's client or our own."""

import asyncio
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import httpx2
import pytest
from aki_client import Aki, AsyncAki, fast_http_client
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings

KEY = "a-key-that-no-span-may-show-81f3"


@dataclass
class Hub:
    """One in another process."""

    url: str


CLIENTS = ["own", "httpx", "httpx2"]


@pytest.fixture(scope="module")
def hub():
    with SandboxServer(settings=HubSettings(job_seconds=0.02)) as server:
        yield server


def names_of(endpoints):
    return [name for name in endpoints if "chat" in name]


def use(hub, client, instrument=lambda http: None):
    """List, describe, check the key and call, with a sync client."""
    library = {"httpx": httpx, "httpx2": httpx2}.get(client)
    http = library.Client() if library else None
    if http is not None:
        instrument(http)
    with Aki(KEY, api_server=hub.url, http_client=http) as aki:
        name = names_of(aki.endpoints())[0]
        aki.endpoint_details(name)
        assert aki.validate_key()
        aki.call(name, {"prompt_input": "Hi [[dur=0 steps=1]]"})
    if http is not None:
        http.close()


def use_async(hub, client, instrument=lambda http: None):
    """Do the same with an async one."""
    make = {
        "httpx": httpx.AsyncClient,
        "httpx2": httpx2.AsyncClient,
        "fast": fast_http_client,
        "own": lambda: None,
    }

    async def main():
        http = make[client]()
        if http is not None:
            instrument(http)
        async with AsyncAki(KEY, api_server=hub.url, http_client=http) as aki:
            name = names_of(await aki.endpoints())[0]
            await aki.endpoint_details(name)
            assert await aki.validate_key()
            await aki.call(name, {"prompt_input": "Hi [[dur=0 steps=1]]"})
        if http is not None:
            await http.aclose()

    asyncio.run(main())


def use_all(hub):
    for client in CLIENTS:
        use(hub, client)
        use_async(hub, client)
    use_async(hub, "fast")


class TestOpenTelemetry:
    """Its instrumentors of httpx and httpx2."""

    @pytest.fixture
    def tracing(self):
        pytest.importorskip("opentelemetry.instrumentation.httpx", reason="needs make full")
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        return provider, lambda: [span.to_json() for span in exporter.get_finished_spans()]

    @contextmanager
    def instrumented(self, provider):
        from opentelemetry.instrumentation.httpx import (
            HTTPX2ClientInstrumentor,
            HTTPXClientInstrumentor,
        )

        both = [HTTPXClientInstrumentor(), HTTPX2ClientInstrumentor()]
        for each in both:
            each.instrument(tracer_provider=provider)
        try:
            yield
        finally:
            for each in both:
                each.uninstrument()

    def test_spans_of_instrumented_libraries_show_no_key(self, hub, tracing):
        provider, spans = tracing
        with self.instrumented(provider):
            use_all(hub)
        assert len(spans()) > 20
        assert any("/api/validate_key" in span for span in spans())
        assert [span for span in spans() if KEY in span] == []

    @pytest.mark.parametrize("client", ["httpx", "httpx2"])
    @pytest.mark.parametrize("using", [use, use_async])
    def test_spans_of_one_instrumented_client_show_no_key(self, hub, tracing, using, client):
        from opentelemetry.instrumentation import httpx as instrumentation

        provider, spans = tracing
        kind = {"httpx": "HTTPXClientInstrumentor", "httpx2": "HTTPX2ClientInstrumentor"}[client]
        instrumentor = getattr(instrumentation, kind)
        using(
            hub, client, lambda http: instrumentor.instrument_client(http, tracer_provider=provider)
        )
        assert len(spans()) >= 5
        assert [span for span in spans() if KEY in span] == []

    def test_spans_of_a_wrapped_transport_show_no_key(self, hub, tracing):
        from opentelemetry.instrumentation.httpx import SyncOpenTelemetryTransport

        provider, spans = tracing
        transport = SyncOpenTelemetryTransport(httpx.HTTPTransport(), tracer_provider=provider)
        with (
            httpx.Client(transport=transport) as http,
            Aki(KEY, api_server=hub.url, http_client=http) as aki,
        ):
            assert aki.validate_key()
        assert len(spans()) == 1
        assert KEY not in spans()[0]


SENTRY = """
import sys
import sentry_sdk
from aki_client import Aki
from e2e.test_tracing import KEY, Hub, use_all

sent = []

class Transport(sentry_sdk.transport.Transport):
    def capture_envelope(self, envelope):
        sent.append(envelope.serialize().decode("utf-8", "replace"))

sentry_sdk.init(
    dsn="https://public@sentry.invalid/1",
    transport=Transport,
    traces_sample_rate=1.0,
)
hub = Hub(sys.argv[1])
with sentry_sdk.start_transaction(name="calls"):
    use_all(hub)
sentry_sdk.capture_message("breadcrumbs")
with Aki(KEY, api_server=hub.url) as aki:
    try:
        aki.call("nobody_has_this", {"prompt_input": "Hi"})
    except Exception as error:
        sentry_sdk.capture_exception(error)
sentry_sdk.flush()
assert len(sent) >= 3
assert any("/api/validate_key" in text for text in sent), "nothing was traced"
assert [text for text in sent if KEY in text] == []
print("no key")
"""


class TestSentry:
    """Its integrations, which it enables by itself for what is installed, in a process of its own."""

    def test_spans_breadcrumbs_and_reports_show_no_key(self, hub):
        pytest.importorskip("sentry_sdk", reason="needs make full")
        done = subprocess.run(
            [sys.executable, "-c", SENTRY, hub.url],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.stdout, done.returncode) == ("no key\n", 0), done.stderr


class TestLogfire:
    """With everything captured that it can capture of a request."""

    @pytest.mark.parametrize("client", ["httpx", "httpx2"])
    @pytest.mark.parametrize("using", [use, use_async])
    def test_spans_show_no_key(self, hub, using, client):
        logfire = pytest.importorskip("logfire", reason="needs make full")
        testing = pytest.importorskip("logfire.testing")
        exporter = testing.TestExporter()
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor

        mine = logfire.configure(
            local=True,
            send_to_logfire=False,
            console=False,
            inspect_arguments=False,
            scrubbing=False,
            additional_span_processors=[SimpleSpanProcessor(exporter)],
        )
        using(hub, client, lambda http: mine.instrument_httpx(http, capture_all=True))
        spans = [repr(span) for span in exporter.exported_spans_as_dict()]
        assert len(spans) >= 5
        assert [span for span in spans if KEY in span] == []
