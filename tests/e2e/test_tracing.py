"""What traces HTTP libraries and reports errors shows no key, whoever made the HTTP client, however it is written.

A program does all that sends the key, in good and bad ways, with keys that are drawn; all that OpenTelemetry, Sentry
and Logfire would send of it is then searched.
"""

import asyncio
import base64
import html
import json
import logging
import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote, quote_plus

import httpx
import httpx2
import pytest
from aki_client import Aki, AkiError, AkiInstrumentor, AsyncAki, fast_http_client
from aki_sandbox.faults.effects import Cut, Raw, Redirect, Status, WorkerFails
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

NOBODY = "http://127.0.0.1:9"
"""An address where no hub is."""

KEYS = st.lists(
    st.one_of(
        st.sampled_from("%&+=?#/\\\"'<> é🗝"),
        st.characters(codec="utf-8", categories=["L", "M", "N", "P", "S"]),
    ),
    min_size=12,
    max_size=30,
    unique=True,
).map(lambda letters: f"k{''.join(letters)}k")
"""Keys that nothing else looks like, most with characters that are written in other ways in URLs and JSON."""

OWN, FAST = "own", "fast"
CLIENTS = [OWN, "httpx", "httpx2"]
PROMPT = {"prompt_input": "Hi [[dur=0 steps=1]]"}


@pytest.fixture(scope="module")
def hub():
    with SandboxServer(settings=HubSettings(job_seconds=0.02)) as server:
        yield server


def forms(key):
    """Return what a key looks like in what is exported."""
    said = {key, repr(key)[1:-1], html.escape(key), json.dumps(key)[1:-1]}
    said |= {json.dumps(key, ensure_ascii=False)[1:-1]}
    said |= {json.dumps(form)[1:-1] for form in list(said)}
    quoted = {quote(key, safe=""), quote(key), quote_plus(key)}
    said |= quoted | {quote(form, safe="") for form in quoted}
    raw = key.encode()
    encoded = {
        encode(raw[start:])
        for encode in (base64.b64encode, base64.urlsafe_b64encode)
        for start in range(3)
    }
    # Within a longer text, the first and last letters differ.
    return said | {form.decode().rstrip("=")[:-1] for form in encoded}


def texts(exported):
    """Go through all texts of what is exported."""
    if isinstance(exported, dict):
        for name, value in exported.items():
            yield from texts(name)
            yield from texts(value)
    elif isinstance(exported, list | tuple | set):
        for value in exported:
            yield from texts(value)
    elif isinstance(exported, bytes):
        yield exported.decode("utf-8", "replace")
    elif exported is not None:
        yield str(exported)


def leaks(exported, key):
    """Return the texts that show a key."""
    every, looked_for = set(texts(exported)), forms(key)
    whole = "\n".join(every)
    shown = [form for form in looked_for if form in whole]
    return [text[:1000] for text in every if any(form in text for form in shown)]


def wrong_answers(hub, hidden, *, repeats):
    """Let what is sent next go wrong, in one way after the other: a proxy's redirect repeats the query with the key."""
    for make in (
        lambda: Redirect(f"{hub.url}/?key={quote_plus(hidden())}" if repeats else hub.url),
        lambda: Raw(refusal(f"Key {hidden()} not valid")),
        lambda: Status(500, body="html"),
        Cut,
    ):
        hub.faults.add(make())
        yield


def refusal(reason):
    body = json.dumps({"success": False, "error": [reason]}).encode()
    return b"HTTP/1.1 401 Unauthorized\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


def raising(event):
    """Stand for a callback of the caller's that fails, below all that sends."""
    raise LookupError("a callback")


def use(hub, hidden, client=OWN, *, is_async=False, instrument=None, report=lambda error: None):
    """Do all that sends the key, in good ways and in bad ones.

    Args:
        hub: The hub.
        hidden: Returns the key, which no local of this program's own shows.
        client: Whose HTTP client sends.
        is_async: Whether the client is an async one.
        instrument: Called with an HTTP client of the caller's.
        report: Called with all that fails.
    """
    library = {"httpx": httpx, "httpx2": httpx2}.get(client)
    kind = "AsyncClient" if is_async else "Client"
    with asyncio.Runner() as runner:

        def do(work):
            return runner.run(_finish(work)) if is_async else work()

        http = fast_http_client() if client == FAST else None
        if library is not None:
            http = getattr(library, kind)()
        if http is not None and instrument is not None:
            instrument(http)
        made = {"http_client": http, "max_retries": 0, "progress_interval": 0.02}
        aki, gone = (
            (AsyncAki if is_async else Aki)(hidden(), api_server=url, **made)
            for url in (hub.url, NOBODY)
        )
        chat = aki.llama3_chat
        asking = [aki.endpoints, lambda: aki.endpoint_details("llama3_chat"), aki.validate_key]
        for work in (*asking, lambda: chat(**PROMPT), lambda: chat.stream(**PROMPT).result()):
            assert do(work)
        for work in (*asking, lambda: chat(**PROMPT)):
            for _ in wrong_answers(hub, hidden, repeats=work in asking):
                with pytest.raises(AkiError) as caught:
                    do(work)
                report(caught.value)
        hub.faults.add(WorkerFails(f"{hidden()} is not what I expected"), on="submit")
        for work in (
            lambda: chat(**PROMPT),
            gone.endpoints,
            gone.validate_key,
            lambda: gone.llama3_chat(**PROMPT),
            lambda: aki.call("nobody_has_this", PROMPT),
            lambda: chat.with_options(on_progress=raising)(**PROMPT),
        ):
            with pytest.raises((AkiError, LookupError)) as caught:
                do(work)
            report(caught.value)
        for each in (aki, gone, http):
            if each is not None:
                do(each.aclose if is_async else each.close)


async def _finish(work):
    return await work()


WAYS = [(client, is_async) for client in CLIENTS for is_async in (False, True)] + [(FAST, True)]


def use_all(hub, hidden, **how):
    for client, is_async in WAYS:
        use(hub, hidden, client, is_async=is_async, **how)


COUNT = int(os.environ.get("TRACED_KEYS", "2"))
"""How many keys are drawn for each way."""

DRAWN = settings(
    max_examples=COUNT,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class TestOpenTelemetry:
    """Its instrumentors of httpx and httpx2, with every header captured."""

    @pytest.fixture
    def tracing(self, monkeypatch):
        pytest.importorskip("opentelemetry.instrumentation.httpx", reason="needs make full")
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        for which in ("REQUEST", "RESPONSE"):
            monkeypatch.setenv(f"OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_CLIENT_{which}", ".*")
        exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))

        def exported():
            spans = exporter.get_finished_spans()
            exporter.clear()
            return [_inside(span) for span in spans]

        return provider, exported

    @contextmanager
    def instrumented(self, provider):
        from opentelemetry.instrumentation.httpx import (
            HTTPX2ClientInstrumentor,
            HTTPXClientInstrumentor,
        )

        every = [HTTPXClientInstrumentor(), HTTPX2ClientInstrumentor(), AkiInstrumentor()]
        for each in every:
            each.instrument(tracer_provider=provider)
        try:
            yield
        finally:
            for each in every:
                each.uninstrument()

    @DRAWN
    @given(key=KEYS)
    def test_spans_of_instrumented_libraries_show_no_key(self, hub, tracing, key):
        provider, exported = tracing
        with self.instrumented(provider):
            use_all(hub, lambda: key)
        spans = exported()
        assert len(spans) > 100
        assert "/api/validate_key" in str(spans)
        assert leaks(spans, key) == []

    @DRAWN
    @given(key=KEYS)
    def test_nor_do_those_of_a_client_that_was_made_before(self, hub, tracing, key):
        provider, exported = tracing
        with ExitStack() as stack:

            def late(http):
                stack.enter_context(self.instrumented(provider))

            use(hub, lambda: key, "httpx2", instrument=late)
        assert leaks(spans := exported(), key) == []
        assert len(spans) > 20

    @pytest.mark.parametrize("client", ["httpx", "httpx2"])
    @pytest.mark.parametrize("is_async", [False, True])
    @DRAWN
    @given(key=KEYS)
    def test_nor_do_those_of_one_instrumented_client(self, hub, tracing, is_async, client, key):
        from opentelemetry.instrumentation import httpx as instrumentation

        provider, exported = tracing
        kind = {"httpx": "HTTPXClientInstrumentor", "httpx2": "HTTPX2ClientInstrumentor"}[client]

        def instrument(http):
            getattr(instrumentation, kind).instrument_client(http, tracer_provider=provider)

        use(hub, lambda: key, client, is_async=is_async, instrument=instrument)
        assert leaks(spans := exported(), key) == []
        assert len(spans) > 20

    def test_nor_do_those_of_a_wrapped_transport(self, hub, tracing):
        from opentelemetry.instrumentation.httpx import SyncOpenTelemetryTransport

        provider, exported = tracing
        transport = SyncOpenTelemetryTransport(httpx.HTTPTransport(), tracer_provider=provider)
        key = "a-key-that-no-span-may-show-81f3"
        with (
            httpx.Client(transport=transport) as http,
            Aki(key, api_server=hub.url, http_client=http) as aki,
        ):
            assert aki.validate_key()
        (span,) = exported()
        assert leaks(span, key) == []


def _inside(span):
    return (
        span.name,
        dict(span.attributes),
        [(event.name, dict(event.attributes)) for event in span.events],
        span.status.description,
    )


SENTRY = """
import json, logging, sys
import sentry_sdk
from sentry_sdk.integrations.aiohttp import AioHttpIntegration
from sentry_sdk.integrations.httpx import HttpxIntegration
from sentry_sdk.integrations.httpx2 import Httpx2Integration
from sentry_sdk.integrations.logging import LoggingIntegration
from e2e.test_tracing import SandboxServer, leaks, use_all

lifecycle, *keys = json.load(sys.stdin)
hidden = [(lambda key: lambda: key)(key) for key in keys]
del keys  # no frame of this program's own shows one
sent = []

class Transport(sentry_sdk.transport.Transport):
    def capture_envelope(self, envelope):
        for item in envelope.items:
            sent.append(item.payload.json or item.payload.get_bytes())

logging.getLogger().setLevel(logging.DEBUG)
sentry_sdk.init(
    dsn="https://public@sentry.invalid/1",
    transport=Transport,
    traces_sample_rate=1.0,
    attach_stacktrace=True,
    send_default_pii=True,
    max_request_body_size="always",
    max_value_length=100_000,
    enable_logs=True,
    auto_enabling_integrations=False,  # those of the hub's server, in this process, see what the hub sees
    integrations=[
        AioHttpIntegration(),
        HttpxIntegration(),
        Httpx2Integration(),
        LoggingIntegration(level=logging.DEBUG, event_level=logging.WARNING),
    ],
    _experiments={"trace_lifecycle": lifecycle},
)
shown = []
with SandboxServer() as hub:
    for key in hidden:
        if lifecycle == "stream":
            around = sentry_sdk.traces.start_span(name="calls")
        else:
            around = sentry_sdk.start_transaction(name="calls")
        with around:
            use_all(hub, key, report=sentry_sdk.capture_exception)
        sentry_sdk.capture_message("breadcrumbs")
        sentry_sdk.flush()
        shown += leaks(sent, key())
        assert len(sent) > 60 and "/api/validate_key" in str(sent), "nothing was traced"
        sent.clear()
print(len(shown))
print(*shown[:10], sep="\\n", file=sys.stderr)
"""


class TestSentry:
    """Its integrations, which it enables by itself for what is installed, and all else it can send."""

    @pytest.mark.slow
    @pytest.mark.parametrize("lifecycle", ["static", "stream"])
    @settings(DRAWN, max_examples=1)
    @given(keys=st.lists(KEYS, min_size=COUNT, max_size=COUNT))
    def test_spans_breadcrumbs_logs_and_the_locals_of_reports_show_no_key(self, lifecycle, keys):
        pytest.importorskip("sentry_sdk", reason="needs make full")
        done = subprocess.run(
            [sys.executable, "-c", SENTRY],
            input=json.dumps([lifecycle, *keys]),
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert (done.stdout, done.returncode) == ("0\n", 0), done.stderr


class TestLogfire:
    """With everything captured that it can capture of a request, and of what is logged."""

    @pytest.fixture
    def logfire(self):
        logfire = pytest.importorskip("logfire", reason="needs make full")
        exporter = pytest.importorskip("logfire.testing").TestExporter()
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor

        mine = logfire.configure(
            local=True,
            send_to_logfire=False,
            console=False,
            scrubbing=False,
            additional_span_processors=[SimpleSpanProcessor(exporter)],
        )
        return mine, exporter, logfire.LogfireLoggingHandler(logfire_instance=mine)

    @pytest.mark.parametrize(
        ("client", "is_async"), [way for way in WAYS if way[0] in ("httpx", "httpx2")]
    )
    @DRAWN
    @given(key=KEYS)
    def test_spans_and_logs_show_no_key(self, hub, logfire, client, is_async, key):
        mine, exporter, handler = logfire
        exporter.clear()
        root = logging.getLogger()
        before = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        try:
            use(
                hub,
                lambda: key,
                client,
                is_async=is_async,
                instrument=lambda http: mine.instrument_httpx(http, capture_all=True),
                report=lambda error: mine.exception("it failed", _exc_info=error),
            )
        finally:
            root.removeHandler(handler)
            root.setLevel(before)
        spans = exporter.exported_spans_as_dict()
        assert len(spans) > 50
        assert leaks(spans, key) == []
