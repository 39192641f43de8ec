"""Spans of rows: below the span of whoever gives a worker its rows, and with the error that a row has."""

import pytest
from ray_data.conftest import row

pytest.importorskip("opentelemetry.sdk", reason="needs make full")
from opentelemetry.trace import StatusCode
from support.spans import exported


@pytest.fixture
def spans():
    with exported() as made:
        yield made


def test_every_rows_span_belongs_to_the_one_around_its_block(make_worker, line, spans):
    worker = make_worker(line)
    for name in ("a block", "another block"):
        with spans.tracer.start_as_current_span(name) as block:
            worker.outcomes([row(f"{name} 1"), row(f"{name} 2")])
        assert len(spans.children_of(block)) == 2
    assert len(spans.jobs) == 4


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [("[[error=broken]] no", "JobFailedError"), ("[[dur=60 steps=9]]", "DeadlineExceededError")],
)
def test_what_a_row_fails_with_is_the_status_of_its_span(make_worker, line, spans, prompt, kind):
    (outcome,) = make_worker(line, timeout=1.0).outcomes([row("1", prompt)])
    assert outcome.error.type == kind
    assert spans.job.status.status_code is StatusCode.ERROR
    assert spans.job.attributes["error.type"] == kind
