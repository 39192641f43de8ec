"""The functions on the way of every call, one by one: `pytest benchmarks` with pytest-benchmark."""

import json

from aki_client.endpoints import flux_dev
from aki_runtime.media.objects import Image
from aki_runtime.protocol.answers import Answer, read_progress
from aki_runtime.protocol.requests import Body
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.request_cost import INPUTS

_RUNNING = json.dumps(
    {
        "success": True,
        "job_state": "processing",
        "progress": {"progress": 40, "queue_position": 0, "estimate": 1.5, "progress_data": {}},
    }
).encode()
_PICTURE = Image(b"\x89PNG\r\n\x1a\n" + bytes(1_000_000))


def test_validating_eight_parameters(benchmark: BenchmarkFixture) -> None:
    assert benchmark(flux_dev.info.check, INPUTS, True) == INPUTS


def test_encoding_a_submit(benchmark: BenchmarkFixture) -> None:
    assert benchmark(Body, INPUTS).length > 100


def test_encoding_a_picture_of_a_megabyte(benchmark: BenchmarkFixture) -> None:
    sent = benchmark(lambda: sum(map(len, Body({"image": _PICTURE}))))
    assert sent > 1_300_000


def test_reading_a_poll(benchmark: BenchmarkFixture) -> None:
    report = benchmark(read_progress, Answer(200, _RUNNING), "flux-dev", "job")
    assert report.estimate == 1.5
