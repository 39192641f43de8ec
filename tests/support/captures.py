"""The exchanges that were recorded from a real server; they are no part of the product."""

import json
from pathlib import Path
from typing import Any

import pytest
from aki_runtime.protocol.answers import Answer

WIRE = Path(__file__).parents[3] / "shared" / "captures" / "wire"

needs_captures = pytest.mark.skipif(
    not WIRE.is_dir(), reason="the recorded exchanges (../shared/captures/wire) are not there"
)


def recorded(name: str) -> Any:
    """Return the recorded document."""
    return json.loads((WIRE / f"{name}.json").read_text("utf-8"))


def recorded_answer(name: str) -> Answer:
    """Return the answer of a recorded exchange."""
    return answer_of(recorded(name))


def answer_of(exchange: dict[str, Any]) -> Answer:
    """Return an exchange's answer; a body that is text stands in the record as text."""
    body = exchange["body"]
    return Answer(
        exchange["status"], (body if isinstance(body, str) else json.dumps(body)).encode()
    )


def named_job(answer: Answer) -> str:
    """Return the job that an answer is about."""
    named = {**answer.document.get("job_result", {}), **answer.document}
    return str(named.get("job_id", "job"))


def recorded_polls(name: str, part: str | None = None) -> list[Answer]:
    """Return the answers of a recorded sequence of polls."""
    body = recorded(name)["body"]
    return [answer_of(exchange) for exchange in (body if part is None else body[part])]
