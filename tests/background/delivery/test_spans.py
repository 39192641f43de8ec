"""Spans of tasks: below the span that the worker has of the task, and one for each delivery that asks for the job."""

import gc
from concurrent.futures import ThreadPoolExecutor

import pytest
from aki_client import AkiInstrumentor
from background.delivery.delivering import left_behind, run

pytest.importorskip("celery", reason="Celery is not installed: make full")
pytest.importorskip("opentelemetry.sdk", reason="needs make full")
from opentelemetry.trace import StatusCode
from support.patience import until
from support.spans import exported

jobs = pytest.importorskip("aki_client.celery")


@pytest.fixture
def spans():
    with exported() as made:
        yield made


def test_a_jobs_span_belongs_to_the_one_of_its_task(chat, spans):
    with spans.tracer.start_as_current_span("run/chat") as task:
        assert run(chat).state == "SUCCESS"
    assert spans.children_of(task) == spans.jobs
    assert spans.job.attributes["aki.job.state"] == "done"
    assert spans.job.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        ("[[error=out_of_memory]] hi", "JobFailedError"),
        ("[[dur=60 steps=9]]", "DeadlineExceededError"),
    ],
)
def test_what_a_task_fails_with_is_the_status_of_the_span(task_of, spans, prompt, kind):
    task = task_of(timeout=0.5)
    assert run(task, prompt_input=prompt).result.kind == kind
    assert spans.job.status.status_code is StatusCode.ERROR
    assert spans.job.attributes["error.type"] == kind


def test_a_task_that_somebody_has_cancelled_has_no_error(chat, spans, hub):
    def abort():
        until(lambda: hub.hub.jobs_submitted, "the job is there")
        chat.abort("t")

    with ThreadPoolExecutor(1) as pool:
        pool.submit(abort)
        assert run(chat, prompt_input="[[dur=60 steps=600]]").state == "REVOKED"
    assert spans.job.status.status_code is StatusCode.UNSET
    assert spans.job.attributes["aki.job.state"] == "canceled"


def test_a_delivery_that_goes_on_with_a_job_of_this_process_links_to_its_submit(
    chat, claims, client, spans
):
    job = client.llama3_8b_chat.submit(prompt_input="earlier")
    left_behind(claims, jobs.Record("submitted", job.id, 2e9))
    del job
    gc.collect()
    assert run(chat).state == "SUCCESS"
    first, second = spans.jobs
    assert "aki.job.state" not in first.attributes
    assert second.attributes["aki.job.resumed"] is True
    assert [link.context for link in second.links] == [first.context]


def test_a_delivery_that_goes_on_with_a_job_of_another_process_has_a_span_with_the_jobs_id(
    chat, claims, client, spans
):
    AkiInstrumentor().uninstrument()
    job = client.llama3_8b_chat.submit(prompt_input="earlier")
    left_behind(claims, jobs.Record("submitted", job.id, 2e9))
    job_id = job.id
    del job
    gc.collect()
    AkiInstrumentor().instrument(tracer_provider=spans.provider)
    with spans.tracer.start_as_current_span("run/chat") as task:
        assert run(chat).state == "SUCCESS"
    assert spans.children_of(task) == spans.jobs
    known = spans.job.attributes
    assert known["aki.job.resumed"] is True
    assert known["aki.job.id"] == job_id[:8]
    assert known["aki.job.state"] == "done"
    assert not spans.job.links
