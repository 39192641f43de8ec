"""An answer of 200 kB that streams over 500 polls: what turning the polls into deltas costs."""

import json
import time
from collections.abc import Callable
from statistics import median

from aki_client.models import Llama38bChatOutput, Llama38bChatProgress
from aki_runtime.protocol.answers import Answer
from aki_runtime.protocol.job import EventReader, JobState, Reading
from pydantic_core import from_json

from benchmarks.goals import Measured, table

POLLS, CHARACTERS, RUNS = 500, 200_000, 7


def measure() -> list[Measured]:
    """Read the polls as a stream does, and parse the same JSON."""
    text = ("The quick brown fox jumps over the lazy dog. " * (CHARACTERS // 45 + 1))[:CHARACTERS]
    bodies = [_poll(text[: CHARACTERS * n // POLLS]) for n in range(1, POLLS + 1)]
    reading = Reading("llama3_8b_chat", Llama38bChatOutput, Llama38bChatProgress)

    def ours() -> None:
        state = JobState("llama3_8b_chat", "job")
        reader, came = EventReader(state, reading), 0
        for body in bodies:
            state.observe(Answer(200, body), 0.0, 0.2)
            event = reader.read()
            came += len(getattr(event, "text_delta", ""))
        assert came == CHARACTERS

    stream, standard, fast = _in_turn(
        ours,
        lambda: [json.loads(body) for body in bodies],
        lambda: [from_json(body) for body in bodies],
    )
    what = "CPU of 200 kB of text streamed over 500 polls"
    return [
        Measured(what, f"`{parser}` of the polls", 1.1, stream / seconds, _figures(stream, seconds))
        for parser, seconds in (("json.loads", standard), ("pydantic_core.from_json", fast))
    ]


def _figures(ours: float, parsing: float) -> str:
    return f"{ours * 1e3:.1f} ms, {parsing * 1e3:.1f} ms"


def _poll(text: str) -> bytes:
    progress = {"progress": 40, "queue_position": 0, "progress_data": {"text": text}}
    answer = {"success": True, "job_state": "processing", "progress": progress}
    return json.dumps(answer).encode()


def _in_turn(*works: Callable[[], object]) -> list[float]:
    spent: list[list[float]] = [[] for _ in works]
    for _ in range(RUNS):
        for work, seconds in zip(works, spent, strict=True):
            began = time.process_time()
            work()
            seconds.append(time.process_time() - began)
    return [median(seconds) for seconds in spent]


if __name__ == "__main__":
    print(table(measure()))
