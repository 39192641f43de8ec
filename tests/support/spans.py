"""The spans of jobs, as a program exports them."""

from collections.abc import Iterator
from contextlib import contextmanager

from aki_client import AkiInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

PHASES = ["submit", "queue", "run"]


class Spans:
    """What was exported, and the tracer of a program that calls."""

    def __init__(self):
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = self.provider.get_tracer("a program")

    @property
    def all(self):
        return sorted(self._exporter.get_finished_spans(), key=lambda span: span.start_time)

    @property
    def jobs(self):
        return [span for span in self.all if span.name not in PHASES and span.attributes]

    @property
    def job(self):
        (job,) = self.jobs
        return job

    def children_of(self, parent):
        return [s for s in self.all if s.parent and s.parent.span_id == parent.context.span_id]

    @property
    def text(self):
        return "".join(span.to_json() for span in self.all)


@contextmanager
def exported() -> Iterator[Spans]:
    """Export the spans of the jobs of a block."""
    made = Spans()
    AkiInstrumentor().instrument(tracer_provider=made.provider)
    try:
        yield made
    finally:
        AkiInstrumentor().uninstrument()
