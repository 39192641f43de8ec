"""Draws the spans of a batch as a trace viewer would; docs/tracing.md shows it.

Eight rows, four at a time, on a hub with two workers; one row fails. What is drawn is what was exported.
"""

import sys
import tempfile
from collections.abc import Sequence
from html import escape
from pathlib import Path

from aki_client import Aki, AkiInstrumentor, batch
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

TARGET = Path(__file__).parents[1] / "docs" / "assets" / "traced-batch.svg"
SECONDS = (0.9, 1.4, 0.6, 1.1, 0.5, 1.2, 0.8, 0.7)
FAILS = 4

LEFT, WIDTH, LINE, TOP = 190, 660, 15, 34
COLORS = {"submit": "#8e44ad", "queue": "#d4a017", "run": "#2e86c1"}
JOB, FAILED = "#5d6d7e", "#c0392b"


def traced_batch() -> Sequence[ReadableSpan]:
    """Carry out a batch, and return the spans that were exported."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    rows = [{"prompt_input": f"Row {n} [[dur={s} steps=20]]"} for n, s in enumerate(SECONDS)]
    rows[FAILS]["prompt_input"] += " [[error=out_of_memory]]"
    with (
        SandboxServer(settings=HubSettings(worker_slots=2)) as hub,
        Aki("any", api_server=hub.url, progress_interval=0.05) as aki,
        tempfile.TemporaryDirectory() as folder,
    ):
        aki.llama3_chat(prompt_input="Hi [[dur=0]]")  # what is imported once is not drawn
        AkiInstrumentor().instrument(tracer_provider=provider)
        with provider.get_tracer("a program").start_as_current_span("nightly batch"):
            batch.run(aki.llama3_chat, rows, Path(folder) / "out.jsonl", concurrency=4)
        AkiInstrumentor().uninstrument()
    return exporter.get_finished_spans()


def drawn(spans: Sequence[ReadableSpan]) -> str:
    """Return a picture of a trace: a line for each span, below its parent."""
    (root,) = (span for span in spans if span.parent is None)
    lines = _below(root, spans, 0)
    start, end = _times(root)
    height = TOP + LINE * len(lines) + 8
    shown = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 60} {height}" '
        'font-family="system-ui, sans-serif" font-size="10">',
        "<title>The spans of a batch of eight rows</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for tick in range(int((end - start) / 1e9 * 2) + 1):
        x = LEFT + tick * 0.5e9 / (end - start) * WIDTH
        shown.append(
            f'<path d="M{x:.1f} {TOP - 6}V{height}" stroke="#e5e8e8"/>'
            f'<text x="{x:.1f}" y="{TOP - 12}" fill="#566573" text-anchor="middle">{tick / 2:g} s</text>'
        )
    for number, (span, depth) in enumerate(lines):
        began, ended = _times(span)
        x, y = LEFT + (began - start) / (end - start) * WIDTH, TOP + LINE * number
        wide = max((ended - began) / (end - start) * WIDTH, 1.5)
        is_failed = span.status.status_code is StatusCode.ERROR
        color = FAILED if is_failed else COLORS.get(span.name, JOB)
        weight = "" if span.name in COLORS else ' font-weight="600"'
        shown.append(
            f'<text x="{8 + 14 * depth}" y="{y + 10}" fill="#1c2833"{weight}>{escape(span.name)}</text>'
            f'<rect x="{x:.1f}" y="{y + 2}" width="{wide:.1f}" height="{LINE - 5}" rx="2" fill="{color}"/>'
        )
        for event in span.events:
            at = LEFT + (event.timestamp - start) / (end - start) * WIDTH
            shown.append(f'<circle cx="{at:.1f}" cy="{y + 7}" r="1.7" fill="#ffffff"/>')
        if error := (span.attributes or {}).get("error.type"):
            shown.append(f'<text x="{x + wide + 5:.1f}" y="{y + 10}" fill="{color}">{error}</text>')
    return "\n".join([*shown, "</svg>\n"])


def _below(
    span: ReadableSpan, spans: Sequence[ReadableSpan], depth: int
) -> list[tuple[ReadableSpan, int]]:
    children = [
        s for s in spans if s.parent and span.context and s.parent.span_id == span.context.span_id
    ]
    children.sort(key=_times)
    return [
        (span, depth),
        *(line for child in children for line in _below(child, spans, depth + 1)),
    ]


def _times(span: ReadableSpan) -> tuple[int, int]:
    return span.start_time or 0, span.end_time or 0


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.write_text(drawn(traced_batch()), "utf-8")
